import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const program = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'src', 'main.ts')
const base = mkdtempSync(path.join(os.tmpdir(), 'lab-sqlplus-'))
const lab = path.join(base, 'lab')
const home = path.join(lab, 'hosts', 'prod', 'home')
const environment = { ORACLE_HOME: home, TNS_ADMIN: path.join(lab, 'tns'), NLS_LANG: 'AMERICAN_AMERICA.AL32UTF8', NLS_DATE_FORMAT: 'yyyy-mm-dd hh24:mi:ss', PATH: '/usr/bin:/bin', HOME: base, LANG: 'C' }

async function labCommand(...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args])
}

/** Runs the home's sqlplus as the product does: script on standard input. */
function sqlplus(script: string, env: Readonly<Record<string, string>> = {}): Promise<{ code: number | null; lines: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(home, 'bin', 'sqlplus'), ['-S', '/nolog'], { env: { ...environment, ...env }, stdio: ['pipe', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, lines: output.split('\n').slice(0, -1) })
    })
    child.stdin.end(script)
  })
}

const quiet = 'whenever sqlerror exit failure\nset pages 0 feedback off lines 500 trimout on\n'
const remote = (body: string): Promise<{ code: number | null; lines: readonly string[] }> => sqlplus(`${quiet}conn /@orcl as sysdba\n${body}\n`)
const local = (body: string): Promise<{ code: number | null; lines: readonly string[] }> => sqlplus(`${quiet}conn / as sysdba\n${body}\n`, { ORACLE_SID: 'orcl' })

beforeAll(async () => {
  await labCommand('init', lab, '--start')
}, 60_000)

afterAll(async () => {
  await labCommand('destroy', lab)
  rmSync(base, { recursive: true, force: true })
}, 60_000)

