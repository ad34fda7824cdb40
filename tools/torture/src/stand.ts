import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createStage, ownedDirectory, repositoryRoot } from '@icb/testing'
import type { IcbDocument, Stage, StageHost } from '@icb/testing'
import { BlockHistory } from '../../lab/src/cli/block-history.ts'
import { withInstance } from '../../lab/src/cli/control.ts'
import { openDoor } from './door.ts'
import type { Door, DoorCall, DoorAnswer } from './door.ts'
import { serve } from './serve.ts'
import { orderFile, struckFile } from './storage-faults.ts'
import type { StorageFaultOrder } from './storage-faults.ts'

/** The snapshots that every retention must keep: the floor of the configuration. */
export const floor = 2

/** Sessions of the product's RMAN that do something. */
export const activeRmanSessions = "select client_info from gv$session where client_info like 'id=%' and status = 'ACTIVE'"

export interface StandOptions {
  /** Another build of the product: its `icb.mjs`. */
  readonly icb?: string
  /** The adapter and the power cut, built with the same sources. */
  readonly builtDirectory?: string
}

/** A stage with the harness in front of everything that the product calls, and the truth about the database. */
export interface Stand extends AsyncDisposable {
  readonly stage: Stage
  readonly history: BlockHistory
  readonly doors: Readonly<Record<StageHost, Door>>
  /** From now on this process runs the programs of a host, see `serve.ts`. */
  serveCalls(host: StageHost): void
  /** The same on the sandbox host, with a look at each call before. */
  watchSandbox(look: (call: DoorCall) => Promise<void>): void
  /** Where the local adapter keeps snapshots and clones. */
  readonly snapshotDirectory: string
  readonly ledgerDirectory: string
  readonly powerCut: string
  /** A clone and a snapshot that other people made, which must never be touched. */
  readonly foreign: Foreign
  orderStorageFault(order: StorageFaultOrder | undefined): void
  storageFaultStruck(): boolean
  stateDirectory(host: StageHost): string
  /** Rows of a query on an instance of a lab host. */
  sql(host: StageHost, sid: string, text: string): Promise<readonly (readonly (string | null)[])[]>
  /** Commits transactions. */
  work(args: { readonly transactions?: number; readonly seconds?: number; readonly perSecond?: number }): Promise<void>
  /** Whether logs reach the area by themselves, and how fast RMAN reads. */
  setDatabase(state: { readonly destination: 'whole' | 'broken'; readonly backup: 'quick' | 'slow' }): Promise<void>
  /** From now on RMAN reads as fast as it can. */
  quicken(): Promise<void>
  /** Whether work of the product's RMAN goes on in the database, its client alive or not. */
  rmanWorks(): Promise<boolean>
  /** Starts the database where a fault has killed it. */
  startDatabase(): Promise<void>
}

export interface Foreign {
  readonly clone: string
  /** The snapshot below that clone. */
  readonly cloned: string
  /** Looks like one of the original tool and was not made by this storage. */
  readonly snapshot: string
}

export function must(document: IcbDocument, what: string): IcbDocument {
  if (!document.ok) throw new Error(`${what} failed: ${document.error?.code ?? ''} ${document.error?.message ?? JSON.stringify(document.result)}`)
  return document
}

