import { rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { guardNotRoot, leftoversOfTest, lockSlot, reconcileRestoreTests, slotLock, strayObjects } from '@icb/autorestore'
import type { FoundLeftover, LeftoverDependencies, RestoreTestSettings } from '@icb/autorestore'
import { reconcileBackup } from '@icb/backup'
import { findTemporaries, hasErrorCode, leaseOwnerLife, readJournals, readLease } from '@icb/runtime'
import type { JournalRun, Lease, Leftover } from '@icb/runtime'
import type { DatabaseConnection } from './connect.ts'
import { withLease } from './run.ts'
import type { LeaseScope, RunScopeOptions } from './run.ts'

export interface RepairOptions {
  /** False: only look. */
  readonly act: boolean
  /** Ids of hosts that are gone for good: clones that their restore tests left may be removed, too. */
  readonly hosts: readonly string[]
  readonly signal: AbortSignal
}

/** One leftover and what became of it. */
export interface RepairItem extends Leftover {
  readonly database: string
  readonly outcome: 'found' | 'repaired' | 'kept' | 'failed'
  /** Why it failed. */
  readonly error?: unknown
}

interface Repair {
  readonly connection: DatabaseConnection
  readonly options: RepairOptions
  readonly items: RepairItem[]
  readonly journals: readonly JournalRun[]
}

/**
 * Finds what ended runs of this host left of one database, and with `act` takes it away: half-made snapshots, instances, mounts, clones and
 * scratch directories of restore tests, abandoned leases, temporary files, journals without an end. Only what a journal of this host, or
 * the storage's own marks, prove to be of a run that is over is touched, under the lease that such a run held. Everything that looks
 * alike is listed as kept, with the reason. One failure stops nothing else.
 */
export async function repairDatabase(connection: DatabaseConnection, options: RepairOptions): Promise<readonly RepairItem[]> {
  const { name } = connection.config
  const items: RepairItem[] = []
  const journals = await readJournals(connection.paths.journals, {
    onDamaged: (path, error) => { items.push({ database: name, kind: 'journal', name: path, decision: 'keep', reason: (error as Error).message, outcome: 'kept' }) },
  })
  const repair: Repair = { connection, options, items, journals: journals.filter((run) => run.header.database === name) }
  await part(repair, { kind: 'lease', name: connection.paths.areaLease }, () => repairArea(repair))
  await part(repair, { kind: 'lease', name: connection.paths.sandboxLease }, () => repairSandbox(repair))
  await part(repair, { kind: 'lease', name: connection.paths.restoreLease }, () => standing(repair, 'restore', interruptedRestores))
  for (const directory of await placesOfTemporaries(connection)) await part(repair, { kind: 'file', name: directory }, () => repairTemporaries(repair, directory))
  return items
}

/** What cannot even be looked at is a finding, too. */
async function part({ connection, items }: Repair, about: Pick<Leftover, 'kind' | 'name' | 'runId'>, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const held = hasErrorCode(error, 'ICB_LEASE_HELD')
    items.push({ database: connection.config.name, ...about, decision: 'keep', reason: (error as Error).message, outcome: held ? 'kept' : 'failed', error })
  }
}

/** Lists one leftover; with `act` takes it away. */
async function settle({ connection, items, options }: Repair, leftover: FoundLeftover): Promise<void> {
  const { remove, ...about } = leftover
  const item = { database: connection.config.name, ...about }
  if (leftover.decision === 'keep' || remove === undefined) items.push({ ...item, decision: 'keep', outcome: 'kept' })
  else if (!options.act) items.push({ ...item, outcome: 'found' })
  else {
    try {
      await remove()
      items.push({ ...item, outcome: 'repaired' })
    } catch (error) {
      items.push({ ...item, outcome: 'failed', error })
    }
  }
}

/** The run that holds a lease and may be alive, and what is to be said of the lease itself. */
async function lookAtLease(repair: Repair, path: string): Promise<string | undefined> {
  const lease = await readLease(path)
  if (lease === undefined || lease.released) return undefined
  const { owner } = lease
  const life = leaseOwnerLife(owner)
  const about = { kind: 'lease', name: path, runId: owner.runId } as const
  if (life === 'dead') await settle(repair, { ...about, decision: 'repair', reason: `process ${String(owner.pid)} of run ${owner.runId}, which held it, has ended`, remove: () => Promise.resolve() })
  else if (life === 'alive') await settle(repair, { ...about, decision: 'keep', reason: `run ${owner.runId} (${owner.purpose}) is at work, process ${String(owner.pid)}` })
  else {
    // Only watching tells: acting waits one time to live for a sign of life, and takes it when none comes.
    await settle(repair, { ...about, decision: 'repair', reason: `run ${owner.runId} on ${owner.host} held it; it is freed when no sign of life comes for ${String(lease.ttlMs / 1000)} s`, remove: () => Promise.resolve() })
  }
  return life === 'dead' ? undefined : owner.runId
}

