import { spawn } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { destroyLab, startDatabases, withDatabase } from '../../src/cli/control.ts'
import { initLab, sysPasswordFile } from '../../src/cli/init.ts'

// Logging on with a password, as target and as catalog, at the prompt and on the command line, to a database of two instances.

let dir: string
let password: string
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'lab-rman-connect-'))
  await initLab(dir, { database: 'orcl', release: '19.3.0.0.0', edition: 'EE', timeZone: 'UTC', archiveDelayMs: 0, fsync: false, smonIntervalMs: 60_000, instances: 2, sizes: { system: 1, sysaux: 1, undo: 1, users: 2, redo: 0.25 } })
  password = (await readFile(sysPasswordFile(dir), 'utf8')).trim()
  await startDatabases(dir, undefined)
  for (const text of ['create user rman identified by secret default tablespace users', 'grant unlimited tablespace, create session, create table to rman', 'create user keeper identified by "a b@c"', 'grant sysbackup to keeper', 'create user nobody identified by pass', 'grant create session to nobody']) {
    await withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'sql', text }))
  }
}, 120_000)
afterAll(async () => { await destroyLab(dir) })

interface Run {
  readonly code: number | null
  readonly output: string
}

function rman(args: readonly string[], script: string): Promise<Run> {
  const child = spawn(path.join(dir, 'hosts', 'prod', 'home', 'bin', 'rman'), args, { env: { PATH: '/usr/bin:/bin', TNS_ADMIN: path.join(dir, 'tns'), ORACLE_SID: 'orcl1' }, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stdin.on('error', () => undefined).end(script)
  return new Promise((resolve) => child.once('close', (code) => { resolve({ code, output }) }))
}

const denied = 'RMAN-04005: error from target database: \nORA-01017: invalid username/password; logon denied\n'

describe('RMAN with a user and a password', () => {
  it('connects on the command line, to the database and to an instance of it', async () => {
    const [database, instance] = await Promise.all([rman(['target', `sys/${password}@orcl`], 'select user from dual;\nexit\n'), rman(['target', `sys/${password}@orcl2`], 'select instance_name from v$instance;\nexit\n')])
    expect(database.output).toMatch(/^connected to target database: ORCL \(DBID=\d+\)$/m)
    expect(database.output).toMatch(/^SYS$/m)
    expect(instance.output).toMatch(/^orcl2$/m)
    expect([database.code, instance.code]).toEqual([0, 0])
  }, 60_000)

  it('connects at the prompt, with SYSBACKUP and a password in quotes, and is asked for a password that is not there', async () => {
    const { code, output } = await rman([], `set echo on;\nconnect target '"KEEPER"/"a b@c"@orcl as sysbackup'\nselect user from dual;\nexit\n`)
    expect(output).toMatch(/connected to target database: ORCL[^]*^SYSBACKUP$/m)
    expect(output).not.toContain('a b@c')
    expect(code).toBe(0)
    const quoted = await rman(['target', `"sys/${password}@orcl as sysbackup"`], 'select user from dual;\nexit\n')
    expect(quoted.output).toMatch(/^SYSBACKUP$/m)
    const asked = await rman(['target', 'sys@orcl'], `${password}\nshow backup optimization;\nexit\n`)
    expect(asked.output).toMatch(/target database Password: \nconnected to target database: ORCL/)
    expect(asked.output).not.toContain(password)
  }, 60_000)

  it('is refused with a wrong password, without the privilege, or as nobody, with the whole stack', async () => {
    const [wrong, unprivileged, unknown, prompt] = await Promise.all([
      rman(['target', 'sys/wrong@orcl'], 'show all;\n'), rman(['target', 'nobody/pass@orcl'], ''), rman(['target', 'stranger/pass@orcl1'], ''), rman([], 'connect target sys/wrong@orcl\nshow all;\n'),
    ])
    for (const { code, output } of [wrong, unprivileged, unknown]) {
      expect(code).toBe(1)
      expect(output).toContain(`RMAN-00554: initialization of internal recovery manager package failed\n${denied}`)
      expect(output).not.toContain('CONFIGURE')
    }
    expect(prompt.output).toContain(`RMAN-00571: ===========================================================\n${denied}`)
    expect(prompt.output).toContain('RMAN-06171: not connected to target database')
    expect(prompt.output).not.toContain('RMAN-00554')
  }, 60_000)

  it('connects to a catalog as its owner', async () => {
    const { output } = await rman(['target', '/', 'catalog', 'rman/secret@orcl'], 'create catalog;\nregister database;\nexit\n')
    expect(output).toMatch(/connected to recovery catalog database[^]*recovery catalog created[^]*full resync complete/)
    const wrong = await rman([], 'connect target /\nconnect catalog rman/wrong@orcl\nexit\n')
    expect(wrong.output).toContain('RMAN-04004: error from recovery catalog database: ORA-01017: invalid username/password; logon denied')
  }, 60_000)
})
