import { oracleErrors } from '@icb/oracle'
import type { SqlSession, TypedQuery } from '@icb/oracle'
import type { StepRun } from '@icb/runtime'
import { silentLogger } from '@icb/runtime'
import { expect, it } from 'vitest'
import type { RestoreRun } from '../restore-run.ts'
import type { RestoreTestSettings } from '../settings.ts'
import { heartbeatQuery } from '../heartbeat.ts'
import { verify } from './verification-steps.ts'

/** What the restored database says, against what was recorded: each finding with its reason. */

interface Restored {
  /** Answers by the text of the query; an error is thrown. */
  readonly answers?: Readonly<Record<string, string | null | Error>>
  /** Status of each datafile now. */
  readonly now?: Readonly<Record<number, string>>
  /** Status of each datafile at the backup. */
  readonly recorded?: Readonly<Record<number, string>>
  readonly settings?: Partial<RestoreTestSettings>
}

async function verified({ answers = {}, now = { 1: 'SYSTEM', 4: 'ONLINE' }, recorded = { 1: 'SYSTEM', 4: 'ONLINE' }, settings = {} }: Restored): Promise<RestoreRun> {
  const sql = {
    driver: 'sqlplus',
    query: (query: TypedQuery<Record<string, 'text'>>) => {
      if (query.name.startsWith('v$datafile')) return Promise.resolve(Object.entries(now).map(([file, status]) => ({ file: Number(file), status, tablespace: 'USERS' })))
      const answer = answers[query.sql]
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer === undefined ? [] : [{ value: answer }])
    },
    execute: () => Promise.resolve(),
    close: () => Promise.resolve(),
  } as unknown as SqlSession
  const run = {
    deps: { settings: { heartbeat: false, assertions: [], toleranceMinutes: 5, ...settings } },
    oracle: { sql },
    manifest: { database: { cdb: false }, copies: Object.entries(recorded).map(([file, status]) => ({ file: Number(file), status })) },
    targetTime: '2026-03-10 12:00:00', verified: { scn: 100n, time: '2026-03-10 11:59:58' }, findings: [], warnings: [], timeDifferenceSeconds: undefined,
  } as unknown as RestoreRun
  const step: StepRun = { runId: 'r', signal: new AbortController().signal, logger: silentLogger, progress: () => undefined, summary: () => undefined, warn: () => undefined, intend: () => Promise.resolve() }
  await verify.run(run, step)
  return run
}

const query = 'select max(d) from app.orders'
const reasons = (run: RestoreRun): readonly string[] => run.findings.map((finding) => finding.code)

it('compares the headers with the target where no query is configured', async () => {
  const run = await verified({})
  expect([reasons(run), run.timeDifferenceSeconds]).toEqual([[], 2])
})

it.each([
  ['just in time', '2026-03-10 11:55:00', [], 300],
  ['too old', '2026-03-10 11:54:59', ['TIME_OUT_OF_TOLERANCE'], 301],
  ['just not too new', '2026-03-10 12:05:00', [], -300],
  ['newer than what was asked for', '2026-03-10 12:05:01', ['TIME_OUT_OF_TOLERANCE'], -301],
])('the verification query: %s', async (_, answer, codes, difference) => {
  const run = await verified({ settings: { verifyQuery: `${query};` }, answers: { [query]: answer } })
  expect([reasons(run), run.timeDifferenceSeconds]).toEqual([codes, difference])
  if (codes.length > 0) expect(run.findings[0]?.text).toContain(difference > 0 ? 'older than' : 'newer than')
})

it('a verification query without a date verifies nothing', async () => {
  expect(reasons(await verified({ settings: { verifyQuery: query } }))).toEqual(['VERIFICATION_FAILED'])
  expect(reasons(await verified({ settings: { verifyQuery: query }, answers: { [query]: null } }))).toEqual(['VERIFICATION_FAILED'])
})

it('the heartbeat is compared too, and the worst difference counts', async () => {
  const run = await verified({ settings: { heartbeat: true, verifyQuery: query }, answers: { [query]: '2026-03-10 11:58:00', [heartbeatQuery({ cdb: false })]: '2026-03-10 11:50:00' } })
  expect([reasons(run), run.timeDifferenceSeconds]).toEqual([['TIME_OUT_OF_TOLERANCE'], 600])
  expect(run.findings[0]?.text).toContain('the heartbeat')
})

it('assertions are all asked; one that Oracle refuses is not met, a lost instance ends the test', async () => {
  const assertions = [
    { name: 'orders', expect: '>= 1000', sql: 'select count(*) from app.orders' },
    { name: 'nothing invalid', expect: 'no rows', sql: 'select object_name from dba_objects where status = \'INVALID\'' },
    { name: 'gone', expect: 'rows', sql: 'select 1 from app.dropped' },
  ]
  const refused = oracleErrors.SQL('ORA-00942: table or view does not exist', { details: { codes: ['ORA-00942'] } })
  const run = await verified({ settings: { assertions }, answers: { [assertions[0]?.sql ?? '']: '999', [assertions[2]?.sql ?? '']: refused } })
  expect(run.findings.map((finding) => [finding.code, finding.text])).toEqual([['ASSERTION_FAILED', 'orders: expected >= 1000, found 999'], ['ASSERTION_FAILED', expect.stringContaining('gone: ORA-00942')]])
  await expect(verified({ settings: { assertions }, answers: { [assertions[0]?.sql ?? '']: oracleErrors.CONNECT('ORA-03113: end-of-file') } })).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT' })
})

it.each<[string, Readonly<Record<number, string>>, Readonly<Record<number, string>>, readonly string[]]>([
  ['as it was', { 1: 'SYSTEM', 4: 'ONLINE' }, { 1: 'SYSTEM', 4: 'ONLINE' }, []],
  ['offline as it was', { 1: 'SYSTEM', 4: 'OFFLINE' }, { 1: 'SYSTEM', 4: 'OFFLINE' }, []],
  ['offline, and it was not', { 1: 'SYSTEM', 4: 'OFFLINE' }, { 1: 'SYSTEM', 4: 'ONLINE' }, ['DATAFILE_STATE']],
  ['in need of recovery', { 1: 'SYSTEM', 4: 'RECOVER' }, { 1: 'SYSTEM', 4: 'ONLINE' }, ['DATAFILE_STATE']],
  ['one that nobody recorded is offline', { 1: 'SYSTEM', 9: 'OFFLINE' }, { 1: 'SYSTEM' }, ['DATAFILE_STATE']],
])('the state of every file: %s', async (_, now, recorded, codes) => {
  expect(reasons(await verified({ now, recorded }))).toEqual(codes)
})
