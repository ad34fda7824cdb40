import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createProcessRunner, pollUntil, silentLogger, systemClock } from '@icb/runtime'
import type { ProcessRunner } from '@icb/runtime'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSqlPlusSession, oracleEnvironment } from '../src/index.ts'
import type { SqlPlusSessionOptions, SqlSession, TypedQuery } from '../src/index.ts'

const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
let home = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'icb-oracle-'))
  await mkdir(join(home, 'bin'))
  const fixture = fileURLToPath(new URL('fixtures/fake-sqlplus.mjs', import.meta.url))
  await writeFile(join(home, 'bin/sqlplus'), `#!/bin/sh\nexec '${process.execPath}' '${fixture}' "$@"\n`, { mode: 0o755 })
})
afterAll(() => rm(home, { recursive: true, force: true }))

function session(behaviour: string, rows: readonly (readonly (string | null)[])[] = [], more: Partial<SqlPlusSessionOptions> & { readonly script?: string } = {}): SqlSession {
  const { script, ...rest } = more
  const env = { ...oracleEnvironment({ oracleHome: home, home: '/tmp' }), FAKE_BEHAVIOUR: behaviour, FAKE_ROWS: JSON.stringify(rows), ...(script === undefined ? {} : { FAKE_SCRIPT: script }) }
  return createSqlPlusSession({ oracleHome: home, connect: '/@orcl', env, runProcess, logger: silentLogger, ...rest })
}

const everything = { number: 'number!', scn: 'scn!', text: 'text', date: 'date', stamp: 'timestamptz', flag: 'yesno' } as const
const query: TypedQuery<typeof everything> = { name: 'everything', columns: everything, sql: 'select 1, 2, a, b, c, d from t' }
const row = ['-1.5', '18446744073709551615', ' a|b\\c\nd\te\r ', '2026-03-29 02:30:00', '2026-03-29T02:30:00.123+02:00', 'YES']
const expected = { number: -1.5, scn: 18_446_744_073_709_551_615n, text: ' a|b\\c\nd\te\r ', date: '2026-03-29 02:30:00', stamp: '2026-03-29T02:30:00.123+02:00', flag: true }
const nulls = { number: 0, scn: 0n, text: null, date: null, stamp: null, flag: null }

describe('typed rows', () => {
  it.each(['rows', 'folded', 'padded'])('are exact when the output is %s', async (layout) => {
    expect(await session(layout, [row, ['0', '0', null, null, null, null]]).query(query)).toEqual([expected, nulls])
  })

  it('no rows is an empty answer', async () => {
    expect(await session('rows').query(query)).toEqual([])
  })

  it('queries asked in one turn share a process, in their order; a later one has its own', async () => {
    const script = join(home, 'shared.sql')
    let processes = 0
    const counting: ProcessRunner = (spec, options) => {
      processes++
      return runProcess(spec, options)
    }
    const sql = session('rows', [row], { script, runProcess: counting })
    const other = { ...query, name: 'other', sql: 'select 1, 2, a, b, c, d from u' }
    expect(await Promise.all([sql.query(query), sql.query(other)])).toEqual([[expected], [expected]])
    expect(processes).toBe(1)
    const text = await readFile(script, 'utf8')
    expect(text.indexOf('from t')).toBeLessThan(text.indexOf('from u'))
    await sql.query(query)
    expect(processes).toBe(2)
  })

  it('an error of queries asked together is told to the one whose it is', async () => {
    const sql = session('error')
    const results = await Promise.allSettled([sql.query(query), sql.query({ ...query, name: 'other' })])
    expect(results).toMatchObject([
      { status: 'rejected', reason: { code: 'ICB_ORACLE_SQL', message: expect.stringMatching(/^everything:/) as string } },
      { status: 'rejected', reason: { code: 'ICB_ORACLE_SQL', message: expect.stringMatching(/^other:/) as string } },
    ])
  })

  it.each([
    ['truncated', 'the output without its end'],
    ['half-row', 'a row that is cut off'],
    ['noise', 'a line that is no row'],
  ])('%s output is refused: %s', async (behaviour) => {
    await expect(session(behaviour, [row]).query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_PROTOCOL' })
  })

  it.each([
    ['a null where none is allowed', [null, '0', null, null, null, null]],
    ['a number that is none', ['x', '0', null, null, null, null]],
    ['a number that a double cannot hold', ['9007199254740993', '0', null, null, null, null]],
    ['an SCN above 64 bits', ['0', '18446744073709551616', null, null, null, null]],
    ['an SCN with an exponent', ['0', '1E10', null, null, null, null]],
    ['a date in another format', ['0', '0', null, '29-MAR-26', null, null]],
    ['a flag that is neither', ['0', '0', null, null, null, 'MAYBE']],
    ['a field too many', [...row, 'x']],
  ])('%s is refused', async (_, values) => {
    await expect(session('rows', [values]).query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_PROTOCOL' })
  })

  it('any text survives the way', async () => {
    const texts = fc.sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }).filter((text) => !text.includes('\0') && !/[\ud800-\udfff]/.test(text)), 300)
    const columns = { text: 'text!' } as const
    const found = await session('rows', texts.map((text) => [text])).query({ name: 'texts', columns, sql: 'select a from t' } satisfies TypedQuery<typeof columns>)
    expect(found.map((entry) => entry.text)).toEqual(texts)
  })
})

