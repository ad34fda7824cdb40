import type { Command } from 'commander'
import { runInForeground } from '../volume-engine/foreground-array.ts'
import { SoftnasArray } from './array.ts'
import { startSoftnas } from './server.ts'

interface SoftnasCommandOptions {
  readonly pool: string
  readonly user: string
  readonly port: string
}

/** Adds `softnas` to the command `appliance`: a simulated SoftNAS server in the foreground, until it is interrupted. */
export function addSoftnasCommand(appliance: Command): void {
  appliance.command('softnas')
    .description('simulate a SoftNAS server: the opcodes of its REST API for volumes and snapshots, which it names by itself')
    .option('--pool <name>', 'its pool', 'pool1')
    .option('--user <name>', 'user; the password is read from the environment variable LAB_APPLIANCE_PASSWORD', 'softnas')
    .option('--port <port>', 'port of StorageCenter (0: any)', '0')
    .action(({ pool, user, port }: SoftnasCommandOptions) => runInForeground({
      simulator: 'SoftNAS of @icb/lab (a simulator, not the product)', user,
      start: ({ engine, users, certificate }) => startSoftnas(new SoftnasArray({ engine, users, pool }), { certificate, port: Number(port) }),
      describe: ({ address }) => ({ serveraddress: address, pool }),
    }))
}
