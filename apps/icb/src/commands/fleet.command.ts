import type { DatabaseConfig } from '@icb/config'
import { failedOf, forEachDatabase, readFleetRecord, stateDirectory, writeFleetRecord } from '@icb/fleet'
import type { FleetResult } from '@icb/fleet'
import { isIcbError, isoNow } from '@icb/runtime'
import type { AppContext } from '../app-context.ts'
import { flag, list, text } from '../command.ts'
import type { CommandAction, CommandOutcome } from '../command.ts'
import { formatDuration } from '../duration.ts'
import { usageErrors } from '../errors.ts'
import { exitCodeOf } from '../exit-codes.ts'

interface One {
  readonly exitCode: number
  readonly result?: unknown
  readonly error?: unknown
  readonly lines: readonly string[]
  readonly durationMs: number
}

/** The array behind a database, by what its adapter is told of it. */
function storageOf(database: DatabaseConfig): string {
  const { adapter, options } = database.storage
  const address = ['url', 'filer', 'serveraddress', 'host'].map((key) => options[key]).find((value) => typeof value === 'string')
  return `${adapter} ${address ?? ''}`
}

function positive(options: Readonly<Record<string, unknown>>, name: string, flagName: string): number | undefined {
  const given = text(options, name)
  if (given === undefined) return undefined
  const value = Number(given)
  if (!Number.isInteger(value) || value < 1) throw usageErrors.ARGUMENT(`${flagName} takes a whole number from 1 on`)
  return value
}

async function runOne(app: AppContext, line: readonly string[], database: string): Promise<One> {
  const began = app.clock.monotonic()
  const lines: string[] = []
  const output = { print: (text = '') => { lines.push(text) }, warn: (code: string, message: string) => { app.warn(code, message.startsWith(database) ? message : `${database}: ${message}`) } }
  const ended = (exitCode: number, rest: { readonly result?: unknown; readonly error?: unknown }): One => ({ exitCode, lines, durationMs: app.clock.monotonic() - began, ...rest })
  try {
    const outcome: CommandOutcome = await app.invoke(line, output)
    if (outcome.plain !== undefined) lines.push(outcome.plain)
    const exitCode = outcome.exitCode ?? (outcome.error === undefined ? 0 : exitCodeOf(outcome.error))
    return ended(exitCode, { result: outcome.result, ...(outcome.error === undefined ? {} : { error: outcome.error }) })
  } catch (error) {
    return ended(exitCodeOf(error), { error })
  }
}

/** What the record and the summary say of a failure: an error, else the last line that the command printed. */
function explain(one: One): FleetResult['error'] {
  if (one.exitCode === 0) return undefined
  const { error } = one
  if (isIcbError(error)) return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  if (error !== undefined) return { code: 'ICB_INTERNAL', message: error instanceof Error ? error.message : 'not known why' }
  return { code: 'ICB_FLEET_EXIT', message: one.lines.findLast((line) => line.trim() !== '') ?? `exit code ${String(one.exitCode)}` }
}

/**
 * `icb fleet <command>`: the command for every database, a few at a time. One failure never stops the others; the summary says
 * why each one failed, and `--failed` repeats only those.
 */
export const fleet: CommandAction = async (app, args, options): Promise<CommandOutcome> => {
  const firstOption = args.findIndex((word) => word.startsWith('-'))
  const words = firstOption === -1 ? args : args.slice(0, firstOption)
  const rest = firstOption === -1 ? [] : args.slice(firstOption)
  if (!app.takesDatabase(words)) throw usageErrors.ARGUMENT(`icb ${words.join(' ')} cannot be run for many databases`, { hint: 'For example: icb fleet backup, icb fleet archivelogs, icb fleet snapshot clean -- --dry-run. Options of the command come after --' })
  const concurrency = positive(options, 'concurrency', '--concurrency') ?? 4
  const perStorage = positive(options, 'perStorage', '--per-storage')
  const config = await app.config()
  const command = [...words, ...rest].join(' ')
  const state = stateDirectory(config, app.fleet)
  const exclude = list(options, 'exclude')
  const known = new Map(config.databases.map((database) => [database.name, database]))
  const unknown = exclude.find((name) => !known.has(name))
  if (unknown !== undefined) throw usageErrors.ARGUMENT(`the configuration has no database ${unknown}`)
  const onlyFailed = flag(options, 'failed')
  let chosen = [...known.keys()]
  if (onlyFailed) {
    const record = await readFleetRecord(state, command)
    if (record === undefined) throw usageErrors.ARGUMENT(`icb fleet ${command} has not run yet on this host`, { hint: 'Run it without --failed first.' })
    const failed = new Set(failedOf(record))
    chosen = chosen.filter((name) => failed.has(name))
  }
  chosen = chosen.filter((name) => !exclude.includes(name))
  if (flag(options, 'dryRun')) {
    for (const name of chosen) app.print(`would: icb ${[...words, name, ...rest].join(' ')}`)
    return { schema: 'fleet/1', result: { command, databases: chosen, dryRun: true } }
  }
  const done = new Map<string, One>()
  await forEachDatabase(chosen, { concurrency, signal: app.signal, ...(perStorage === undefined ? {} : { groups: { of: (name) => { const database = known.get(name); return database === undefined ? '' : storageOf(database) }, concurrency: perStorage } }) }, async (name) => {
    const one = await runOne(app, [...words, name, ...rest], name)
    done.set(name, one)
    const error = explain(one)
    app.print(`${error === undefined ? '✓' : '✗'} ${name.padEnd(20)} ${formatDuration(one.durationMs).padStart(8)}${error === undefined ? '' : `  ${error.code}: ${error.message.split('\n')[0] ?? ''}`}`)
    if (error?.hint !== undefined) app.print(`    ${error.hint}`)
  })
  // Those that a signal kept from beginning are not done, either.
  const outcomes = chosen.map((database) => ({ database, ...(done.get(database) ?? { exitCode: 1, error: app.signal.reason as unknown, lines: [], durationMs: 0 }) }))
  const at = isoNow(app.clock)
  const results = outcomes.map((one): readonly [string, FleetResult] => {
    const error = explain(one)
    return [one.database, { exitCode: one.exitCode, at, ...(error === undefined ? {} : { error }) }]
  })
  await writeFleetRecord(state, { version: 1, command, at, databases: Object.fromEntries(results) }, { merge: onlyFailed || exclude.length > 0 })
  const failures = outcomes.filter((one) => one.exitCode !== 0)
  app.print(`${String(chosen.length)} databases: ${String(chosen.length - failures.length)} done, ${String(failures.length)} failed${failures.length === 0 ? '' : `; again: icb fleet ${words.join(' ')} --failed${rest.length === 0 ? '' : ` -- ${rest.join(' ')}`}`}`)
  const result = {
    command, done: chosen.length - failures.length, failed: failures.length,
    databases: outcomes.map((one) => { const error = explain(one); return { database: one.database, exitCode: one.exitCode, durationMs: Math.round(one.durationMs), ...(error === undefined ? {} : { error }), ...(one.result === undefined ? {} : { result: one.result }) } }),
  }
  // What all failures have in common is told by the exit code; several kinds are a failure.
  const codes = new Set(failures.map((one) => one.exitCode))
  return { schema: 'fleet/1', result, exitCode: codes.size > 1 ? 1 : ([...codes][0] ?? 0) }
}
