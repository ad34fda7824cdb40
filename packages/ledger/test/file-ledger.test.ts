import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newRunId, Secret } from '@icb/runtime'
import { ManualClock, recordingLogger } from '@icb/runtime/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checks, createFileLedger, lastProven } from '../src/index.ts'
import type { KeptLedger, Verdict } from '../src/index.ts'

let root: string
let directory: string
let spoolDir: string
const clock = new ManualClock('2026-03-10T00:00:00Z')
const logger = recordingLogger()
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'icb-ledger-'))
  directory = join(root, 'ledger')
  spoolDir = join(root, 'spool')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const ledgerWith = (more: { shared?: boolean } = {}): KeptLedger => createFileLedger({ directory, spoolDir, shared: false, clock, logger, ...more })
const verdict = (runId: string, more: Partial<Verdict> = {}): Verdict => ({
  schema: 1,
  runId,
  database: 'orcl',
  outcome: 'passed',
  reasons: [],
  warnings: [],
  snapshot: 's1',
  startedAt: '2026-03-09T10:00:00.000Z',
  finishedAt: '2026-03-09T10:05:00.000Z',
  host: 'sandbox',
  target: { scn: '18446744073709551615' },
  ...more,
})
const opening = ({ runId, database, startedAt, host, snapshot }: Verdict) => ({ runId, database, startedAt, host, ...(snapshot === undefined ? {} : { snapshot }) })

