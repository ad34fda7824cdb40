import { basename, dirname } from 'node:path'

/** The programs of the original. Their jobs, prompts and exit codes live on when icb is called by one of these names. */
export const legacyPrograms = ['backup', 'autorestore', 'restore', 'zsnapper', 'zvolume', 'exec_all', 'report', 'dbinfo'] as const

export type LegacyProgram = (typeof legacyPrograms)[number]

export interface CalledAs {
  readonly program: LegacyProgram
  /** As it was typed: `backup.py`. */
  readonly name: string
  /** Where the link lies: the original looks there for its configuration. */
  readonly directory: string
}

/** Which program of the original was called, by the path it was called by (links are not followed); `undefined`: icb itself. */
export function calledAs(path: string | undefined): CalledAs | undefined {
  if (path === undefined) return undefined
  const name = basename(path)
  const program = legacyPrograms.find((each) => each === name.replace(/\.py$/, ''))
  return program === undefined ? undefined : { program, name, directory: dirname(path) }
}
