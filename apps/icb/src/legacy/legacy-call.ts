import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AppContext } from '../app-context.ts'
import type { CommandOutcome } from '../command.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import type { CalledAs } from './called-as.ts'

/** One call by an old name: what was typed, and how to answer. */
export interface LegacyCall {
  readonly called: CalledAs
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** A line on standard output. */
  readonly say: (line?: string) => void
  /** A line on standard error. */
  readonly complain: (line: string) => void
  /** An error as icb tells it. */
  readonly tell: (error: unknown) => void
  /** Asks a question and waits for a line. @throws ICB_USAGE_ARGUMENT when there is no more input */
  readonly ask: (question: string) => Promise<string>
  /** Everything of icb over one configuration file. */
  readonly open: (configFile: string) => Promise<AppContext>
}

/** What a program of the original ends with: its exit code. */
export type LegacyAction = (call: LegacyCall) => Promise<number>

export interface Ran {
  readonly exitCode: number
  readonly outcome?: CommandOutcome
  readonly error?: unknown
}

/** Runs a command of icb. What it prints goes to `print`. */
export async function ran(app: AppContext, line: readonly string[], print: (line: string) => void = () => undefined): Promise<Ran> {
  try {
    const outcome = await app.invoke(line, { warn: (code, message) => { app.warn(code, message) }, print: (text = '') => { print(text) } })
    const exitCode = outcome.exitCode ?? (outcome.error === undefined ? exitCodes.done : exitCodeOf(outcome.error))
    return { exitCode, outcome, ...(outcome.error === undefined ? {} : { error: outcome.error }) }
  } catch (error) {
    return { exitCode: exitCodeOf(error), error }
  }
}

/** Runs a command of icb, shows what it prints and tells its error. Answers the original's exit code. */
export async function show(call: LegacyCall, app: AppContext, line: readonly string[]): Promise<number> {
  const { exitCode, error } = await ran(app, line, call.say)
  if (error !== undefined) call.tell(error)
  return legacyExitCode(exitCode)
}

/** The original's codes where they were sound: a lock that could not be had ends with 2, as wrong usage does; warnings are no failure. */
export function legacyExitCode(code: number): number {
  if (code === exitCodes.warnings) return exitCodes.done
  return code === exitCodes.locked ? exitCodes.usage : code
}

/** A configuration named on the command line or in BACKUPCONFIG: as it stands, else beside the program. */
export function configFile(call: LegacyCall, name: string): string {
  const here = resolve(name)
  return existsSync(here) ? here : resolve(call.called.directory, name)
}

/** The configuration of the programs that do not name one: BACKUPCONFIG, else `backup.cfg` beside the program. */
export function usualConfig(call: LegacyCall): string {
  return configFile(call, call.env['BACKUPCONFIG'] ?? resolve(call.called.directory, 'backup.cfg'))
}

/** Says how the program is called. */
export function usage(call: LegacyCall, ...lines: readonly string[]): number {
  for (const [index, line] of lines.entries()) call.say(index === 0 ? `Usage: ${call.called.name} ${line}` : line)
  return exitCodes.usage
}

/** `2016-10-17 07:39:14` in UTC, as the original shows times. */
export function utcText(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}
