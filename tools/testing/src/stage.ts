import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeOwnedPlace } from './owned-places.ts'
import { findPrograms, ownedDirectory, runProgram } from './programs.ts'
import type { ProgramResult, ProgramUser, Programs, RunOptions } from './programs.ts'

export type StageHost = 'prod' | 'sandbox'

/** A host's configuration as it is written; `databases[<name>]` is the stage's database. */
export interface StageConfig {
  stateDir: string
  ledger: Record<string, unknown>
  databases: Record<string, Record<string, unknown> & { restoreTest?: Record<string, unknown> }>
  [key: string]: unknown
}

export type IcbRunOptions = Partial<RunOptions> & {
  /** Another configuration than the host's own. */
  readonly config?: string
}

/** Where a storage of the stage is made. */
export interface StagePlace {
  readonly directory: string
  /** The backup area, unless the storage brings one. */
  readonly areaPath: string
  readonly database: string
  readonly user: ProgramUser | undefined
  readonly node: string
}

/** A storage below the backup area, and how the product is told of it. */
export interface StageStorage {
  readonly config: Readonly<Record<string, unknown>>
  /** The backup area, where hosts have it elsewhere than in the lab's shared directory. */
  readonly areaPath?: string
  /** Where this process finds the area's files; default `areaPath`. */
  readonly areaView?: string
  /** How restore tests mount clones; default: they need not. */
  readonly restoreTest?: Readonly<Record<string, unknown>>
  /** Arguments that start a program on a host as the programs' user; default: all hosts are this machine. */
  enter?(host: StageHost): readonly string[]
  dispose(): Promise<void>
}

export interface StageOptions {
  /** Makes the storage below the backup area; default the local adapter. */
  readonly storage?: (place: StagePlace) => Promise<StageStorage>
  /** Parent of the stage's directory; default the temporary directory. */
  readonly parent?: string
  /** db_unique_name; default `orcl`. */
  readonly database?: string
  /** Further arguments of `lab init`. */
  readonly labInit?: readonly string[]
  /** A physical standby is made of the database, and it is the one that is backed up. */
  readonly backUpStandby?: { readonly applyLagMs: number }
  /** Added to the database's part of both configurations. */
  readonly databaseConfig?: Readonly<Record<string, unknown>>
  readonly restoreTest?: Readonly<Record<string, unknown>>
  /** Another build of the product than this repository's: its `icb.mjs`. */
  readonly icb?: string
  /** Output of every program, as it comes. */
  readonly onOutput?: (text: string) => void
}

/**
 * A lab with one database and two hosts, and a configuration of the product for each host. Everything lies in one
 * temporary directory and runs as an unprivileged user.
 */
export interface Stage extends AsyncDisposable {
  readonly directory: string
  readonly labDirectory: string
  /** The database that is backed up. */
  readonly database: string
  /** Where its redo is made: another one when a standby is backed up. */
  readonly primary: string
  readonly dbid: string
  /** SID of the restore tests' slot; unlike any other on this machine. */
  readonly slot: string
  readonly areaPath: string
  /** Where this process finds the area's files: not every storage is mounted on this machine itself. */
  readonly areaView: string
  /** What `StageOptions.storage` made. */
  readonly storage: StageStorage | undefined
  readonly scratch: string
  readonly programs: Programs
  readonly configs: Readonly<Record<StageHost, string>>
  /** What the programs are started with. */
  readonly env: Readonly<Record<string, string>>
  lab(args: readonly string[], options?: Partial<RunOptions>): Promise<ProgramResult>
  icb(host: StageHost, args: readonly string[], options?: IcbRunOptions): Promise<ProgramResult>
  /** Runs `icb … --json` and answers its document. */
  icbJson(host: StageHost, args: readonly string[], options?: IcbRunOptions): Promise<IcbDocument>
  /** Writes a changed copy of a host's configuration beside it and answers its path. */
  variant(host: StageHost, name: string, change: (config: StageConfig, database: StageConfig['databases'][string]) => void): string
  /** Runs a script with the SQL*Plus of a host. */
  sqlplus(host: StageHost, script: string, env?: Readonly<Record<string, string>>): Promise<ProgramResult>
  /** Runs a script with the RMAN of a host. */
  rman(host: StageHost, script: string, env?: Readonly<Record<string, string>>): Promise<ProgramResult>
}

export interface IcbDocument {
  readonly schema: string
  readonly ok: boolean
  readonly exitCode: number
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string; readonly details?: unknown }
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

const baseEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', TZ: 'UTC' }

function must(result: ProgramResult, what: string): ProgramResult {
  if (result.exitCode !== 0) throw new Error(`${what} ended with ${String(result.exitCode)}\n${result.stdout}\n${result.stderr}`)
  return result
}