describe('SQL*Plus on a running database', () => {
  it('connects by alias through the wallet, and refuses unknown ones', async () => {
    expect(await remote('select instance_name, status from v$instance;')).toEqual({ code: 0, lines: ['Connected.', 'orcl             OPEN'] })
    expect(await sqlplus(`${quiet}conn /@nobody as sysdba\nprompt unreachable\n`)).toMatchObject({ code: 1, lines: ['ERROR:', 'ORA-12154: TNS:could not resolve the connect identifier specified', '', ''] })
  })

  it('lets users in who know their password, by alias, by Easy Connect and on the host', async () => {
    await remote('create user scott identified by tiger;\ngrant create session to scott;\ncreate user idle identified by tiger;')
    const sys = readFileSync(path.join(lab, 'tns', 'wallet', 'sys-password'), 'utf8').trim()
    const { port } = (JSON.parse(readFileSync(path.join(lab, 'lab.json'), 'utf8')) as { listeners: [{ port: number }] }).listeners[0]
    const show = async (logon: string, env: Readonly<Record<string, string>> = {}): Promise<string> => (await sqlplus(`conn ${logon}\nshow user\n`, env)).lines.filter((line) => line !== '').join(' ')
    expect(await show('scott/tiger@orcl')).toBe('Connected. USER is "SCOTT"')
    expect(await show(`scott/tiger@127.0.0.1:${String(port)}/orcl`)).toBe('Connected. USER is "SCOTT"')
    expect(await show(`sys/"${sys}"@//127.0.0.1:${String(port)}/orcl as sysdba`)).toBe('Connected. USER is "SYS"')
    expect(await show('scott/tiger', { ORACLE_SID: 'orcl' })).toBe('Connected. USER is "SCOTT"')
    expect(await show('scott/lion@orcl')).toContain('ORA-01017')
    expect(await show('nobody/tiger@orcl')).toContain('ORA-01017')
    expect(await show('scott/tiger@orcl as sysdba')).toContain('ORA-01017')
    expect(await show('idle/tiger@orcl')).toContain('ORA-01045')
    expect(await show('scott/tiger@nowhere')).toContain('ORA-12154')
  })

  it('reads fixed views, the dictionary and tables out of the blocks', async () => {
    const { lines } = await remote("select count(*) from v$datafile;\nselect count(*) from dba_data_files where online_status in ('SYSTEM', 'ONLINE');\nselect count(*) from v$datafile_header where error is not null or checkpoint_change# = 0;\nselect sign(count(*)) from sys.smon_scn_time where scn <= (select current_scn from v$database);")
    expect(lines.map((line) => line.trim())).toEqual(['Connected.', '4', '4', '0', '1'])
  })

  it('switches logs and finds them archived in both destinations', async () => {
    const area = path.join(lab, 'nfs', 'backup', 'orcl', 'archivelog')
    mkdirSync(area, { recursive: true })
    const { code, lines } = await remote(
      `alter system set log_archive_dest_1='LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY' scope=both sid='*';\nalter system set log_archive_dest_2='LOCATION=${area}/ REOPEN=60' scope=both sid='*';\nalter system archive log current;\n` +
        "select listagg(dest_id, ',') within group (order by dest_id) from v$archived_log where sequence# = (select max(sequence#) from v$archived_log) and status = 'A';\nselect name from v$archived_log where dest_id = 2;",
    )
    expect({ code, ids: lines[1] }).toEqual({ code: 0, ids: '1,2' })
    expect(readdirSync(area).map((name) => `${area}/${name}`)).toContain(lines[2])
  })

  it('keeps committed rows, and only those, over a crash', async () => {
    await remote("create table journal (id number, said varchar2(20), at date);\ninsert into journal values (1, 'kept', sysdate);\ncommit;\ninsert into journal values (2, 'lost', sysdate);\nshutdown abort")
    expect(await local('startup')).toMatchObject({ code: 0, lines: expect.arrayContaining(['Connected to an idle instance.', 'ORACLE instance started.', 'Database mounted.', 'Database opened.']) })
    expect((await remote('select said from journal;')).lines).toEqual(['Connected.', 'kept'])
  })

  it('shows where a statement is wrong', async () => {
    expect(await remote('select file#,\n  nope from v$datafile;')).toEqual({ code: 1, lines: ['Connected.', '  nope from v$datafile', '  *', 'ERROR at line 2:', 'ORA-00904: "NOPE": invalid identifier', '', ''] })
  })

  it('takes a database through its states', async () => {
    expect((await local('shutdown immediate')).lines).toEqual(['Connected.', 'Database closed.', 'Database dismounted.', 'ORACLE instance shut down.'])
    expect((await remote('select 1 from dual;')).lines).toEqual(expect.arrayContaining(['ERROR:']))
    expect((await local('startup nomount\nselect dbid from v$database;')).lines).toContain('ORA-01507: database not mounted')
    expect((await local('alter database mount;\nselect open_mode from v$database;\nselect count(*) from dba_users;')).lines).toEqual(expect.arrayContaining(['MOUNTED', 'ORA-01219: database or pluggable database not open: queries allowed on fixed tables or views only']))
    expect(await local('alter database open;\nselect open_mode from v$database;')).toEqual({ code: 0, lines: ['Connected.', 'READ WRITE'] })
  })

  it('refuses to start from a parameter file that is not there', async () => {
    expect((await sqlplus(`${quiet}conn / as sysdba\nstartup nomount pfile='/nowhere/init.ora'\n`, { ORACLE_SID: 'other' })).lines).toEqual(['Connected to an idle instance.', 'ORA-01078: failure in processing system parameters', "LRM-00109: could not open parameter file '/nowhere/init.ora'"])
  })

  it('reads scripts of the host and spools there', async () => {
    const script = path.join(base, 'who.sql')
    writeFileSync(script, 'select user from dual;\n')
    const spool = path.join(base, 'who.log')
    await remote(`set trimspool on\nspool ${spool}\n@${script}\nspool off`)
    expect(existsSync(spool) && readFileSync(spool, 'utf8')).toBe('SYS\n')
  })
})
