import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { startAdmin } from './admin.ts'
import { startAppliance } from './appliance.ts'
import { makeCertificate } from './certificate.ts'
import { createDirectoryEngine } from './directory-engine.ts'
import { createZfsEngine } from './zfs-engine.ts'
import { makeZfsPool, zfsPoolLacks } from './zfs-fuse.ts'

interface ZfssaCommandOptions {
  readonly pool: string
  readonly project: string
  readonly user: string
  readonly port: string
  readonly peerPort?: string
  readonly adminPort: string
  readonly engine: 'auto' | 'zfs' | 'directory'
}

/** Adds `zfssa` to the command `appliance`: a simulated ZFS Storage Appliance in the foreground, until it is interrupted. */
export function addZfssaCommand(appliance: Command): void {
  appliance.command('zfssa')
    .description('simulate a ZFS Storage Appliance: its REST API over a real ZFS (zfs-fuse, root), or over directories')
    .option('--pool <name>', 'pool as clients see it', 'pool-0')
    .option('--project <name>', 'project made at the start', 'backup')
    .option('--user <name>', 'administrator; the password is read from the environment variable LAB_APPLIANCE_PASSWORD', 'icb')
    .option('--port <port>', 'port of the REST service (0: any)', '0')
    .option('--peer-port <port>', 'makes it a cluster of two nodes; port of the second')
    .option('--admin-port <port>', 'port for scripting faults (0: any)', '0')
    .option('--engine <engine>', 'auto, zfs or directory', 'auto')
    .action(runZfssa)
}

async function runZfssa(options: ZfssaCommandOptions): Promise<void> {
  const password = process.env['LAB_APPLIANCE_PASSWORD']
  if (password === undefined || password === '') throw new Error('set LAB_APPLIANCE_PASSWORD to the password of the administrator')
  const directory = await mkdtemp(join(tmpdir(), 'icb-appliance-'))
  const undo: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })]
  try {
    const lacking = options.engine === 'directory' ? 'not asked for' : zfsPoolLacks()
    if (options.engine === 'zfs' && lacking !== undefined) throw new Error(`no ZFS here: ${lacking}`)
    const zpool = lacking === undefined ? await makeZfsPool({ sizeBytes: 8 * 1024 ** 3 }) : undefined
    if (zpool !== undefined) undo.push(() => zpool.dispose())
    const engine = zpool === undefined ? createDirectoryEngine({ directory: join(directory, 'shares') }) : await createZfsEngine(zpool, options.pool)
    await engine.createProject(options.project)
    const appliance = await startAppliance({
      engine, pool: options.pool, certificate: await makeCertificate(directory, ['localhost']), users: [{ name: options.user, password, rights: 'all' }],
      nodes: options.peerPort === undefined ? 1 : 2, ports: [Number(options.port), Number(options.peerPort ?? 0)],
    })
    undo.push(async () => { await appliance[Symbol.asyncDispose]() })
    const admin = await startAdmin(appliance, Number(options.adminPort))
    undo.push(async () => { await admin[Symbol.asyncDispose]() })
    const state = {
      simulator: 'ZFS Storage Appliance of @icb/lab (a simulator, not a product of Oracle)', engine: engine.description, ...(lacking === undefined ? {} : { noZfs: lacking }),
      urls: appliance.urls, pool: options.pool, project: options.project, user: options.user, caFile: appliance.certificate.caFile, fingerprint: appliance.certificate.fingerprint, admin: admin.url,
    }
    process.stdout.write(`${JSON.stringify(state, null, 2)}\n`)
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve)
      process.once('SIGTERM', resolve)
    })
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
