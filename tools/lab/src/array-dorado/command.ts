import type { Command } from 'commander'
import { runInForeground } from '../volume-engine/foreground-array.ts'
import { DoradoArray } from './array.ts'
import { startDorado } from './server.ts'

interface DoradoCommandOptions {
  readonly vstore: string
  readonly user: string
  readonly port: string
}

/** Adds `dorado` to the command `appliance`: a simulated Huawei OceanStor Dorado in the foreground, until it is interrupted. */
export function addDoradoCommand(appliance: Command): void {
  appliance.command('dorado')
    .description('simulate a Huawei OceanStor Dorado: its REST API for file systems, snapshots, clones and NFS shares')
    .option('--vstore <name>', 'vStore beside the system\'s own', 'backup')
    .option('--user <name>', 'user; the password is read from the environment variable LAB_APPLIANCE_PASSWORD', 'icb')
    .option('--port <port>', 'port of the REST service (0: any)', '0')
    .action(({ vstore, user, port }: DoradoCommandOptions) => runInForeground({
      simulator: 'OceanStor Dorado of @icb/lab (a simulator, not a product of Huawei)', user,
      start: ({ engine, users, certificate }) => startDorado(new DoradoArray({ engine, users, vstore }), { certificate, port: Number(port) }),
      describe: ({ url }) => ({ url, vstore }),
    }))
}
