import { openHostDir } from '../host/host.ts'
import { takeProgramFault, underFault } from './program-faults.ts'
import type { ProgramContext } from './program-context.ts'

/** Runs one of the programs in `home/bin` on its host; resolves with the exit code. */
export async function runProgram(program: string, hostDir: string, args: readonly string[]): Promise<number> {
  const host = openHostDir(hostDir)
  const fault = takeProgramFault(host.labDir, host.name, program)
  const stdout = fault === undefined ? process.stdout : await underFault(fault, process.stdout)
  const context: ProgramContext = { host, stdin: process.stdin, stdout, env: process.env }
  switch (program) {
    case 'sqlplus': return (await import('../sqlplus/main.ts')).runSqlPlus(args, context)
    case 'rman': return (await import('../rman/main.ts')).runRman(args, context)
    case 'adrci': return (await import('./adrci.ts')).runAdrci(context)
    case 'lsnrctl': return (await import('./lsnrctl.ts')).runLsnrctl(args, context)
    case 'sqlldr': return (await import('./sqlldr.ts')).runSqlldr(args, context)
    case 'srvctl': return (await import('./small-programs.ts')).runSrvctl(args, context)
    case 'opatch': return (await import('./small-programs.ts')).runOpatch(args, context)
    default:
      context.stdout.write(`${program}: not part of the lab's home\n`)
      return 127
  }
}
