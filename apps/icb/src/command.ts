import type { Command } from 'commander'
import type { AppContext } from './app-context.ts'

/** What a command leaves behind: its JSON document's `result`, and an exit code where it is not simply done. */
export interface CommandOutcome {
  /** Names the shape of `result`: `backup/1`. */
  readonly schema: string
  readonly result: unknown
  /** Default 0. */
  readonly exitCode?: number
  /** The error that `result` already tells about; repeated in the document's `error`. */
  readonly error?: unknown
  /** Printed as it is, instead of everything else: Nagios answers. */
  readonly plain?: string
}

export type CommandAction = (app: AppContext, args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<CommandOutcome>

/** Adds one command to the program; `load` imports its module at the first use, so that starting costs nothing. */
export type Register = (parent: Command, definition: CommandDefinition) => Command

export interface CommandDefinition {
  /** As in commander: `backup <db>`. */
  readonly usage: string
  readonly summary: string
  readonly options?: readonly (readonly [flags: string, description: string, defaultValue?: string])[]
  readonly load: () => Promise<CommandAction>
}

/** True when the option was given. */
export function flag(options: Readonly<Record<string, unknown>>, name: string): boolean {
  return options[name] === true
}

/** The option's text, if it was given. */
export function text(options: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}
