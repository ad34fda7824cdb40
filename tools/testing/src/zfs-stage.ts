import { execFile } from 'node:child_process'
import { chmodSync, chownSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
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

    const socket = join(directory, 'zfs.sock')
    const door = createServer({ allowHalfOpen: true }, (connection) => {
      let request = ''
      connection.setEncoding('utf8').on('data', (text: string) => { request += text }).once('end', () => {
        execFile(pool.zfs, JSON.parse(request) as string[], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
          connection.end(JSON.stringify({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }))
        })
      })
      connection.on('error', () => undefined)
    })
    await new Promise<void>((resolve, reject) => {
      door.once('error', reject)
      door.listen(socket, resolve)
    })
    undo.push(async () => { door.close() })
    chmodSync(socket, 0o777)
    const client = join(directory, 'zfs-client.mjs')
    writeFileSync(client, [
      "import { connect } from 'node:net'",
      'const socket = connect(process.argv[2], () => socket.end(JSON.stringify(process.argv.slice(3))))',
      "let text = ''",
      "socket.on('data', (chunk) => { text += chunk }).once('end', () => { const { exitCode, stdout, stderr } = JSON.parse(text); process.stdout.write(stdout); process.stderr.write(stderr); process.exitCode = exitCode })",
      '',
    ].join('\n'))
    const zfs = join(directory, 'zfs-client')
    writeFileSync(zfs, `#!/bin/sh\nexec '${node}' '${client}' '${socket}' "$@"\n`)
    chmodSync(zfs, 0o755)
    return {
      config: { adapter: 'openzfs', dataset: `${parent}/${database}`, zfs },
      dispose: async () => { for (const step of undo.splice(0).reverse()) await step() },
    }
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}
