import { execFile } from 'node:child_process'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startRootService } from './root-service.ts'
import type { StagePlace, StageStorage } from './stage.ts'
import { makeZfsPool } from './zfs-pool.ts'

const run = promisify(execFile)

/**
 * Puts a stage's backup area on a real ZFS (zfs-fuse, as root). The stage's programs run as an unprivileged user, who on Linux can neither
 * mount nor unmount: a small service of this process does what a rule for `sudo -n zfs` does on a real host.
 */
export async function openZfsStage({ directory, areaPath, database, user, node }: StagePlace): Promise<StageStorage> {
  const pool = await makeZfsPool({ visible: true, sizeBytes: 4 * 1024 ** 3 })
  const undo: (() => Promise<void>)[] = [() => pool.dispose()]
  try {
    const parent = `${pool.name}/backup`
    await run(pool.zfs, ['create', '-o', `mountpoint=${join(directory, 'zfs')}`, parent])
    await run(pool.zfs, ['create', '-o', 'recordsize=32K', '-o', `mountpoint=${areaPath}`, `${parent}/${database}`])
    chmodSync(join(directory, 'zfs'), 0o755)
    if (user !== undefined) chownSync(areaPath, user.uid, user.gid)

    const service = await startRootService({ directory, name: 'zfs', node }, (_, args) => new Promise((resolve) => {
      execFile(pool.zfs, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
      })
    }))
    undo.push(async () => { service.close() })
    const zfs = join(directory, 'zfs-client')
    service.writeProgram(zfs, 'zfs')
    return {
      config: { adapter: 'openzfs', dataset: `${parent}/${database}`, zfs },
      dispose: async () => { for (const step of undo.splice(0).reverse()) await step() },
    }
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}
