import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { destroyLab, startDatabases, withDatabase } from '../src/cli/control.ts'
import { checkHistory } from '../src/cli/history-check.ts'
import { initLab } from '../src/cli/init.ts'
import { pause } from '../src/engine/mutex.ts'
import { openHost, socketPath } from '../src/host/host.ts'
import { resolveAlias } from '../src/host/net.ts'
import { connectInstance } from '../src/server/client.ts'
import { connectSocket } from '../src/server/socket.ts'
import { spawnInstance } from '../src/server/spawn.ts'
import { codesOf } from './support/lab.ts'

let dir = ''
let temporary = ''
const endless = new AbortController().signal

afterEach(async () => {
  if (existsSync(path.join(dir, 'lab.json'))) await destroyLab(dir)
  await rm(temporary, { recursive: true, force: true })
})

async function lab(long = ''): Promise<void> {
  temporary = await mkdtemp(path.join(os.tmpdir(), 'icb-process-'))
  dir = path.join(temporary, long)
  await initLab(dir, { database: 'orcl', release: '12.1.0.2.0', edition: 'EE', timeZone: 'UTC', archiveDelayMs: 0, fsync: false, smonIntervalMs: 6000, sizes: { system: 1, sysaux: 1, undo: 1, users: 4, redo: 0.25 } })
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Gone, or a zombie that nobody reaps in a container. */
async function ended(pid: number): Promise<void> {
  for (let i = 0; i < 600; i += 1) {
    if (!alive(pid) || (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ' Z ')).includes(' Z ')) return
    await pause(10, endless)
  }
  throw new Error(`process ${pid} still runs`)
}

describe('an instance as a process', () => {
  it('is seen as a pmon, answers by alias, and loses no committed row when it is killed', async () => {
    await lab()
    const [started] = await startDatabases(dir, undefined)
    const pid = started?.pid ?? 0
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^ora_pmon_orcl/)
    const host = openHost(dir, 'prod')
    expect(await resolveAlias(path.join(dir, 'tns'), 'orcl', host)).toMatchObject({ hostName: 'prod', sid: 'orcl', user: 'SYS' })
    expect(await codesOf(resolveAlias(path.join(dir, 'tns'), 'nobody', host))).toEqual(['ORA-12154'])
    expect(await codesOf(spawnInstance(host, 'orcl'))).toEqual(['ORA-01081'])

    let committed = 0
    const killed = withDatabase(dir, 'orcl', async (connection) => {
      for (;;) committed += ((await connection.call({ kind: 'lab', action: 'workload', args: { transactions: 7 } })) as { transactions: number }).transactions
    })
    for (let i = 0; committed < 200 && i < 2000; i += 1) await pause(5, endless)
    process.kill(pid, 'SIGKILL')
    expect(await codesOf(killed)).toEqual(['ORA-03113'])
    await ended(pid)
    expect(await codesOf(resolveAlias(path.join(dir, 'tns'), 'orcl', host))).toEqual(['ORA-12514'])

    await startDatabases(dir, undefined)
    const answer = await withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'sql', text: 'select count from demo.heartbeat' })) as { rows: string[][] }
    const count = Number(answer.rows[0]?.[0])
    expect(count).toBeGreaterThanOrEqual(committed)
    expect(count).toBeLessThanOrEqual(committed + 7)

    // After a checkpoint the files themselves are the truth of their checkpoint.
    await withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'shutdown', mode: 'immediate' }))
    const files = path.join(dir, 'hosts/prod/root/u01/app/oracle/oradata/ORCL/datafile')
    for (const name of (await readdir(files)).filter((n) => n.endsWith('.dbf'))) expect((await checkHistory(path.join(files, name), dir, 2n ** 60n)).differences).toEqual([])
  })

  it('reports why it cannot start, and ends when its lab is removed', async () => {
    await lab('a-directory-with-a-name-that-is-much-too-long-for-the-address-of-a-unix-socket-as-temporary-ones-may-be')
    const host = openHost(dir, 'sandbox')
    await expect(spawnInstance(host, 'icb01')).rejects.toThrow(/ORA-01078.*\nLRM-00109: could not open parameter file '.*initicb01.ora'/)
    const [started] = await startDatabases(dir, undefined)
    const pid = started?.pid ?? 0
    const connection = await connectInstance(socketPath(openHost(dir, 'prod'), 'orcl'))
    expect(await codesOf(connection.call({ kind: 'mount' }))).toEqual(['ORA-01012'])
    connection.close()
    // A client that is killed leaves answers unread: the connection is reset, the instance goes on.
    for (let i = 0; i < 3; i += 1) {
      const rude = await connectSocket(socketPath(openHost(dir, 'prod'), 'orcl'))
      rude.write(`{"id":1,"kind":"logon","program":"sqlplus","as":"sysdba","username":"SYS"}\n${'{"id":2,"kind":"lab","action":"status","args":{}}\n'.repeat(1000)}`)
      await pause(50, endless)
      rude.destroy()
    }
    await withDatabase(dir, 'orcl', (polite) => polite.call({ kind: 'lab', action: 'status', args: {} }))
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    await ended(pid)
  })
})
