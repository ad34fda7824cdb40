import type { ProgramContext } from './program-context.ts'

/** The lab has no Clusterware: what srvctl of a single-instance home answers. */
export async function runSrvctl(args: readonly string[], { stdout }: ProgramContext): Promise<number> {
  const at = args.findIndex((a) => a === '-d' || a === '-database' || a === '-db')
  const database = at === -1 ? undefined : args[at + 1]
  stdout.write(database === undefined ? 'PRKO-2001 : Invalid command line syntax\n' : `PRCD-1120 : The resource for database ${database} could not be found.\nPRCR-1001 : Resource ora.${database.toLowerCase()}.db does not exist\n`)
  return 1
}

/** `opatch lsinventory`, `opatch lspatches`, `opatch version`. */
export async function runOpatch(args: readonly string[], { host, stdout }: ProgramContext): Promise<number> {
  const { release } = host.lab
  switch ((args[0] ?? '').toLowerCase()) {
    case 'version':
      stdout.write(`OPatch Version: ${release.split('.').slice(0, 3).join('.')}.0.0 (@icb/lab simulator)\n\nOPatch succeeded.\n`)
      return 0
    case 'lsinventory':
      stdout.write(`Oracle Interim Patch Installer (@icb/lab simulator)\n\nOracle Home       : ${host.home}\n--------------------------------------------------------------------------------\nInstalled Top-level Products (1): \n\nOracle Database ${release.split('.')[0] ?? ''}c                                                  ${release}\nThere are 1 products installed in this Oracle Home.\n\nThere are no Interim patches installed in this Oracle Home.\n\n--------------------------------------------------------------------------------\n\nOPatch succeeded.\n`)
      return 0
    case 'lspatches':
      stdout.write('There are no Interim patches installed in this Oracle Home.\n\nOPatch succeeded.\n')
      return 0
    default:
      stdout.write('Argument(s) Error... Command is not supported by the lab.\n\nOPatch failed with error code 135\n')
      return 135
  }
}
