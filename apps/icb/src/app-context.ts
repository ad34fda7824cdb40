import { homedir } from 'node:os'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadConfig } from '@icb/config'
import type { IcbConfig } from '@icb/config'
import { connectDatabase } from '@icb/fleet'
import type { DatabaseConnection, FleetContext } from '@icb/fleet'
import { createProcessRunner, hostFacts, systemClock } from '@icb/runtime'
import type { Clock, EventSink, IcbEvent, Logger } from '@icb/runtime'
import { usageErrors } from './errors.ts'
import { builtInAdapters } from './adapters.ts'
import { version } from './version.ts'

export interface GlobalOptions {
  readonly config?: string
  readonly json?: boolean
  readonly events?: string
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly strict?: boolean
}

/** What a command gets: where things are, how to log and to tell events, when to stop. */
export interface AppContext {
  readonly options: GlobalOptions
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly logger: Logger
  readonly events: EventSink
  readonly signal: AbortSignal
  readonly fleet: FleetContext
  /** Path of the configuration. @throws ICB_USAGE_NO_CONFIG */
  configPath(): string
  config(): Promise<IcbConfig>
  /** Adds a warning to the result. */
  warn(code: string, message: string): void
  /** A line for people on standard output; nothing with `--json`. */
  print(line?: string): void
}

function configCandidates(env: AppContext['env']): readonly string[] {
  const home = env['HOME'] ?? homedir()
  return ['icb.yaml', 'backup.cfg', join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'icb', 'icb.yaml'), '/etc/icb/icb.yaml']
}

/** `--config`, else ICB_CONFIG, else the original's BACKUPCONFIG, else the usual places. */
export function findConfig(options: GlobalOptions, env: AppContext['env']): string {
  const named = options.config ?? env['ICB_CONFIG'] ?? env['BACKUPCONFIG']
  if (named !== undefined) return resolve(named)
  const candidates = configCandidates(env)
  const found = candidates.find((path) => existsSync(path))
  if (found !== undefined) return resolve(found)
  throw usageErrors.NO_CONFIG('no configuration file was found', { hint: `Name one with --config or ICB_CONFIG, or make one with icb init. Looked for: ${candidates.join(', ')}` })
}

/** `/var/lib/icb` for root, else the XDG state directory. */
export function defaultStateDirectory(env: AppContext['env'], uid: number): string {
  if (uid === 0) return '/var/lib/icb'
  return join(env['XDG_STATE_HOME'] ?? join(env['HOME'] ?? homedir(), '.local', 'state'), 'icb')
}

export interface AppContextOptions {
  readonly options: GlobalOptions
  readonly env: AppContext['env']
  readonly logger: Logger
  readonly events: EventSink
  readonly signal: AbortSignal
  readonly warn: (code: string, message: string) => void
  readonly print: (line?: string) => void
}

export function createAppContext(input: AppContextOptions): AppContext {
  const { env, logger, signal } = input
  const uid = process.getuid?.() ?? -1
  const warnings: EventSink = {
    emit: (event: IcbEvent) => {
      if (event.type === 'run.warning') {
        const { code, message } = event as IcbEvent & { code: string; message: string }
        input.warn(code, message)
      }
      input.events.emit(event)
    },
  }
  const configPath = (): string => findConfig(input.options, env)
  let loaded: Promise<IcbConfig> | undefined
  return {
    options: input.options, env, clock: systemClock, logger, events: warnings, signal, configPath,
    warn: input.warn,
    print: input.print,
    config: () => (loaded ??= loadConfig(configPath(), { env, signal })),
    fleet: {
      adapters: builtInAdapters, env, clock: systemClock, logger, events: warnings, host: hostFacts(), uid,
      runProcess: createProcessRunner({ clock: systemClock, logger }),
      homeDirectory: env['HOME'] ?? homedir(),
      tool: `icb ${version}`,
      defaultStateDir: defaultStateDirectory(env, uid),
    },
  }
}

/** Wires one database for the time of `work`. */
export async function withDatabase<T>(app: AppContext, name: string, work: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
  await using connection = connectDatabase(await app.config(), name, app.fleet)
  return await work(connection)
}