describe('errors', () => {
  it('of a statement carry their codes', async () => {
    await expect(session('error').query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: ['ORA-00942'] } })
  })

  it('of SQL*Plus itself count although its exit status does not show them', async () => {
    await expect(session('sp2').query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: ['SP2-0734'] } })
  })

  it('of the connect are told apart', async () => {
    await expect(session('refused').query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { codes: ['ORA-12545'] } })
    await expect(session('idle').query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { idle: true, codes: ['ORA-01034'] } })
  })

  it('a password that expires soon is news, not an error', async () => {
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message?: string) => void warnings.push(message ?? '') }
    expect(await session('expiring', [row], { logger }).query(query)).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('ORA-28002')])
  })

  it('a deadline ends the program', async () => {
    await expect(session('hang').query(query, { deadlineMs: 500 })).rejects.toMatchObject({ code: 'ICB_ORACLE_TIMEOUT' })
  })

  it('an abort ends the program with its reason', async () => {
    const controller = new AbortController()
    const reason = new Error('lost')
    const script = join(home, 'script-abort.sql')
    const running = session('hang', [], { script }).query(query, { signal: controller.signal })
    const rejected = expect(running).rejects.toBe(reason)
    await pollUntil({ clock: systemClock, what: 'the program', deadlineMs: 10_000 }, () => existsSync(script) || undefined)
    controller.abort(reason)
    await rejected
  })

  it.each(['sys/secret@orcl as sysdba', '/@a\nhost id', '/@a b', ''])('the connect string %j is refused and not repeated', async (connect) => {
    await expect(session('rows', [], { connect }).query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_STATEMENT', message: expect.not.stringContaining('secret') })
  })

  it('a closed session answers no more', async () => {
    const closed = session('rows')
    await closed.close()
    await expect(closed.query(query)).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT' })
  })
})

describe('the script', () => {
  it('guards before the connect, settings again behind it, the end mark last', async () => {
    const script = join(home, 'script-1.sql')
    await session('rows', [], { script, privilege: 'sysbackup' }).query({ ...query, sql: "select 1, 2, a, b, c, d\n\nfrom t -- all of it\nwhere a = :a" }, { binds: { a: "o'x\n/\n@y" } })
    const lines = (await readFile(script, 'utf8')).split('\n')
    const connect = lines.indexOf('conn /@orcl as sysbackup')
    expect(lines.slice(0, connect)).toContain('whenever sqlerror exit failure')
    expect(lines.slice(connect)).toContain('whenever oserror exit failure')
    expect(lines.slice(-4, -1)).toEqual([expect.stringMatching(/ from q;$/), 'prompt ICB.END', 'exit success'])
    expect(lines.some((line) => line.includes("where a = ('o''x' || chr(10) || '/' || chr(10) || '@y')"))).toBe(true)
  })

  it('statements run in order; PL/SQL ends with a slash', async () => {
    const script = join(home, 'script-2.sql')
    await session('rows', [], { script }).execute(['alter system archive log current', 'begin null; end;', 'alter system set a = :a'], { binds: { a: 5 } })
    const text = await readFile(script, 'utf8')
    expect(text).toContain('prompt ICB.CONNECTED\nalter system archive log current;\nbegin null; end;\n/\nalter system set a = 5;\nprompt ICB.END\n')
  })

  it.each(['host rm -rf /', '!id', '@script', 'spool /x', 'conn /', 'exit', 'set serveroutput on', 'alter system x; drop user y', ''])('%j is no statement', async (statement) => {
    await expect(session('rows').execute([statement])).rejects.toMatchObject({ code: 'ICB_ORACLE_STATEMENT' })
  })
})