/** Makes the lab, starts its database, writes the configurations and marks the scratch directory. */
export async function createStage(options: StageOptions = {}): Promise<Stage> {
  const directory = makeOwnedPlace('icb-stage-', options.parent)
  const programs = findPrograms(directory, { icb: options.icb })
  const { user } = programs
  chmodSync(directory, 0o755)
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  const primary = options.database ?? 'orcl'
  const database = options.backUpStandby === undefined ? primary : `${primary}sb`
  const standby = options.backUpStandby === undefined ? [] : ['--standby', '--apply-lag', String(options.backUpStandby.applyLagMs)]
  const labDirectory = ownedDirectory(join(directory, 'lab'), user)
  const home = ownedDirectory(join(directory, 'home'), user)
  ownedDirectory(join(directory, 'ledger'), user)
  const slot = `T${randomBytes(4).toString('hex').slice(0, 6).toUpperCase()}`
  const scratch = join(directory, 'scratch')
  const env = { ...baseEnvironment, HOME: home, NODE_COMPILE_CACHE: join(directory, 'compile-cache') }
  let storage: StageStorage | undefined
  const run = (host: StageHost, file: string, args: readonly string[], more: Partial<RunOptions> = {}): Promise<ProgramResult> => {
    const [entrance, ...enter] = storage?.enter?.(host) ?? []
    const runOptions: RunOptions = { cwd: directory, env, user, ...(options.onOutput === undefined ? {} : { onStdout: options.onOutput, onStderr: options.onOutput }), ...more }
    return entrance === undefined ? runProgram(file, args, runOptions) : runProgram(entrance, [...enter, file, ...args], { ...runOptions, user: undefined })
  }
  const lab: Stage['lab'] = (args, more) => run('prod', programs.node, ['--disable-warning=ExperimentalWarning', programs.lab, ...args], more)
  const dispose = async (): Promise<void> => {
    // Snapshots are read only; their owner must be able to remove them.
    await run('prod', 'chmod', ['-R', 'u+w', directory], { onStdout: () => undefined, onStderr: () => undefined }).catch(() => undefined)
    // Every instance of the lab ends; without its directory the rest would end by itself.
    if (storage !== undefined) {
      // A mount point cannot be removed; what is mounted goes when nobody writes there any more.
      await lab(['stop', labDirectory, '--abort']).catch(() => undefined)
      await storage.dispose()
    }
    await lab(['destroy', labDirectory]).catch(() => undefined)
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  try {
    must(await lab(['init', labDirectory, '--database', primary, ...standby, ...(options.labInit ?? [])]), 'lab init')
    const place = ownedDirectory(join(labDirectory, 'nfs', 'backup', database), user)
    storage = await options.storage?.({ directory, areaPath: place, database, user, node: programs.node })
    const areaPath = storage?.areaPath ?? place
    must(await lab(['start', labDirectory]), 'lab start')
    const status = JSON.parse(must(await lab(['status', labDirectory, '--json'], { onStdout: () => undefined }), 'lab status').stdout) as { instances: { host: string; dbid: number }[] }
    const dbid = String(status.instances.find((instance) => instance.host === 'prod')?.dbid ?? '')
    const storageConfig = storage?.config ?? { adapter: 'local' }
    const config = (host: StageHost): string => {
      const path = join(directory, `icb-${host}.yaml`)
      const text = {
        stateDir: join(directory, `state-${host}`),
        ledger: { path: join(directory, 'ledger'), shared: true },
        databases: {
          [database]: {
            dbid, areaPath, connect: `/@${database}`,
            oracleHome: join(labDirectory, 'hosts', host === 'prod' && options.backUpStandby !== undefined ? 'standby' : host, 'home'),
            ...(options.backUpStandby === undefined ? {} : { role: 'standby', primaryConnect: `/@${primary}` }),
            tnsAdmin: join(labDirectory, 'tns'),
            parallel: 2,
            recoveryWindowDays: 2,
            retention: { keepDays: 31, keepMonths: 6, minRedundancy: 2 },
            storage: storageConfig,
            ...(options.databaseConfig ?? {}),
            ...(host === 'sandbox' ? { restoreTest: { scratch, slots: [slot], mount: 'path', sgaSize: '512M', pgaSize: '256M', validateModulus: 0, ...(storage?.restoreTest ?? {}), ...(options.restoreTest ?? {}) } } : {}),
          },
        },
      }
      writeFileSync(path, `${JSON.stringify(text, null, 2)}\n`)
      return path
    }
    const configs = { prod: config('prod'), sandbox: config('sandbox') }
    const icb: Stage['icb'] = (host, args, { config: path = configs[host], ...more } = {}) => run(host, programs.node, [programs.icb, '--config', path, ...args], more)
    const oracleProgram = (host: StageHost, name: string, args: readonly string[], script: string, extra: Readonly<Record<string, string>> = {}): Promise<ProgramResult> => {
      const oracleHome = join(labDirectory, 'hosts', host, 'home')
      return run(host, join(oracleHome, 'bin', name), args, { stdin: script, env: { ...env, ORACLE_HOME: oracleHome, TNS_ADMIN: join(labDirectory, 'tns'), ...extra } })
    }
    must(await icb('sandbox', ['sandbox', 'prepare', scratch]), 'icb sandbox prepare')
    return {
      directory, labDirectory, database, primary, dbid, slot, areaPath, areaView: storage?.areaView ?? areaPath, storage, scratch, programs, configs, env, lab, icb,
      variant(host, name, change) {
        const changed = JSON.parse(readFileSync(configs[host], 'utf8')) as StageConfig
        change(changed, changed.databases[database] ?? {})
        const path = join(directory, `icb-${host}-${name}.yaml`)
        writeFileSync(path, `${JSON.stringify(changed, null, 2)}\n`)
        return path
      },
      async icbJson(host, args, more) {
        const result = await icb(host, ['--json', ...(more?.onEvent === undefined ? [] : ['--events', '&3']), ...args], { onStdout: () => undefined, ...more })
        try {
          return JSON.parse(result.stdout) as IcbDocument
        } catch {
          throw new Error(`icb ${args.join(' ')} printed no JSON document (exit code ${String(result.exitCode)})\n${result.stdout}\n${result.stderr}`)
        }
      },
      sqlplus: (host, script, extra) => oracleProgram(host, 'sqlplus', ['-S', '/nolog'], script, extra),
      rman: (host, script, extra) => oracleProgram(host, 'rman', [], script, extra),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