/** Unfinished runs of one action that may be settled here. Others are listed as kept. */
async function unfinishedHere(repair: Repair, action: string, running: string | undefined): Promise<readonly JournalRun[]> {
  const here: JournalRun[] = []
  for (const run of repair.journals.filter((each) => each.header.action === action && !each.finished && each.runId !== running)) {
    const { host, hostId } = run.header
    if (hostId === repair.connection.context.host.hostId || repair.options.hosts.includes(hostId)) here.push(run)
    else await settle(repair, { kind: 'journal', name: run.path, runId: run.runId, decision: 'keep', reason: `${action} ${run.runId} ran on host ${host}, which settles it at its next run; if that host is gone: --host ${hostId}` })
  }
  return here
}

function lastStepOf(run: JournalRun): string {
  const step = run.steps.at(-1)
  return step === undefined ? 'before its first step' : `in step ${step.name}`
}

/** Under which circumstances a part is looked at: with its lease, or beside the run that holds it. */
interface Standing {
  readonly repair: Repair
  readonly scope: LeaseScope | undefined
  readonly running: string | undefined
}

/** Acting needs the lease that such a run would hold. Where another run has it, its part is only looked at. */
async function standing(repair: Repair, which: RunScopeOptions['lease'], work: (standing: Standing) => Promise<void>): Promise<void> {
  const { connection, options } = repair
  const path = { area: connection.paths.areaLease, sandbox: connection.paths.sandboxLease, restore: connection.paths.restoreLease }[which]
  const look = async (): Promise<void> => {
    const looking = { ...repair, options: { ...options, act: false } }
    await work({ repair: looking, scope: undefined, running: await lookAtLease(looking, path) })
  }
  if (!options.act) return look()
  const before: Repair = { ...repair, items: [] }
  await lookAtLease(before, path)
  try {
    await withLease(connection, { action: 'repair', lease: which, waitMs: 0, signal: options.signal }, async (scope) => {
      repair.items.push(...before.items)
      await work({ repair, scope, running: undefined })
    })
  } catch (error) {
    if (!hasErrorCode(error, 'ICB_LEASE_HELD')) throw error
    await look()
  }
}

/** Half-made snapshots and backups without an end. */
async function repairArea(repair: Repair): Promise<void> {
  const { connection } = repair
  // A host that does not see the area cannot take its lease.
  if ((await stat(join(connection.config.areaPath, '.icb')).catch(() => undefined)) !== undefined) return standing(repair, 'area', (under) => repairBackups(under, true))
  await repairBackups({ repair, scope: undefined, running: undefined }, false)
}

async function repairBackups({ repair, scope, running }: Standing, areaSeen: boolean): Promise<void> {
  const { connection, options } = repair
  const { signal } = options
  const storage = await connection.storage()
  for (const name of (await storage.listLeftovers?.({ signal })) ?? []) {
    const remove = async (): Promise<void> => { await storage.removeLeftovers?.({ signal }) }
    await settle(repair, {
      kind: 'snapshot', name,
      ...(areaSeen ? { decision: 'repair', reason: 'its making or deletion was cut off, and no process works on it', remove } : { decision: 'keep', reason: 'this host does not see the backup area, so its lease cannot be taken' }),
    })
  }
  for (const run of await unfinishedHere(repair, 'backup', running)) {
    await settle(repair, areaSeen ? backupJournal(repair, run, scope?.lease) : { kind: 'journal', name: run.path, runId: run.runId, decision: 'keep', reason: `backup ${run.runId} ended ${lastStepOf(run)}, but this host does not see the backup area` })
  }
}

/** A backup without an end: its steps are asked about and answered in its journal. Nothing it made is removed; a snapshot that exists is whole. */
function backupJournal({ connection, options }: Repair, run: JournalRun, lease: Lease | undefined): FoundLeftover {
  const about = { kind: 'journal', name: run.path, runId: run.runId } as const
  const ended = `backup ${run.runId} ended ${lastStepOf(run)}`
  if (connection.config.oracleHome === undefined) return { ...about, decision: 'keep', reason: `${ended}; without an Oracle home nobody can tell whether its RMAN still works` }
  return {
    ...about, decision: 'repair', reason: `${ended}; its open steps are settled`,
    remove: async () => {
      if (lease === undefined) return
      const { clock, logger } = connection.context
      await reconcileBackup({
        settings: { ...connection.backupSettings, sessionDeadlineMs: 30_000 }, clock, logger, signal: options.signal,
        sql: connection.sql(), storage: await connection.storage(), unfinished: [run], lease,
      })
    },
  }
}

