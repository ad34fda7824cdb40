import { spawn } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { destroyLab, startDatabases } from '../src/cli/control.ts'
import { initLab } from '../src/cli/init.ts'
import { readLabFile } from '../src/host/lab-file.ts'

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'icb-pdb-service-'))
  await initLab(dir, {
    database: 'orcl', release: '19.24.0.0.0', pdbs: ['PDB1'], edition: 'EE', timeZone: 'UTC', archiveDelayMs: 0, fsync: false, smonIntervalMs: 60_000, sizes: { system: 1, sysaux: 1, undo: 1, users: 2, redo: 0.25 },
  })
  await startDatabases(dir, undefined)
}, 60_000)

afterAll(async () => { await destroyLab(dir) })

function run(program: 'sqlplus' | 'rman', args: readonly string[], script: string): Promise<string> {
  const child = spawn(path.join(dir, 'hosts', 'prod', 'home', 'bin', program), args, { env: { PATH: '/usr/bin:/bin', TNS_ADMIN: path.join(dir, 'tns') }, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stdin.end(script)
  return new Promise((resolve) => child.once('close', () => { resolve(output) }))
}

const sqlplus = (script: string): Promise<string> => run('sqlplus', ['-S', '/nolog'], `set pagesize 0 feedback off\n${script}\nexit\n`)

describe('the service of a PDB', () => {
  it('leads SQL*Plus there, as a user of the PDB or as an administrator; other services stay unknown', async () => {
    const port = String((await readLabFile(dir)).listeners?.[0]?.port ?? '')
    const password = (await readFile(path.join(dir, 'tns', 'wallet', 'sys-password'), 'utf8')).trim()
    const where = "select sys_context('userenv', 'con_name') || ' ' || user from dual;"
    await sqlplus('conn /@orcl as sysdba\nalter session set container = "PDB1";\ncreate user app identified by "Secret_1";\ngrant create session to app;')
    // The listener is told of services within a second.
    let asUser = ''
    for (let attempt = 0; attempt < 50 && !asUser.includes('PDB1'); attempt += 1) asUser = await sqlplus(`conn app/Secret_1@//prod:${port}/pdb1\n${where}`)
    expect(asUser).toMatch(/^PDB1 APP$/m)
    expect(await sqlplus(`conn sys/"${password}"@prod:${port}/pdb1 as sysdba\n${where}`)).toMatch(/^PDB1 SYS$/m)
    expect(await sqlplus(`conn app/Secret_1@prod:${port}/orcl`)).toMatch(/ORA-01017/)
    expect(await sqlplus(`conn app/Wrong_1@prod:${port}/pdb1`)).toMatch(/ORA-01017/)
    expect(await sqlplus(`conn app/Secret_1@prod:${port}/pdb9`)).toMatch(/ORA-12514/)
    expect(await sqlplus('conn /@orcl as sysdba\nalter session set container = "pdb1";')).toMatch(/ORA-65011: Pluggable database pdb1 does not exist/)
  }, 60_000)
})