/** Makes the lab, the first recovery points and what is foreign. */
export async function createStand(options: StandOptions = {}): Promise<Stand> {
  const built = options.builtDirectory ?? join(repositoryRoot, 'tools', 'torture', 'dist')
  // Its SID must be unlike any other on this machine.
  const database = `t${randomBytes(3).toString('hex')}`
  const stage = await createStage({
    database,
    labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '2', '--redo', '1', '--archive-delay', '60'],
    ...(options.icb === undefined ? {} : { icb: options.icb }),
    storage: async ({ directory, user }) => {
      const control = ownedDirectory(join(directory, 'control'), user)
      copyFileSync(join(built, 'faulting-adapter.mjs'), join(directory, 'faulting-adapter.mjs'))
      copyFileSync(join(built, 'power-cut.mjs'), join(directory, 'power-cut.mjs'))
      return { config: { adapter: join(directory, 'faulting-adapter.mjs'), control }, dispose: () => Promise.resolve() }
    },
    databaseConfig: {
      landingDeadlineSeconds: 20, sqlDeadlineSeconds: 30, rmanDeadlineSeconds: 30, backupDeadlineMinutes: 1, recoveryWindowDays: 0, maxLockWaitMinutes: 0,
      // Everything above the floor goes at once: retention decides in every run.
      retention: { keepDays: 0, keepMonths: 0, minRedundancy: floor },
      restoreTest: { enabled: true },
    },
    restoreTest: { enabled: true, deadlineMinutes: 1 },
  })
  const { directory, labDirectory, dbid } = stage
  const openHostDoor = (host: StageHost): Door => openDoor(join(labDirectory, 'hosts', host, 'home'), join(directory, `door-${host}`), stage.programs.user)
  const doors = { prod: openHostDoor('prod'), sandbox: openHostDoor('sandbox') }
  const serveCalls = (host: StageHost): void => { doors[host].onCall = (call: DoorCall): Promise<DoorAnswer> => serve(labDirectory, host, call) }
  const watchSandbox: Stand['watchSandbox'] = (look) => {
    doors.sandbox.onCall = async (call) => {
      await look(call)
      return serve(labDirectory, 'sandbox', call)
    }
  }
  serveCalls('prod')
  serveCalls('sandbox')
  const dispose = async (): Promise<void> => {
    doors.prod.close()
    doors.sandbox.close()
    await stage[Symbol.asyncDispose]()
  }
  try {
    // RMAN takes no window of less than a day; the runs are seconds apart, and logs have to be deleted all the same.
    const configuring = stage.variant('prod', 'configure', (_config, own) => { own['recoveryWindowDays'] = 1 })
    must(await stage.icbJson('prod', ['configure', database, '--yes'], { config: configuring }), 'configure')
    // Whatever retention does, it does it under attack: the points of the beginning are there then.
    const keeping = stage.variant('prod', 'keeping', (_config, own) => { own['retention'] = { keepDays: 31, keepMonths: 0, minRedundancy: floor } })
    const run = async (transactions: number): Promise<void> => {
      await withInstance(labDirectory, 'prod', database, (connection) => connection.call({ kind: 'lab', action: 'workload', args: { transactions } }))
      must(await stage.icbJson('prod', ['backup', database], { config: keeping }), 'backup')
    }
    // Enough rows that most blocks are never touched again: damage has to find one that redo does not heal.
    for (const transactions of [300, 5, 5]) await run(transactions)
    const snapshotDirectory = join(dirname(stage.areaPath), '.icb-snapshots', database)
    const [cloned = ''] = readdirSync(join(snapshotDirectory, 'snapshots')).filter((name) => !name.startsWith('.'))
    const foreign: Foreign = { clone: `${database}-rt-00000000-elsewhere`, cloned, snapshot: `${database}-20200101T000000` }
    must(await stage.icbJson('prod', ['clone', 'create', database, cloned, foreign.clone]), 'clone create')
    const planted = ownedDirectory(join(snapshotDirectory, 'snapshots', foreign.snapshot), stage.programs.user)
    writeFileSync(join(planted, 'thesis.tex'), 'the only copy')
    const sql: Stand['sql'] = async (host, sid, text) => {
      const answer = await withInstance(labDirectory, host, sid, (connection) => connection.call({ kind: 'sql', text }))
      return (answer as { rows?: (string | null)[][] }).rows ?? []
    }
    // With change tracking an increment reads little, so it has to read very slowly to be met by a second run.
    const setRate = async (bytes: number): Promise<void> => { await sql('prod', database, `alter system set "_lab_backup_rate"=${String(bytes)} scope=memory`) }
    return {
      stage, snapshotDirectory, foreign,
      doors, serveCalls, watchSandbox,
      history: new BlockHistory(labDirectory, Number(dbid), onlyIncarnation(labDirectory)),
      ledgerDirectory: join(directory, 'ledger'),
      powerCut: join(directory, 'power-cut.mjs'),
      orderStorageFault(order) {
        const control = join(directory, 'control')
        mkdirSync(control, { recursive: true })
        rmSync(join(control, orderFile), { force: true })
        rmSync(join(control, struckFile), { force: true })
        if (order !== undefined) writeFileSync(join(control, orderFile), JSON.stringify(order), { mode: 0o644 })
      },
      storageFaultStruck: () => readdirSync(join(directory, 'control')).includes(struckFile),
      stateDirectory: (host) => (JSON.parse(readFileSync(stage.configs[host], 'utf8')) as { stateDir: string }).stateDir,
      sql,
      async work(args) {
        await withInstance(labDirectory, 'prod', database, (connection) => connection.call({ kind: 'lab', action: 'workload', args }))
      },
      async setDatabase({ destination, backup }) {
        await withInstance(labDirectory, 'prod', database, (connection) => connection.call({ kind: 'lab', action: 'archive-fault', args: { fault: destination === 'broken' ? 'fail' : null, match: stage.areaPath } }))
        await setRate(backup === 'slow' ? 40_000 : 0)
      },
      quicken: () => setRate(0),
      rmanWorks: async () => (await sql('prod', database, activeRmanSessions)).length > 0,
      async startDatabase() {
        const started = await stage.lab(['start', labDirectory, database])
        if (started.exitCode !== 0) throw new Error(`lab start: ${started.stderr}`)
      },
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Copies of the database may be opened with RESETLOGS; what happens in them is not its history. */
function onlyIncarnation(labDirectory: string): number {
  const found = readdirSync(join(labDirectory, 'history')).map((name) => Number(/^\d+-(\d+)\.bin$/.exec(name)?.[1]))
  if (found.length !== 1 || found[0] === undefined) throw new Error(`the database has ${String(found.length)} incarnations`)
  return found[0]
}
