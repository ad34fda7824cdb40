import type { ProgramContext } from '../cli/home-programs.ts'

/** RMAN. */
export async function runRman(_argv: readonly string[], { stdout }: ProgramContext): Promise<number> {
  stdout.write('ORA-03113: end-of-file on communication channel\n')
  return 1
}
