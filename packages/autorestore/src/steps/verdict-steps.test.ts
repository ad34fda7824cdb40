import type { RmanEvent } from '@icb/rman'
import { describe, expect, it } from 'vitest'
import type { RestoreRun } from '../restore-run.ts'
import { switchToCopies } from './recovery-steps.ts'
import { validateBlocks, verify } from './verification-steps.ts'

type Rows = Readonly<Record<string, readonly object[]>>

/** A restored database that answers each query by its name, and an RMAN that tells these events and ends without an error. */
function restored({ rows = {}, events = [], ...run }: { readonly rows?: Rows; readonly events?: readonly object[] } & Partial<RestoreRun>): RestoreRun {
  const oracle = {
    sql: { query: (query: { readonly name: string }) => Promise.resolve(rows[query.name] ?? []) },
    rman: {
      run: ({ onEvent }: { readonly onEvent?: (event: RmanEvent) => void }) => {
        for (const event of events) onEvent?.(event as RmanEvent)
        return Promise.resolve({ ok: true, exitCode: 0, timedOut: false, errors: [], warnings: [], durationMs: 1, tail: [] })
      },
    },
  }
  return {
    oracle, findings: [], warnings: [], paths: ['/clone'], targetTime: '2026-03-01 10:00:00', verified: { scn: 100n, time: '2026-03-01 10:00:00' }, timeDifferenceSeconds: undefined, validation: undefined,
    manifest: { database: { cdb: false, release: '19.0.0.0.0' }, copies: [{ file: 1, status: 'SYSTEM' }, { file: 2, status: 'ONLINE' }, { file: 3, status: 'OFFLINE' }] },
    deps: { settings: { toleranceMinutes: 5, heartbeat: false, assertions: [], acceptedCorruption: [], deadlineMs: 1 }, clock: { now: () => 0 }, runId: 'run' },
    ...run,
  } as unknown as RestoreRun
}

const step = { signal: new AbortController().signal, summary: () => undefined, progress: () => undefined } as never
const file = (number: number, status: string, name = `/clone/f${String(number)}`): object => ({ file: number, tablespace: `T${String(number)}`, status, name })
const online = [file(1, 'SYSTEM'), file(2, 'ONLINE'), file(3, 'OFFLINE')]
const codes = (run: RestoreRun): readonly string[] => run.findings.map(({ code }) => code)

describe('what was restored', () => {
  it('[H11] is proven by its own headers without any query of the DBA', async () => {
    const run = restored({ rows: { 'v$datafile': online } })
    await verify.run(run, step)
    expect([codes(run), run.timeDifferenceSeconds]).toEqual([[], 0])
  })

  it.each([['newer', '2026-03-01 10:05:01', -301], ['older', '2026-03-01 09:54:59', 301]])('[H9] fails when it is %s than expected beyond the tolerance', async (word, time, seconds) => {
    const run = restored({ rows: { 'v$datafile': online }, verified: { scn: 100n, time } })
    await verify.run(run, step)
    expect([codes(run), run.timeDifferenceSeconds]).toEqual([['TIME_OUT_OF_TOLERANCE'], seconds])
    expect(run.findings[0]?.text).toContain(word)
  })

  it('[H9] [M:apply-and-verify] [K:customverifydate] [K:autorestoremaxtoleranceminutes] is compared by the query of the configuration, in both directions', async () => {
    const asked = (value: string | null, toleranceMinutes: number): RestoreRun => {
      const run = restored({ rows: { 'v$datafile': online, 'verification query': [{ value }] } })
      return { ...run, deps: { ...run.deps, settings: { ...run.deps.settings, verifyQuery: 'select max(d) from app.pulse', toleranceMinutes } } }
    }
    const outcomes = await Promise.all([['2026-03-01 10:04:00', 5], ['2026-03-01 10:06:00', 5], ['2026-03-01 09:50:00', 5], ['2026-03-01 09:50:00', 10], [null, 5]].map(async ([value, minutes]) => {
      const run = asked(value as string | null, minutes as number)
      await verify.run(run, step)
      return codes(run)
    }))
    expect(outcomes).toEqual([[], ['TIME_OUT_OF_TOLERANCE'], ['TIME_OUT_OF_TOLERANCE'], [], ['VERIFICATION_FAILED']])
  })

  it('[H8] fails for a file that is offline and was not when it was backed up', async () => {
    const run = restored({ rows: { 'v$datafile': [file(1, 'SYSTEM'), file(2, 'RECOVER'), file(3, 'OFFLINE'), file(4, 'OFFLINE')] } })
    await verify.run(run, step)
    expect(run.findings.map(({ code, text }) => `${code} ${text.slice(0, 6)}`)).toEqual(['DATAFILE_STATE file 2', 'DATAFILE_STATE file 4'])
  })

  it('[H4] is nothing while one file still has its name of production: recovery does not begin', async () => {
    const run = restored({ rows: { 'v$datafile': [file(1, 'SYSTEM'), file(2, 'ONLINE', '/u01/oradata/orcl/users01.dbf')] } })
    await expect(switchToCopies.run(run, step)).rejects.toMatchObject({ details: { reason: 'SWITCH_INCOMPLETE', messages: ['2: /u01/oradata/orcl/users01.dbf'] } })
  })
})

