import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { OraError, ora } from '../../src/engine/ora-error.ts'
import { executeSql } from '../../src/sql-engine.ts'
import type { CallRequest, Connection, DatabaseAccess } from '../../src/sqlplus/access.ts'
import { runClient } from '../../src/sqlplus/run.ts'
import { fakeInstance, fakeSession } from '../sql/fake-instance.ts'

const directory = mkdtempSync(path.join(os.tmpdir(), 'sqlplus-'))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

interface Run {
  readonly code: number
  readonly lines: readonly string[]
  readonly calls: readonly CallRequest[]
}

/** A script against one instance without files; `up: false` finds it idle. */
async function run(script: string, options: { readonly argv?: readonly string[]; readonly up?: boolean; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Run> {
  const session = fakeSession()
  const instance = fakeInstance({ session })
  let up = options.up ?? true
  const calls: CallRequest[] = []
  const connection: Connection = {
    call: async (request) => {
      calls.push(request)
      if (request.kind === 'sql') return executeSql(instance, session, request.text, request.binds ?? {})
      if (request.kind === 'logon' && request.password !== undefined && request.password !== 'tiger') throw ora(1017, 'invalid username/password; logon denied')
      if (request.kind === 'mount') instance.status = 'MOUNTED'
      if (request.kind === 'open') instance.status = 'OPEN'
      if (request.kind === 'shutdown') up = false
      return undefined
    },
    close: () => undefined,
  }
  const access: DatabaseAccess = {
    release: '12.1.0.2.0',
    real: (file) => path.resolve(directory, file),
    local: async () => (up ? connection : undefined),
    remote: async (alias, user) => {
      if (alias !== 'orcl') throw ora(12154, 'TNS:could not resolve the connect identifier specified')
      return { connection, user: user ?? 'SYS', service: 'orcl' }
    },
    withoutInstance: () => Promise.resolve(undefined),
    start: async (_sid, { pfile }) => {
      if (pfile === '/missing.ora') throw new OraError([{ code: 'ORA-01078', text: 'failure in processing system parameters' }, { code: 'LRM-00109', text: `could not open parameter file '${pfile}'` }])
      up = true
      instance.status = 'STARTED'
      return connection
    },
  }
  let output = ''
  const code = await runClient(options.argv ?? ['-S', '/nolog'], {
    // In odd pieces, so that lines have to be put together.
    stdin: (async function* () {
      for (let at = 0; at < script.length; at += 7) yield Buffer.from(script.slice(at, at + 7))
    })(),
    write: (text) => {
      output += text
    },
    env: options.env ?? { ORACLE_SID: 'orcl' },
    access,
    now: () => 0,
  })
  return { code, lines: output.split('\n').slice(0, -1), calls }
}

const connected = (body: string): Promise<Run> => run(`conn / as sysdba\n${body}\n`)
/** Output behind `Connected.` */
const shown = async (body: string): Promise<readonly string[]> => (await connected(body)).lines.slice(1)

describe('pages', () => {
  it('have headings, underlines and a row count', async () => {
    expect(await shown('set feedback on\ncol name for a12 trunc\nselect id, name, dept, hired from emp where id < 3;')).toEqual([
      '',
      '        ID NAME               DEPT HIRED',
      '---------- ------------ ---------- ---------',
      '         1 Ada                  10 31-JAN-20',
      '         2 Bob                  20 28-FEB-21',
      '',
      '2 rows selected.',
      '',
    ])
  })

  it('cut headings of text columns to their width and widen number columns', async () => {
    expect(await shown('select dummy, 1 as a_rather_long_heading from dual;')).toEqual(['', 'D A_RATHER_LONG_HEADING', '- ---------------------', 'X                     1', ''])
  })

  it('begin again after PAGESIZE lines', async () => {
    expect(await shown('set pagesize 5\nselect id from dept;')).toEqual(['', '        ID', '----------', '        10', '        20', '', '        ID', '----------', '        30', ''])
  })

  it('have neither headings nor blank lines with PAGESIZE 0', async () => {
    expect(await shown("set pages 0 feedback off\nselect 'a' from dual union all select 'b' from dual;")).toEqual(['a', 'b'])
    expect(await shown("set pages 0 feedback 1\nselect user from dual;")).toEqual(['SYS', '', '1 row selected.', ''])
    expect(await shown("set pages 0\nselect 'a' from dual;")).toEqual(['a', ''])
  })

  it('fold columns that do not fit into the line, with a blank line between rows', async () => {
    expect(await shown("set pages 0 feedback off lines 12\nselect 'abcdefgh', 'ijkl' || rownum from emp where rownum < 3;")).toEqual(['abcdefgh', 'ijkl1', '', 'abcdefgh', 'ijkl2', ''])
  })

  it('wrap or cut long values', async () => {
    expect(await shown("set pages 0 feedback off\ncol t for a4\nselect 'abcdefghij' t from dual;\nset wrap off\nselect 'abcdefghij' t from dual;")).toEqual(['abcd', 'efgh', 'ij', '', 'abcd'])
  })

  it('write numbers within NUMWIDTH', async () => {
    expect(await shown('set pages 0 feedback off\nselect 18446744073709551615 a, 1234567890, 1/3, -1/3, 0.5 from dual;\nset numw 20\nselect 18446744073709551615 from dual;')).toEqual(['1.8447E+19 1234567890 .333333333 -.33333333         .5', '18446744073709551615'])
  })

  it('follow COLUMN and SET', async () => {
    expect(await shown("set feedback off null ~\ncol dept heading Where for 099\ncol id noprint\ncol name for a5\nselect id, dept, name from emp where id = 4;\nset colsep '|' heading off\nselect 1, 'x' from dual;")).toEqual(['', 'Where NAME', '----- -----', '    ~ ~', '', '', '         1|x', ''])
  })

  it('can be CSV', async () => {
    expect(await shown('set markup csv on\nset feedback off\nselect id, name from dept where id < 30;')).toEqual(['', '"ID","NAME"', '10,"Ops"', '20,"Dev"', ''])
  })

  it('say when there is nothing', async () => {
    expect(await shown('select 1 from dual where 1 = 2;')).toEqual(['', 'no rows selected', ''])
    expect(await shown('set feedback off\nselect 1 from dual where 1 = 2;')).toEqual([])
  })
})

describe('scripts', () => {
  it('run statements at ; and / and after /', async () => {
    expect(await shown("set pages 0 feedback off\nselect\n  'one' -- not the end\n from dual;\n/\nselect 'two'\n from dual\n/\n")).toEqual(['one', 'one', 'two'])
  })

  it('end a statement at a blank line unless SQLBLANKLINES is on', async () => {
    expect(await shown("set pages 0 feedback off\nselect 'no'\n\nprompt next\nset sqlbl on\nselect 'yes'\n\nfrom dual;")).toEqual(['next', 'yes'])
  })

  it('drop a statement that never ends', async () => {
    expect(await shown("set pages 0\nselect 'x' from dual")).toEqual([])
  })

  it('know comments, PROMPT, continued commands and unknown words', async () => {
    expect(await shown('-- nothing\nREM nothing\n/* several\nlines */\nprompt  two words;\nset pages 0 -\n  feedback off\nselect dummy from dual;\nnonsense and more\n')).toEqual([' two words;', 'X', 'SP2-0734: unknown command beginning "nonsense a..." - rest of line ignored.'])
  })

  it('substitute variables while DEFINE is on', async () => {
    expect(await shown("set pages 0 feedback off verify off\ndefine t = dual\nselect 'a&b' from &t;\nignored\nset define off\nselect 'a&b' from dual;")).toEqual(['Enter value for b: aignored', 'a&b'])
  })

  it('take values from NEW_VALUE columns', async () => {
    expect(await shown("set pages 0 feedback off verify off\ncol n new_value next noprint\nselect max(id) n from dept;\nselect &next + 1 from dual;")).toEqual(['        31'])
  })

  it('refuse a line that is too long and go on', async () => {
    expect(await shown(`prompt ${'x'.repeat(2500)}\nprompt after`)).toEqual(['SP2-0027: Input is too long (> 2499 characters) - line ignored', 'after'])
  })

  it('are read from files', async () => {
    writeFileSync(path.join(directory, 'inner.sql'), 'prompt inner &1\n')
    expect(await shown('@inner.sql one\nstart inner two\n@missing\nprompt outer')).toEqual(['inner one', 'inner two', 'SP2-0310: unable to open file "missing.sql"', 'outer'])
  })

  it('refuse HOST', async () => {
    expect(await shown('host id\n!id')).toEqual(['SP2-0738: Restricted command "host" not available', 'SP2-0738: Restricted command "host" not available'])
  })

  it('spool what they print, padded unless TRIMSPOOL is on', async () => {
    await connected("set pages 0 feedback off lines 20\nspool out.log\nselect 'x' from dual;\nset trims on\nselect 'y' from dual;\nspool off\nselect 'z' from dual;")
    expect(readFileSync(path.join(directory, 'out.log'), 'utf8')).toBe(`${'x'.padEnd(20)}\ny\n`)
  })

  it.each([
    ['set nonsense on', 'SP2-0158: unknown SET option "nonsense"'],
    ['set lines 40000', 'SP2-0267: linesize option 40000 out of range (1 through 32767)'],
    ['set feedback maybe', 'SP2-0265: feedback must be set ON or OFF'],
    ['show nonsense', 'SP2-0158: unknown SHOW option "nonsense"'],
    ['whenever weather exit', 'SP2-0309: invalid WHENEVER option'],
    ['col x format q9', 'SP2-0246: Illegal FORMAT string "q9"'],
    ['startup sideways', 'SP2-0714: invalid combination of STARTUP options'],
    ['shutdown softly', 'SP2-0717: illegal SHUTDOWN option'],
    ['archive log everything', 'SP2-0718: illegal ARCHIVE LOG option'],
    ['show user', 'USER is "SYS"'],
    ['show linesize', 'linesize 80'],
    ['/', 'SP2-0103: Nothing in SQL buffer to run.'],
  ])('%s: %s', async (line, answer) => {
    expect(await shown(line)).toEqual([answer])
  })
})

describe('errors and exit codes', () => {
  it('stand below the place in the statement', async () => {
    expect(await shown('select dummy,\n       nope\n  from dual;')).toEqual(['       nope', '       *', 'ERROR at line 2:', 'ORA-00904: "NOPE": invalid identifier', '', ''])
  })

  it.each([
    ['select nope from dual;\nprompt on', 0],
    ['whenever sqlerror exit failure\nselect nope from dual;\nprompt on', 1],
    ['whenever sqlerror exit 7 rollback\nselect nope from dual;', 7],
    ['whenever sqlerror exit sql.sqlcode\nselect nope from dual;', 904 % 256],
    ['whenever sqlerror exit failure\nwhenever sqlerror continue\nselect nope from dual;', 0],
    ['whenever sqlerror exit failure\nnonsense', 0],
    ['whenever oserror exit failure\n@missing', 1],
    ['exit 3', 3],
    ['quit', 0],
    ['exit failure', 1],
    ['exit nonsense', 1],
  ])('%s: %i', async (script, code) => {
    expect((await connected(script)).code).toBe(code)
  })

  it('end a failed CONNECT with 1 when WHENEVER came before', async () => {
    const failed = await run('whenever sqlerror exit failure\nconn /@nope as sysdba\nprompt unreachable\n')
    expect(failed).toMatchObject({ code: 1, lines: ['ERROR:', 'ORA-12154: TNS:could not resolve the connect identifier specified', '', ''] })
    expect((await run('conn /@nope as sysdba\nselect 1 from dual;\n')).lines.at(-1)).toBe('SP2-0640: Not connected')
  })

  it('show a password to the instance, or ask for it', async () => {
    expect((await run('conn sys/secret as sysdba\n')).lines).toContain('ORA-01017: invalid username/password; logon denied')
    for (const script of ['conn scott/tiger\n', 'conn scott/"tiger"@orcl\n', 'conn scott@orcl\ntiger\n', 'conn scott\ntiger\n']) {
      const { lines, calls } = await run(script)
      expect(lines.at(-1)).toMatch(/^(Enter password: )?Connected\.$/)
      expect(calls[0]).toMatchObject({ kind: 'logon', as: 'none', username: 'SCOTT', password: 'tiger' })
    }
    expect((await run('conn "Scott"/tiger@orcl as sysdba\nshow user\n')).lines).toEqual(['Connected.', 'USER is "SYS"'])
    expect((await run('conn scott/\n\n')).lines).toContain('ORA-01017: invalid username/password; logon denied')
    expect((await run('conn /tiger\n')).lines[0]).toBe('SP2-0306: Invalid option.')
  })

  it('refuse SYS without SYSDBA', async () => {
    expect((await run('conn /@orcl\n')).lines).toContain('ORA-28009: connection as SYS should be as SYSDBA or SYSOPER')
  })

  it('commit at the end, unless told to roll back', async () => {
    const ends = async (script: string): Promise<unknown> => (await connected(script)).calls.at(-1)
    expect(await ends('')).toEqual({ kind: 'sql', text: 'commit' })
    expect(await ends('exit rollback')).toEqual({ kind: 'sql', text: 'rollback' })
  })
})

describe('the program', () => {
  it('hands NLS_DATE_FORMAT to the session, beside NLS_LANG', async () => {
    const script = 'conn /@orcl as sysdba\nset pages 0 feedback off\nselect sysdate from dual;\n'
    expect((await run(script, { env: { NLS_LANG: 'AMERICAN_AMERICA.AL32UTF8', NLS_DATE_FORMAT: 'yyyy-mm-dd hh24:mi:ss' } })).lines).toEqual(['Connected.', '2026-03-05 13:30:45'])
    expect((await run(script, { env: { NLS_DATE_FORMAT: 'yyyy' } })).lines).toEqual(['Connected.', '05-MAR-26'])
  })

  it('says that it is a simulator, and prompts, unless silent', async () => {
    const { lines, code } = await run('prompt hi\nexit\n', { argv: ['/', 'as', 'sysdba'] })
    expect(code).toBe(0)
    expect(lines[1]).toMatch(/^SQL\*Plus: Release 12\.1\.0\.2\.0 \(lab simulator, not Oracle software\)/)
    expect(lines.slice(3)).toEqual(['', 'Connected to:', 'Oracle Database Release 12.1.0.2.0 (lab simulator)', '', 'SQL> hi', 'SQL> Disconnected from the lab'])
    expect((await run('prompt hi\n', { argv: ['-S', 'scott/tiger@orcl'] })).lines).toEqual(['hi'])
  })

  it('runs @script from its arguments, then standard input', async () => {
    writeFileSync(path.join(directory, 'args.sql'), 'prompt from file &1\n')
    expect((await run('prompt from input\n', { argv: ['-S', '/nolog', '@args', 'x'] })).lines).toEqual(['from file x', 'from input'])
  })

  it('ends with 1 when the logon of its arguments fails', async () => {
    expect(await run('', { argv: ['-S', '-L', '/@nope', 'as', 'sysdba'] })).toMatchObject({ code: 1 })
    expect(await run('', { argv: ['-x'] })).toMatchObject({ code: 1 })
  })
})

describe('instances', () => {
  it('start in steps, with their memory', async () => {
    const { lines, calls } = await run("conn / as sysdba\nstartup pfile='/u01/init.ora'\n", { up: false })
    expect(lines).toEqual([
      'Connected to an idle instance.',
      'ORACLE instance started.',
      '',
      'Total System Global Area 3221225472 bytes',
      'Fixed Size                  2929552 bytes',
      'Variable Size             644245094 bytes',
      'Database Buffers         2560206346 bytes',
      'Redo Buffers               13844480 bytes',
      'Database mounted.',
      'Database opened.',
    ])
    expect(calls.map((call) => call.kind)).toEqual(['logon', 'sql', 'mount', 'open', 'sql'])
  })

  it('stop as far as NOMOUNT asked', async () => {
    expect((await run('conn / as sysdba\nstartup nomount\nselect status from v$instance;\n', { up: false })).lines.slice(-4)).toEqual(['STATUS', '------------', 'STARTED', ''])
  })

  it('shut down, and leave the session idle', async () => {
    expect(await shown('shutdown immediate\nselect 1 from dual;')).toEqual(['Database closed.', 'Database dismounted.', 'ORACLE instance shut down.', 'select 1 from dual', '*', 'ERROR at line 1:', 'ORA-01034: ORACLE not available', 'ORA-27101: shared memory realm does not exist', '', ''])
    expect(await shown('shutdown abort\nstartup mount\nshutdown')).toEqual(expect.arrayContaining(['Database mounted.', 'ORA-01109: database not open', 'Database dismounted.']))
  })

  it.each([
    ['conn / as sysdba\nstartup\n', true, 'ORA-01081: cannot start already-running ORACLE - shut it down first'],
    ['startup\n', false, 'ORA-01031: insufficient privileges'],
    ['conn / as sysdba\nshutdown abort\n', false, 'ORA-01034: ORACLE not available'],
    ["conn / as sysdba\nstartup nomount pfile='/missing.ora'\n", false, "LRM-00109: could not open parameter file '/missing.ora'"],
  ])('%s (running: %s): %s', async (script, up, message) => {
    expect((await run(script, { up })).lines).toContain(message)
  })

  it('list their archiving and parameters', async () => {
    expect(await shown('archive log list\nshow parameter recovery_file')).toEqual([
      'Database log mode              Archive Mode',
      'Automatic archival             Enabled',
      'Archive destination            /nfs/backup/orcl/archivelog/',
      'Oldest online log sequence     21',
      'Next log sequence to archive   23',
      'Current log sequence           23',
      '',
      'NAME                                 TYPE        VALUE',
      '------------------------------------ ----------- ------------------------------',
      'db_recovery_file_dest                string      /u01/fra',
      'db_recovery_file_dest_size           big integer 10G',
    ])
  })
})
