import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ownedDirectory } from './programs.ts'
import { runningPrograms } from './running-programs.ts'
import type { Stage, StageHost } from './stage.ts'

export interface FleetStageOptions {
  /** How many databases besides the stage's own. */
  readonly databases: number
  /** Test instances side by side. */
  readonly slots: number
  /** Added to the restore tests' part of every database on the sandbox host. */
  readonly restoreTest?: Readonly<Record<string, unknown>>
}

/** More databases on a stage's lab, in one configuration a host. */
export interface FleetStage {
  /** All of them, the stage's own first. */
  readonly databases: readonly string[]
  readonly dbids: ReadonlyMap<string, string>
  readonly slots: readonly string[]
  readonly configs: Readonly<Record<StageHost, string>>
  areaOf(database: string): string
  /** The snapshots' directories of the local adapter. */
  snapshotsOf(database: string): string
  /** Whatever restore tests could have left on the sandbox host; empty: nothing. */
  leftovers(): readonly string[]
}

/** Small, since there are many: the least the lab makes. */
const sizes = ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1', '--redo', '1']

/** Makes and starts the databases; each has an area of its own beside the stage's. */
export async function createFleetStage(stage: Stage, options: FleetStageOptions): Promise<FleetStage> {
  const tag = randomBytes(3).toString('hex').toUpperCase()
  const slots = Array.from({ length: options.slots }, (_, index) => `S${tag.slice(0, 5)}${(index + 1).toString(36).toUpperCase()}`)
  const databases = [stage.database]
  const dbids = new Map([[stage.database, stage.dbid]])
  for (let index = 1; index <= options.databases; index += 1) {
    const name = `f${tag.slice(0, 4).toLowerCase()}${String(index).padStart(2, '0')}`
    const made = await stage.lab(['add-database', stage.labDirectory, name, ...sizes, '--json'], { onStdout: () => undefined })
    if (made.exitCode !== 0) throw new Error(`lab add-database: ${made.stderr}`)
    databases.push(name)
    dbids.set(name, String((JSON.parse(made.stdout) as { dbid: number }).dbid))
  }
  const started = await stage.lab(['start', stage.labDirectory])
  if (started.exitCode !== 0) throw new Error(`lab start: ${started.stderr}`)
  const areaOf = (database: string): string => join(dirname(stage.areaPath), database)
  for (const database of databases) ownedDirectory(areaOf(database), stage.programs.user)
  const config = (host: StageHost): string => {
    const path = join(stage.directory, `icb-${host}-fleet.yaml`)
    const text = {
      stateDir: join(stage.directory, `state-${host}-fleet`),
      ledger: { path: join(stage.directory, 'ledger'), shared: true },
      defaults: {
        backupDest: dirname(stage.areaPath),
        oracleHome: join(stage.labDirectory, 'hosts', host, 'home'),
        tnsAdmin: join(stage.labDirectory, 'tns'),
        parallel: 1,
        recoveryWindowDays: 2,
        retention: { keepDays: 31, keepMonths: 6, minRedundancy: 2 },
        ...(host === 'sandbox' ? { restoreTest: { scratch: stage.scratch, slots, mount: 'path', sgaSize: '512M', pgaSize: '256M', validateModulus: 0, ...(options.restoreTest ?? {}) } } : {}),
      },
      databases: Object.fromEntries(databases.map((database) => [database, { dbid: dbids.get(database) }])),
    }
    writeFileSync(path, `${JSON.stringify(text, null, 2)}\n`)
    return path
  }
  const configs = { prod: config('prod'), sandbox: config('sandbox') }
  const names = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : [])
  const store = (database: string): string => join(dirname(stage.areaPath), '.icb-snapshots', database)
  const lowerSlots = slots.map((slot) => slot.toLowerCase())
  return {
    databases, dbids, slots, configs, areaOf,
    snapshotsOf: (database) => join(store(database), 'snapshots'),
    leftovers: () => [
      ...databases.flatMap((database) => names(join(store(database), 'clones')).map((name) => `clone ${name}`)),
      ...runningPrograms().flatMap((program) => (slots.some((slot) => program.arguments[0] === `ora_pmon_${slot}`) ? [`process ${program.arguments[0] ?? ''}`] : [])),
      ...names(stage.scratch).filter((name) => name !== '.icb-sandbox').map((name) => `scratch ${name}`),
      ...names(join(stage.labDirectory, 'hosts', 'sandbox', 'home', 'dbs')).filter((name) => lowerSlots.some((slot) => name.toLowerCase().includes(slot))).map((name) => `dbs ${name}`),
      ...names(join(stage.labDirectory, 'hosts', 'sandbox', 'run')).filter((name) => name.endsWith('.sock') && lowerSlots.some((slot) => name.toLowerCase().includes(slot))).map((name) => `run ${name}`),
    ],
  }
}