describe('[H7] block validation without an RMAN error', () => {
  const examined = (status: 'OK' | 'FAILED'): object => ({ type: 'validated', file: 2, status, blocksExamined: 10, failing: { data: 0, index: 0, other: 0 } })
  const corrupt = { file: 2, block: 7, blocks: 2, scn: 0n, type: 'CHECKSUM' }
  const unlogged = (corruptionScn: bigint): Rows => ({ 'v$nonlogged_block': [{ ...corrupt, corruptionScn, type: 'NOLOGGING' }] })
  const recorded = (unrecoverableScn: bigint, release = '19.0.0.0.0') => ({ database: { cdb: false, release }, copies: [{ file: 2, status: 'ONLINE', unrecoverableScn }] }) as unknown as NonNullable<RestoreRun['manifest']>
  const view = (row: object): Rows => ({ 'v$database_block_corruption': [row] })

  it.each<[string, readonly string[], number, Parameters<typeof restored>[0]]>([
    ['passes when nothing is corrupt', [], 0, { events: [examined('OK')] }],
    ['fails for rows of V$DATABASE_BLOCK_CORRUPTION', ['BLOCK_CORRUPT'], 2, { events: [examined('OK')], rows: view(corrupt) }],
    ['fails for a FAILED file that the view does not list', ['BLOCK_CORRUPT'], 0, { events: [examined('FAILED')] }],
    ['fails for the line that announces corrupt blocks', ['BLOCK_CORRUPT'], 0, { events: [examined('OK'), { type: 'corruption-found' }] }],
    ['does not fail for unlogged blocks', [], 0, { events: [examined('FAILED')], rows: view({ ...corrupt, type: 'NOLOGGING' }) }],
    ['does not fail for unlogged blocks of a file that had unlogged changes when it was backed up', [], 0, { events: [examined('OK')], rows: unlogged(90n), manifest: recorded(90n) }],
    ['fails for unlogged blocks of later than the database knew', ['BLOCK_CORRUPT'], 2, { events: [examined('OK')], rows: unlogged(91n), manifest: recorded(90n) }],
    ['fails for unlogged blocks of a file that had no unlogged change', ['BLOCK_CORRUPT'], 2, { events: [examined('OK')], rows: unlogged(0n), manifest: recorded(0n) }],
    ['reads V$DATABASE_BLOCK_CORRUPTION alone before 12.1', [], 0, { events: [examined('OK')], rows: unlogged(91n), manifest: recorded(90n, '11.2.0.4.0') }],
    ['fails when no block was read', ['VERIFICATION_FAILED'], 0, {}],
  ])('%s', async (_, expected, blocks, has) => {
    const run = restored(has)
    await validateBlocks.run(run, step)
    expect([codes(run), run.validation?.corruptBlocks]).toEqual([expected, blocks])
  })
})
