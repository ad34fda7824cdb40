import { spawn } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { destroyLab, startDatabases, withDatabase } from '../src/cli/control.ts'
import { initLab } from '../src/cli/init.ts'
import type { SqlResult } from '../src/engine/protocol.ts'

// The programs of a home beside sqlplus and rman, as processes.

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'icb-home-'))
  await initLab(dir, { database: 'orcl', release: '19.21.0.0.0', edition: 'EE', timeZone: 'UTC', archiveDelayMs: 0, fsync: false, smonIntervalMs: 60_000, sizes: { system: 1, sysaux: 1, undo: 1, users: 2, redo: 0.25 } })
  await startDatabases(dir, undefined)
}, 60_000)
afterAll(async () => { await destroyLab(dir) })

function run(program: string, args: readonly string[], input = ''): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(path.join(dir, 'hosts', 'prod', 'home', program), args, { cwd: dir, env: { PATH: '/usr/bin:/bin', TNS_ADMIN: path.join(dir, 'tns'), ORACLE_SID: 'orcl' }, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stdin.on('error', () => undefined).end(input)
  return new Promise((resolve) => child.once('close', (code) => { resolve({ code, output }) }))
}
const sql = async (text: string): Promise<readonly (readonly (string | null)[])[]> => ((await withDatabase(dir, 'orcl', (connection) => connection.call({ kind: 'sql', text }))) as SqlResult).rows ?? []

describe('sqlldr', () => {
  it('loads delimited data and whole files as CLOBs, and tells of rows that do not fit', async () => {
    await sql('create table loaded (name varchar2(20), amount number, log clob)')
    await writeFile(path.join(dir, 'run.log'), 'first line\nsecond line\n')
    await writeFile(path.join(dir, 'load.ctl'), `LOAD DATA\nINFILE *\nAPPEND\nINTO TABLE loaded\nFIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'\n(name, amount, file_name FILLER CHAR(100), log LOBFILE(file_name) TERMINATED BY EOF)\nBEGINDATA\n"one, two",1,run.log\nthree,not a number,run.log\nfour,4,run.log\n`)
    const { code, output } = await run('bin/sqlldr', ['userid=/@orcl', 'control=load.ctl', 'log=load.log'])
    expect(output).toMatch(/SQL\*Loader: Release 19[^]*Table LOADED:\n {2}2 Rows successfully loaded\.\n {2}1 Row not loaded due to data errors\./)
    expect(code).toBe(2)
    expect(await sql('select name, amount, log from loaded order by amount')).toEqual([['one, two', '1', 'first line\nsecond line\n'], ['four', '4', 'first line\nsecond line\n']])
    expect(await readFile(path.join(dir, 'load.log'), 'utf8')).toMatch(/Record 2: Rejected - Error on table LOADED\.\nORA-01722: invalid number/)
    expect(await readFile(path.join(dir, 'load.bad'), 'utf8')).toBe('three,not a number,run.log\n')
  }, 60_000)

  it('fails with 1 without a control file, with a wrong one, an unknown alias or a table that is not empty', async () => {
    await writeFile(path.join(dir, 'wrong.ctl'), 'nonsense\n')
    await writeFile(path.join(dir, 'insert.ctl'), 'LOAD DATA INFILE * INTO TABLE loaded FIELDS TERMINATED BY "," (name)\nBEGINDATA\nx\n')
    const results = await Promise.all([[], ['userid=/@orcl', 'control=none.ctl'], ['userid=/@orcl', 'control=wrong.ctl'], ['userid=/@nobody', 'control=insert.ctl'], ['userid=/@orcl', 'control=insert.ctl']].map((args) => run('bin/sqlldr', args)))
    expect(results.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1])
    for (const [at, text] of ['Valid Keywords', 'SQL*Loader-553', 'SQL*Loader-350', 'ORA-12154', 'SQL*Loader-601'].entries()) expect(results[at]?.output).toContain(text)
  }, 60_000)
})

describe('the others', () => {
  it('look like those of a home without Clusterware', async () => {
    const [srvctl, syntax, version, inventory, listener] = await Promise.all([run('bin/srvctl', ['config', 'database', '-d', 'orcl']), run('bin/srvctl', ['config']), run('OPatch/opatch', ['version']), run('OPatch/opatch', ['lsinventory']), run('bin/lsnrctl', ['status'])])
    expect(srvctl).toMatchObject({ code: 1, output: expect.stringMatching(/PRC[DR]-1/) as string })
    expect(syntax).toMatchObject({ code: 1, output: expect.stringContaining('PRKO-2') as string })
    expect(version).toMatchObject({ code: 0, output: expect.stringMatching(/OPatch Version: [\d.]+/) as string })
    expect(inventory).toMatchObject({ code: 0, output: expect.stringContaining('OPatch succeeded.') as string })
    expect(listener.output).toMatch(/STATUS of the LISTENER[^]*Service "orcl" has 1 instance/)
  }, 60_000)

  it('adrci lists homes and purges what is old', async () => {
    const home = path.join(dir, 'hosts', 'prod', 'root', 'u01', 'app', 'oracle', 'diag', 'rdbms', 'orcl', 'orcl')
    const trace = path.join(home, 'trace', 'orcl_ora_1.trc')
    await writeFile(trace, 'old')
    const { output } = await run('bin/adrci', [], 'set base /u01/app/oracle;\nshow homes;\nset home diag/rdbms/orcl/orcl;\npurge -age 0;\nexit;\n')
    expect(output).toMatch(/ADR Homes: \ndiag\/rdbms\/orcl\/orcl/)
    await expect(readFile(trace)).rejects.toThrow('ENOENT')
    expect(await readFile(path.join(home, 'trace', 'alert_orcl.log'), 'utf8')).toContain('Completed: ALTER DATABASE OPEN')
  }, 60_000)
})
