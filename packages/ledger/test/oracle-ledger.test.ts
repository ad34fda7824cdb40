import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOracledbSession, createSqlPlusSession, oracleEnvironment } from '@icb/oracle'
import type { SqlSession } from '@icb/oracle'
import { createProcessRunner, Secret, silentLogger, systemClock } from '@icb/runtime'
import { createStage } from '@icb/testing'
import type { Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checks, createOracleLedger, lastProven, proofStatistics } from '../src/index.ts'
import type { OracleLedger, Verdict } from '../src/index.ts'

/** The ledger in a schema of the lab, over SQL*Plus with the wallet and over node-oracledb with a password, and the SQL that monitors the original's rows. */

const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
const name = `c${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const timeout = 120_000
let stage: Stage
let root: string
let owner: SqlSession

const sqlplus = (connect: string, privilege: 'none' | 'sysdba', sid?: string): SqlSession => {
  const oracleHome = join(stage.labDirectory, 'hosts', 'prod', 'home')
  return createSqlPlusSession({ oracleHome, connect, privilege, runProcess, logger: silentLogger, env: oracleEnvironment({ oracleHome, home: join(stage.directory, 'home'), tnsAdmin: join(stage.labDirectory, 'tns'), ...(sid === undefined ? {} : { sid }) }) })
}
const thin = (): SqlSession =>
  createOracledbSession({ driver: 'thin', connectString: name, user: 'autorestore', password: () => Promise.resolve(new Secret('Complex-password-1', 'ledger')), privilege: 'none', tnsAdmin: join(stage.labDirectory, 'tns'), clock: systemClock, logger: silentLogger })
const ledgerOver = (connect: () => SqlSession, spool = 'spool'): OracleLedger => createOracleLedger({ connect, place: `/@${name}`, spoolDir: join(root, spool), clock: systemClock, logger: silentLogger })
const overSqlplus = (): OracleLedger => ledgerOver(() => sqlplus(`/@${name}`, 'none'))
const overThin = (): OracleLedger => ledgerOver(thin)

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
const verdict = (runId: string, more: Partial<Verdict> = {}): Verdict => ({
  schema: 1, runId, database: 'orcl', outcome: 'passed', reasons: [], warnings: [], snapshot: `orcl-${runId}`, startedAt: ago(30), finishedAt: ago(20), host: 'sandbox',
  target: { scn: '18446744073709551615', time: ago(40) }, timeDifferenceSeconds: 12, restoreSeconds: 95, validation: { ran: true, blocksExamined: 1000, corruptBlocks: 0 }, ...more,
})
const opening = ({ runId, database, startedAt, host, snapshot }: Verdict) => ({ runId, database, startedAt, host, ...(snapshot === undefined ? {} : { snapshot }) })

/** What a monitoring system asks of the original's tables: databases whose newest test of 30 days failed, and those of 30 days without one in the last two. */
const failedLast = `select db_unique_name from (select db_unique_name, success, row_number() over (partition by db_unique_name order by start_time desc) n from restoreaction where start_time > sysdate - 30) where n = 1 and success = 0 order by 1`
const notTested = `select db_unique_name from restoreaction where start_time > sysdate - 30 group by db_unique_name having max(start_time) < sysdate - 2 order by 1`
const names = async (sql: string): Promise<readonly string[]> => (await owner.query({ name: 'monitoring', sql, columns: { name: 'text!' } })).map((row) => row.name)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'icb-oracle-ledger-'))
  stage = await createStage({ database: `p${name}`, labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
  const made = await stage.lab(['add-database', stage.labDirectory, name, '--user', 'autorestore', '--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'])
  if (made.exitCode !== 0) throw new Error(made.stderr)
  const started = await stage.lab(['start', stage.labDirectory, name])
  if (started.exitCode !== 0) throw new Error(started.stderr)
  await sqlplus('/', 'sysdba', name).execute([
    'create user autorestore identified by "Complex-password-1"',
    'grant create session, create table, create sequence, create procedure, create view, create job to autorestore',
    'alter user autorestore quota unlimited on users',
  ])
  owner = thin()
}, timeout)
afterAll(async () => {
  await (owner as SqlSession | undefined)?.close()
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  await rm(root, { recursive: true, force: true })
}, 60_000)

describe('a ledger in an Oracle schema', () => {
  it('[M:result-catalog] says how its tables are made, makes them once, and keeps those of the original', async () => {
    const ledger = overThin()
    await expect(ledger.list()).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE', hint: expect.stringContaining('icb ledger create') as unknown })
    // As the original left them, with two of its rows: one that passed with validation, one that failed.
    await owner.execute([
      'create sequence restoreaction_seq',
      `create table restoreaction (id number primary key, db_unique_name varchar2(100) not null, start_time date not null, finish_time date not null, success number(1) not null, logfile varchar2(500), logfilecontents clob,
         verificationtimediffseconds number, snapid varchar2(200), restore_target date, validated_corruption number(1) default 0 not null, unique (db_unique_name, start_time, success))`,
      "insert into restoreaction (id, db_unique_name, start_time, finish_time, success, verificationtimediffseconds, snapid, validated_corruption) values (restoreaction_seq.nextval, 'old1', sysdate - 5, sysdate - 5 + 1/24, 1, 61, 'old1-20161017T093914', 1)",
      "insert into restoreaction (id, db_unique_name, start_time, finish_time, success, verificationtimediffseconds, snapid, validated_corruption) values (restoreaction_seq.nextval, 'old2', sysdate - 1, sysdate - 1 + 1/24, 0, -1, null, 1)",
    ])
    expect((await ledger.create()).map((object) => object.name)).toEqual(['RESTORELOB', 'LOG_RETENTION', 'ICB_RESTORE_TEST', 'ICB_RESTORE_TEST_ROW'])
    expect(await ledger.create()).toEqual([])
    expect(await ledger.missing()).toEqual([])
  }, timeout)

  it("shows the original's rows as verdicts", async () => {
    const [old2, old1] = await overThin().list()
    expect(old1).toMatchObject({ runId: 'restoreaction-1', database: 'old1', snapshot: 'old1-20161017T093914', verdict: { outcome: 'passed', timeDifferenceSeconds: 61, validation: { ran: true } } })
    expect(old1?.verdict?.warnings[0]).toContain('did not fail for corrupt blocks')
    expect(Math.abs(Date.parse(old1?.startedAt ?? '') - (Date.now() - 5 * 86_400_000))).toBeLessThan(60_000)
    // It marked a validation that it had planned; a failed test proves nothing about blocks.
    expect(old2).toMatchObject({ runId: 'restoreaction-2', verdict: { outcome: 'failed', reasons: [{ code: 'INTERNAL' }], validation: { ran: false } } })
    expect(old2?.verdict).not.toHaveProperty('timeDifferenceSeconds')
    expect(await overThin().find('restoreaction-1')).toEqual(old1)
    expect(proofStatistics('old1', await overThin().list({ database: 'old1' }))).toMatchObject({ tests: 1, passed: 1, lastOutcome: 'passed' })
    expect([await names(failedLast), await names(notTested)]).toEqual([['old2'], ['old1']])
  }, timeout)

  it.each([['SQL*Plus and the wallet', overSqlplus], ['node-oracledb and a password', overThin]])('[H12] [M:wallet] [K:autorestorecatalog] stores a row before the test and its verdict after it, over %s', async (_, make) => {
    const ledger = make()
    const run = `r-${make === overSqlplus ? 'wallet' : 'thin'}`
    const database = make === overSqlplus ? 'orcl' : 'hr'
    const logFile = join(root, `${run}.log`)
    await writeFile(logFile, `begun ü\n${'line | with "all" \\ that\'s odd\n'.repeat(400)}ended\n`)
    const done = verdict(run, { database, logFile, warnings: ['größer | "q" \\ \n new line'] })
    await ledger.open(opening(done))
    await ledger.open(opening(done))
    expect(await ledger.find(run)).toEqual({ ...opening(done), state: 'running' })
    // A running test is no failed one for whoever watches the original's table.
    expect(await names(failedLast)).not.toContain(database)
    await ledger.close(done)
    await ledger.close(done)
    expect(await ledger.list({ database })).toEqual([{ ...opening(done), state: 'closed', verdict: done }])
    const other = ledgerOver(() => sqlplus(`/@${name}`, 'none'), 'spool-of-another')
    await expect(other.close({ ...done, restoreSeconds: 1 })).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    await expect(ledger.open({ ...opening(done), runId: `${run}2`, host: 'a' }).then(() => ledger.open({ ...opening(done), runId: `${run}2`, host: 'b' }))).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    const [row] = await owner.query({
      name: 'row', sql: `select success, snapid, verificationtimediffseconds, validated_corruption, round((finish_time - start_time) * 1440), round((sysdate - start_time) * 1440), round((sysdate - restore_target) * 1440), dbms_lob.getlength(logfilecontents), dbms_lob.substr(logfilecontents, 8, 1) from restoreaction where db_unique_name = '${database}'`,
      columns: { success: 'number!', snapid: 'text!', difference: 'number!', validated: 'number!', minutes: 'number!', started: 'number!', target: 'number!', length: 'number!', begin: 'text!' },
    })
    expect(row).toEqual({ success: 1, snapid: `orcl-${run}`, difference: 12, validated: 1, minutes: 10, started: 30, target: 40, length: 8 + 400 * 31 + 6, begin: 'begun ü\n' })
    expect(await lastProven(ledger, database)).toEqual(new Map([[`orcl-${run}`, done.finishedAt]]))
  }, timeout)

  it('a failed one is what the monitoring SQL of the original finds; a restore that somebody asked for is no test', async () => {
    const ledger = overThin()
    const reasons = [{ code: 'BLOCK_CORRUPT', text: 'file 4 block 7' }] as const
    await ledger.close(verdict('r-bad', { database: 'bad', outcome: 'failed', reasons, validation: { ran: true, blocksExamined: 10, corruptBlocks: 2 } }))
    await ledger.close(verdict('r-copy', { database: 'copy', action: 'restore' }))
    expect(await names(failedLast)).toEqual(['bad', 'old2'])
    expect(await names("select db_unique_name from restoreaction where db_unique_name = 'copy'")).toEqual([])
    const summary = await owner.query({ name: 'own', sql: "select outcome, reasons, corrupt_blocks from icb_restore_test where run_id = 'r-bad'", columns: { outcome: 'text!', reasons: 'text!', corrupt: 'number!' } })
    expect(summary).toEqual([{ outcome: 'failed', reasons: 'BLOCK_CORRUPT', corrupt: 2 }])
    expect((await ledger.list({ since: ago(24 * 60 + 30), limit: 2 })).map((entry) => entry.runId)).toHaveLength(2)
  }, timeout)

  it('what doctor asks is answered; a test that never ended is told', async () => {
    const ledger = overThin()
    await ledger.open({ runId: 'r-lost', database: 'orcl', startedAt: ago(2 * 1440), host: 'sandbox' })
    const results = await Promise.all(checks({ ledger }).map(async (check) => [check.id, await check.run({ signal: new AbortController().signal })] as const))
    expect(Object.fromEntries(results.map(([id, result]) => [id, result.status]))).toEqual({ 'ledger.writable': 'ok', 'ledger.rows': 'warning', 'ledger.shared': 'ok' })
    expect((await ledger.problems()).map((problem) => problem.path)).toEqual(['ICB_RESTORE_TEST, run r-lost'])
    expect(await names("select run_id from icb_restore_test where run_id like 'probe%'")).toEqual([])
  }, timeout)

  it('keeps rows in the spool while the database is down, and brings them in when it is back', async () => {
    const ledger = overThin()
    await stage.lab(['stop', stage.labDirectory, name, '--abort'])
    const done = verdict('r-night', { database: 'night' })
    await ledger.open(opening(done))
    expect(await readdir(join(root, 'spool'))).toEqual(['r-night.open.json'])
    await expect(ledger.close(done)).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    expect(await readdir(join(root, 'spool'))).toEqual(['r-night.verdict.json'])
    await expect(ledger.list()).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    expect(await ledger.flushSpool()).toEqual({ stored: 0, left: 1 })
    const started = await stage.lab(['start', stage.labDirectory, name])
    expect(started.exitCode).toBe(0)
    await owner.close()
    owner = thin()
    expect(await ledger.flushSpool()).toEqual({ stored: 1, left: 0 })
    expect(await ledger.list({ database: 'night' })).toEqual([{ ...opening(done), state: 'closed', verdict: done }])
    expect(await names(notTested)).toEqual(['old1'])
  }, timeout)
})
