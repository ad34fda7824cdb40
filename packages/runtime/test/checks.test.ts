import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLease, checks, hostFacts, openJournal, pollUntil, runtimeErrorCatalogue, silentLogger, systemClock } from '../src/index.ts'
import { ManualClock, fakeProcessRunner, recordingLogger } from '../src/testing.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'icb-checks-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('checks', () => {
  const run = async (journalDir: string, leasePath = join(root, 'area', 'lease')) => {
    const results = await Promise.all(checks({ clock: systemClock, journalDir, protectedPaths: [join(root, 'area')], leasePath }).map(async (check) => [check.id, await check.run({ signal: new AbortController().signal })] as const))
    return Object.fromEntries(results.map(([id, result]) => [id, result.status]))
  }

  it('are fine on a fresh host, and leave nothing', async () => {
    expect(await run(join(root, 'journal'))).toEqual({ 'runtime.journal': 'ok', 'runtime.unfinished-runs': 'ok', 'runtime.lease': 'ok' })
    expect(await readdir(join(root, 'journal'))).toEqual([])
  })

  it('see a journal in the area, a run without end, a damaged lease', async () => {
    await mkdir(join(root, 'area'))
    expect(await run(join(root, 'area', 'state'))).toMatchObject({ 'runtime.journal': 'failed' })
    const journal = await openJournal(join(root, 'journal'), { action: 'backup', database: 'orcl', host: 'h', hostId: 'i', version: '0' }, { clock: systemClock, runId: 'r1' })
    await journal.close()
    await writeFile(join(root, 'area', 'lease'), 'x')
    expect(await run(join(root, 'journal'))).toEqual({ 'runtime.journal': 'ok', 'runtime.unfinished-runs': 'warning', 'runtime.lease': 'failed' })
    const lease = await acquireLease({ path: join(root, 'lease'), boundTo: 'a', runId: 'r', purpose: 'backup orcl', waitMs: 0, clock: systemClock, logger: silentLogger })
    expect(await run(join(root, 'journal'), join(root, 'lease'))).toMatchObject({ 'runtime.lease': 'ok' })
    await lease.release()
  })
})

describe('error catalogue', () => {
  it('has every code once', () => {
    const codes = runtimeErrorCatalogue.map((entry) => entry.code)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes).toEqual(expect.arrayContaining(['ICB_LEASE_HELD', 'ICB_LEASE_LOST', 'ICB_JOURNAL_LOCATION', 'ICB_PROCESS_START', 'ICB_DEADLINE_EXPIRED', 'ICB_STEPS_COMPENSATION_EXPIRED']))
  })
})

describe('host facts', () => {
  it('are stable', () => {
    expect(hostFacts()).toEqual(hostFacts())
    expect(hostFacts().hostId).toMatch(/^[0-9a-f]{8}$/)
  })
})

describe('system clock', () => {
  it('sleeps longer than a timer can, and wakes with the reason of an abort', async () => {
    const stop = new AbortController()
    const sleep = systemClock.sleep(2 ** 40, stop.signal)
    const early = await Promise.race([sleep.then(() => 'woke'), systemClock.sleep(30).then(() => 'still asleep')])
    expect(early).toBe('still asleep')
    stop.abort(new Error('why'))
    await expect(sleep).rejects.toThrow('why')
  })
})

describe('what tests get', () => {
  it('a clock that wakes sleepers in order, and those they start', async () => {
    const clock = new ManualClock('2026-01-01T00:00:00Z')
    const woken: string[] = []
    const stop = new AbortController()
    void clock.sleep(20).then(() => woken.push(`b${String(clock.monotonic())}`))
    void clock.sleep(10).then(async () => {
      woken.push(`a${String(clock.monotonic())}`)
      await clock.sleep(5)
      woken.push(`c${String(clock.monotonic())}`)
    })
    const stopped = clock.sleep(5, stop.signal)
    stop.abort(new Error('stop'))
    await expect(stopped).rejects.toThrow('stop')
    await clock.advance(30)
    expect(woken).toEqual(['a10', 'c15', 'b20'])
    expect(new Date(clock.now()).toISOString()).toBe('2026-01-01T00:00:00.030Z')
    expect(clock.sleeping).toBe(0)
  })

  it('polling under a turned clock', async () => {
    const clock = new ManualClock()
    const waiting = pollUntil({ clock, what: 'nothing', deadlineMs: 10_000 }, () => undefined)
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'ICB_DEADLINE_EXPIRED', details: { what: 'nothing' } })
    await clock.advance(11_000)
    await outcome
  })

  it('a process runner that answers from a script', async () => {
    const lines: string[] = []
    const runner = fakeProcessRunner([{ stdout: 'one\ntwo\n', exitCode: 1 }])
    const spec = { file: 'rman', args: [], env: {}, deadlineMs: 1, onLine: (line: string) => lines.push(line) }
    expect(await runner(spec)).toMatchObject({ exitCode: 1, tail: ['one', 'two'], lineCount: 2 })
    expect(lines).toEqual(['one', 'two'])
    expect(runner.calls).toEqual([spec])
    await expect(runner(spec)).rejects.toThrow('unexpected start')
  })

  it('a logger whose children write to the same list', () => {
    const logger = recordingLogger()
    logger.child({ runId: 'r' }).warn({ code: 'x' }, 'careful')
    expect(logger.lines).toEqual([{ level: 'warn', fields: { runId: 'r', code: 'x' }, message: 'careful' }])
  })
})