describe('file ledger', () => {
  it('[H12] has a row from before the test, and its verdict after it', async () => {
    const ledger = ledgerWith()
    expect(await ledger.list()).toEqual([])
    const done = verdict('r1')
    await ledger.open(opening(done))
    expect(await ledger.find('r1')).toMatchObject({ state: 'running', database: 'orcl', snapshot: 's1' })
    await ledger.close(done)
    expect(await ledger.list()).toEqual([{ ...opening(done), state: 'closed', verdict: done }])
    expect(await ledger.find('r1')).toMatchObject({ state: 'closed', verdict: done })
    expect(await ledger.find('r2')).toBeUndefined()
  })

  it('takes a repetition, but no second verdict of the same run', async () => {
    const ledger = ledgerWith()
    await ledger.open(opening(verdict('r1')))
    await ledger.open(opening(verdict('r1')))
    await expect(ledger.open({ ...opening(verdict('r1')), host: 'other' })).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    await ledger.close(verdict('r1', { outcome: 'failed', reasons: [{ code: 'BLOCK_CORRUPT', text: 'file 4 block 7' }] }))
    await ledger.close(verdict('r1', { outcome: 'failed', reasons: [{ code: 'BLOCK_CORRUPT', text: 'file 4 block 7' }] }))
    await expect(ledger.close(verdict('r1'))).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    expect((await ledger.find('r1'))?.verdict?.outcome).toBe('failed')
    // The second one would wait in the spool for ever.
    expect(await ledger.flushSpool()).toEqual({ stored: 0, left: 0 })
  })

  it('lists newest first, filtered and limited', async () => {
    const ledger = ledgerWith()
    for (const [runId, database, startedAt, snapshot] of [
      ['r1', 'orcl', '2026-03-01T00:00:00Z', 's1'],
      ['r2', 'orcl', '2026-03-03T00:00:00+02:00', 's2'],
      ['r3', '../sales db', '2026-03-02T00:00:00Z', 's1'],
    ] as const) await ledger.close(verdict(runId, { database, startedAt, snapshot }))
    const ids = async (filter: Parameters<KeptLedger['list']>[0]): Promise<string[]> => (await ledger.list(filter)).map((entry) => entry.runId)
    expect(await ids({})).toEqual(['r2', 'r3', 'r1'])
    expect(await ids({ database: 'orcl' })).toEqual(['r2', 'r1'])
    expect(await ids({ database: '../sales db' })).toEqual(['r3'])
    expect(await ids({ snapshot: 's1' })).toEqual(['r3', 'r1'])
    expect(await ids({ since: '2026-03-02T00:00:00Z' })).toEqual(['r2', 'r3'])
    expect(await ids({ limit: 1 })).toEqual(['r2'])
    expect((await readdir(root)).sort()).toEqual(['ledger'])
  })

  it('of ten years, reads only the rows that the question is about', async () => {
    const ledger = ledgerWith()
    const now = clock.now()
    const at = (days: number): string => new Date(now - days * 86_400_000).toISOString()
    const idOf = (days: number): string => newRunId(new ManualClock(at(days)), 'deadbeef')
    for (const days of [1, 2, 3]) await ledger.close(verdict(idOf(days), { startedAt: at(days), finishedAt: at(days) }))
    // A run that waited six days for its slot is as young as its row.
    await ledger.close(verdict(idOf(9), { startedAt: at(3.5), finishedAt: at(3) }))
    // Whatever is read of these would be a problem in the log.
    const folder = join(directory, 'orcl')
    for (let days = 20; days < 3650; days += 10) await writeFile(join(folder, `${idOf(days)}.verdict.json`), 'not read')
    const before = logger.lines.length
    expect(await ledger.list({ database: 'orcl', since: at(5) })).toHaveLength(4)
    expect(await ledger.list({ limit: 2 })).toMatchObject([{ startedAt: at(1) }, { startedAt: at(2) }])
    expect(logger.lines.slice(before)).toEqual([])
    // Where a row is asked for that only old ones could be, they are read.
    await ledger.list({ limit: 5 })
    expect(logger.lines.slice(before)).toHaveLength(363)
  })

  it('takes rows of many writers at once', async () => {
    const writers = [ledgerWith(), ledgerWith(), ledgerWith()]
    await Promise.all(Array.from({ length: 30 }, (_, i) => writers[i % 3]!.close(verdict(`r${String(i)}`))))
    expect(await writers[0]!.list()).toHaveLength(30)
  })

  it('refuses a verdict that contradicts itself', async () => {
    const ledger = ledgerWith()
    await expect(ledger.close(verdict('r1', { reasons: [{ code: 'BLOCK_CORRUPT', text: 'x' }] }))).rejects.toMatchObject({ code: 'ICB_LEDGER_INVALID' })
    await expect(ledger.close(verdict('r1', { finishedAt: 'noon' }))).rejects.toMatchObject({ code: 'ICB_LEDGER_INVALID' })
    expect(await ledger.list()).toEqual([])
  })

  it('[H13] spools a verdict that cannot be stored, fails, and brings it in later', async () => {
    // A file where the directory should be: fails for root too.
    await writeFile(directory, '')
    const ledger = ledgerWith()
    await expect(ledger.open(opening(verdict('r1')))).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    await expect(ledger.close(verdict('r1'))).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE', remedy: 'operator' })
    expect(await readdir(spoolDir)).toEqual(['r1.verdict.json'])
    expect(await ledger.flushSpool()).toEqual({ stored: 0, left: 1 })
    await rm(directory)
    expect(await ledger.flushSpool()).toEqual({ stored: 1, left: 0 })
    expect((await ledger.list())[0]?.verdict).toEqual(verdict('r1'))
    expect(await ledger.flushSpool()).toEqual({ stored: 0, left: 0 })
  })

  it('a shared directory that is not mounted is an error, not an empty ledger', async () => {
    const ledger = ledgerWith({ shared: true })
    await expect(ledger.list()).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    await expect(ledger.close(verdict('r1'))).rejects.toMatchObject({ code: 'ICB_LEDGER_STORE' })
    expect((await readdir(root)).sort()).toEqual(['spool'])
    await mkdir(directory)
    await ledger.flushSpool()
    expect(await ledger.list()).toHaveLength(1)
  })

  it('skips torn and hostile files, and reports them, and tests that never ended', async () => {
    const ledger = ledgerWith()
    await ledger.close(verdict('good'))
    const folder = join(directory, 'orcl')
    const text = await readFile(join(folder, 'good.verdict.json'), 'utf8')
    await writeFile(join(folder, 'torn.verdict.json'), text.slice(0, 100))
    await writeFile(join(folder, 'other.verdict.json'), text)
    await writeFile(join(folder, 'odd.verdict.json'), '{"__proto__":{"runId":"odd"},"state":"closed"}')
    await mkdir(join(folder, 'folder.open.json'))
    await writeFile(join(folder, '.x.tmp'), 'half')
    await writeFile(join(directory, 'stray'), 'x')
    await ledger.open({ runId: 'old', database: 'orcl', startedAt: '2026-03-01T00:00:00Z', host: 'sandbox' })
    await ledger.open({ runId: 'now', database: 'orcl', startedAt: '2026-03-09T23:00:00Z', host: 'sandbox' })
    expect((await ledger.list()).map((entry) => entry.runId)).toEqual(['now', 'good', 'old'])
    const problems = await ledger.problems()
    expect(problems.map((problem) => problem.path.slice(folder.length + 1)).sort()).toEqual(['folder.open.json', 'odd.verdict.json', 'old.open.json', 'other.verdict.json', 'torn.verdict.json'])
    expect(logger.lines.some((line) => line.level === 'warn')).toBe(true)
  })

  it('keeps no secret', async () => {
    new Secret('ledger-secret-77', 'test')
    const ledger = ledgerWith()
    await ledger.close(verdict('r1', { outcome: 'failed', reasons: [{ code: 'OPEN_FAILED', text: 'conn sys/ledger-secret-77' }], warnings: ['ledger-secret-77'] }))
    expect(await readFile(join(directory, 'orcl', 'r1.verdict.json'), 'utf8')).not.toContain('ledger-secret-77')
  })
})

