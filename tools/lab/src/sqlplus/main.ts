import type { ProgramContext } from '../cli/home-programs.ts'

/** SQL*Plus. */
export async function runSqlPlus(_argv: readonly string[], { stdout }: ProgramContext): Promise<number> {
  stdout.write('ORA-03113: end-of-file on communication channel\n')
  return 1
}
