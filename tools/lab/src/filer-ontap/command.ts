import { parseArgs } from 'node:util'
import type { Command } from 'commander'
import { startFiler } from './filer.ts'

/** The usage text of the command. */
export const filerOntapUsage: string = `lab appliance ontap --directory <dir> [--port <n>] [--address <ip>] [--release 9.6|9.10|9.16] [--job-ms <n>] [--engine directory|zfs]

A simulated NetApp ONTAP system: the REST API for volumes, snapshots, FlexClones and consistency groups over HTTPS.
The password of its logins admin and vsadmin is read from the environment, LAB_APPLIANCE_PASSWORD.
Files lie in directories, whose copies share blocks where the file system can, or on a real ZFS (zfs-fuse, as root).
Prints one line of JSON with its addresses and the file of its certificate authority, then runs until it is ended.`

/** `lab appliance ontap`: runs until SIGTERM, SIGINT or the end of standard input (`--with-parent`). Answers with the exit code. */
export async function filerOntapCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      directory: { type: 'string' }, port: { type: 'string' }, address: { type: 'string' }, release: { type: 'string' }, 'job-ms': { type: 'string' },
      engine: { type: 'string' }, 'with-parent': { type: 'boolean' }, help: { type: 'boolean' },
    },
  })
  const password = process.env['LAB_APPLIANCE_PASSWORD']
  if (values.help === true || values.directory === undefined || password === undefined) {
    process.stderr.write(`${filerOntapUsage}\n`)
    return values.help === true ? 0 : 2
  }
  const [, minor] = /^9\.(\d+)$/.exec(values.release ?? '9.16') ?? []
  if (minor === undefined) {
    process.stderr.write(`unknown release ${values.release ?? ''}\n`)
    return 2
  }
  const engine = values.engine ?? 'directory'
  if (engine !== 'directory' && engine !== 'zfs') {
    process.stderr.write(`unknown engine ${engine}\n`)
    return 2
  }
  const filer = await startFiler({
    engine,
    directory: values.directory,
    password,
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    ...(values.address === undefined ? {} : { address: values.address }),
    settings: { release: 900 + Number(minor), ...(values['job-ms'] === undefined ? {} : { jobMs: Number(values['job-ms']) }) },
  })
  // Before anybody is told that it runs: who is told may send a signal at once.
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { resolve() })
    if (values['with-parent'] === true) process.stdin.resume().once('end', () => { resolve() })
  })
  process.stdout.write(`${JSON.stringify({ simulator: '@icb/lab appliance ontap', ...filer.address })}\n`)
  await ended
  // Open, it would keep the process alive after a signal.
  process.stdin.destroy()
  await filer.stop()
  return 0
}

/** Adds `ontap` to the command line's simulated appliances. */
export function addOntapCommand(appliance: Command): void {
  appliance
    .command('ontap [args...]')
    .description('a NetApp ONTAP filer; --help tells its options')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: string[]) => { process.exitCode = await filerOntapCommand(args) })
}