describe('lastProven', () => {
  it('is the newest passed test of each snapshot', async () => {
    const ledger = ledgerWith()
    const reasons = [{ code: 'OPEN_FAILED', text: 'x' }] as const
    await ledger.close(verdict('r1', { finishedAt: '2026-03-01T00:00:00Z' }))
    await ledger.close(verdict('r2', { finishedAt: '2026-03-02T00:00:00Z' }))
    await ledger.close(verdict('r3', { finishedAt: '2026-03-03T00:00:00Z', outcome: 'failed', reasons }))
    await ledger.close(verdict('r4', { snapshot: 's2', outcome: 'inconclusive', reasons }))
    await ledger.close(verdict('r5', { snapshot: 's3', database: 'other' }))
    await ledger.open(opening(verdict('r6', { snapshot: 's4' })))
    expect([...(await lastProven(ledger, 'orcl'))]).toEqual([['s1', '2026-03-02T00:00:00Z']])
  })
})

describe('checks', () => {
  const run = async (ledger: KeptLedger) => Object.fromEntries(await Promise.all(checks({ ledger }).map(async (check) => [check.id, (await check.run({ signal: new AbortController().signal })).status] as const)))

  it('are fine for a good shared ledger', async () => {
    await mkdir(directory)
    expect(await run(ledgerWith({ shared: true }))).toEqual({ 'ledger.writable': 'ok', 'ledger.rows': 'ok', 'ledger.shared': 'ok' })
    expect(await readdir(directory)).toEqual([])
  })

  it('tell what is wrong', async () => {
    expect(await run(ledgerWith({ shared: true }))).toEqual({ 'ledger.writable': 'failed', 'ledger.rows': 'failed', 'ledger.shared': 'ok' })
    await mkdir(join(directory, 'orcl'), { recursive: true })
    await writeFile(join(directory, 'orcl', 'x.open.json'), '{')
    expect(await run(ledgerWith())).toEqual({ 'ledger.writable': 'ok', 'ledger.rows': 'warning', 'ledger.shared': 'warning' })
  })
})