/** What restore tests left on this host. */
async function repairSandbox(repair: Repair): Promise<void> {
  const { connection } = repair
  const settings = connection.restoreTestSettings
  if (settings === undefined) {
    for (const run of await unfinishedHere(repair, 'restore-test', undefined)) {
      await settle(repair, { kind: 'journal', name: run.path, runId: run.runId, decision: 'keep', reason: `restore test ${run.runId} ended ${lastStepOf(run)}, but no scratch directory is configured any more` })
    }
    return
  }
  // Files of root in the state directory would stop every later test of the right user.
  if (repair.options.act) guardNotRoot(connection.hostView)
  await standing(repair, 'sandbox', (under) => repairTests(under, settings))
}

async function repairTests({ repair, scope, running }: Standing, settings: RestoreTestSettings): Promise<void> {
  const { connection, options, journals } = repair
  const { context } = connection
  const deps: LeftoverDependencies = {
    settings, storage: await connection.storage(), sandboxOracle: connection.sandboxOracle, host: connection.hostView,
    runProcess: context.runProcess, clock: context.clock, logger: context.logger, signal: options.signal,
  }
  const ledger = connection.ledger()
  for (const run of await unfinishedHere(repair, 'restore-test', running)) {
    const about = { kind: 'journal', name: run.path, runId: run.runId } as const
    await part(repair, about, async () => {
      const ended = `restore test ${run.runId} ended ${lastStepOf(run)}`
      if (ledger === undefined) {
        await settle(repair, { ...about, decision: 'keep', reason: `${ended}, but there is no ledger to close its verdict in` })
        return
      }
      const closed: FoundLeftover = { ...about, decision: 'repair', reason: `${ended}; its verdict becomes inconclusive`, remove: () => Promise.resolve() }
      if (scope === undefined) for await (const leftover of leftoversOfTest(deps, run)) await settle(repair, leftover)
      else {
        const [test] = await reconcileRestoreTests({ ...deps, ledger, lease: scope.lease, runId: scope.runId, slotLocks: connection.paths.slotLocks, unfinished: [run] })
        if (test === undefined) {
          await settle(repair, { ...about, decision: 'keep', reason: `${ended}; another test has its slot now, so it is cleaned up later` })
          return
        }
        for (const leftover of test.removed) repair.items.push({ ...leftover, database: connection.config.name, outcome: 'repaired' })
      }
      await settle(repair, closed)
    })
  }
  for (const slot of settings.slots) await repairSlotLock(repair, slot, scope)
  for (const leftover of await strayObjects(deps, { journals, hosts: options.hosts, ...(running === undefined ? {} : { running }) })) await settle(repair, leftover)
}

/** The lock of a slot whose test has ended; one in use is somebody's good right. */
async function repairSlotLock(repair: Repair, slot: string, scope: LeaseScope | undefined): Promise<void> {
  const { connection, options } = repair
  const { clock, logger } = connection.context
  const { slotLocks } = connection.paths
  const lock = await readLease(slotLock(slotLocks, slot))
  if (lock === undefined || lock.released || leaseOwnerLife(lock.owner) !== 'dead') return
  await settle(repair, {
    kind: 'lease', name: lock.path, runId: lock.owner.runId, decision: 'repair', reason: `run ${lock.owner.runId}, which had the slot, has ended`,
    remove: async () => {
      if (scope !== undefined) await (await lockSlot(slot, { slotLocks, host: connection.hostView, runId: scope.runId, clock, logger, signal: options.signal }))?.release()
    },
  })
}

/** A person asked for a restore, so a person decides what becomes of an interrupted one. */
async function interruptedRestores({ repair, running }: Standing): Promise<void> {
  for (const run of repair.journals.filter((each) => each.header.action === 'restore' && !each.finished && each.runId !== running)) {
    await settle(repair, { kind: 'journal', name: run.path, runId: run.runId, decision: 'keep', reason: `restore ${run.runId} ended ${lastStepOf(run)}; icb restore resumes or removes it` })
  }
}

/** Directories in which files are written under another name first. */
async function placesOfTemporaries({ config, paths, ledger }: DatabaseConnection): Promise<readonly string[]> {
  const places = [config.areaPath, join(config.areaPath, '.icb'), paths.root, paths.database, paths.journals, dirname(paths.sandboxLease), ...(ledger() === undefined ? [] : [join(paths.root, 'ledger-spool')])]
  const there = await Promise.all(places.map(async (place) => ((await stat(place).catch(() => undefined))?.isDirectory() === true ? [place] : [])))
  return [...new Set(there.flat())]
}

async function repairTemporaries(repair: Repair, directory: string): Promise<void> {
  for (const { path, abandoned, reason } of await findTemporaries(directory, repair.connection.context.clock.now())) {
    await settle(repair, { kind: 'file', name: path, reason, ...(abandoned ? { decision: 'repair', remove: () => rm(path, { force: true }) } : { decision: 'keep' }) })
  }
}
