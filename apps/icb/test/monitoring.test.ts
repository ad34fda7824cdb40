import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderHtmlReport, usualThresholds } from '@icb/monitoring'
import type { DatabaseFacts } from '@icb/monitoring'
import { findPrograms, ownedDirectory, runProgram } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** What `icb report` writes, read by the programs that it is meant for. `npm run proof:monitoring` has them. */

const promtool = process.env['ICB_PROMTOOL'] ?? '/usr/bin/promtool'
const chromium = process.env['ICB_CHROMIUM'] ?? '/usr/bin/chromium'
/** Where the screenshots are kept for somebody to look at; else they go with the test's directory. */
const keep = process.env['ICB_SCREENSHOTS']

const wanted = process.env['ICB_PROOF_MONITORING'] === '1'

/** One of each kind, as a page of a working day looks. */
const mixedNow = Date.UTC(2026, 2, 10, 12)
const hoursAgo = (hours: number): number => mixedNow - hours * 3_600_000
const usual: DatabaseFacts = {
  database: 'orcl', restoreTests: true, thresholds: { ...usualThresholds, warningAgeHours: 26, criticalAgeHours: 32 },
  snapshots: { count: 37, restorable: 37, pinned: 1, newestAt: hoursAgo(4), newestReaches: hoursAgo(4), spaceBytes: 14_000_000_000_000n }, redo: { newestLogAt: hoursAgo(0.4) },
  copies: { state: 'refreshed', refreshedAt: hoursAgo(3), bytes: 10_400_000_000_000n }, volume: { sizeBytes: 60_000_000_000_000n, freeBytes: 21_000_000_000_000n }, backups: { last: { endedAt: hoursAgo(3), ok: true }, persistingWarnings: [], runs: 3 },
  retention: { overdue: 0, longOverdue: 0, why: [] },
  proofs: { database: 'orcl', tests: 90, passed: 90, failed: 0, inconclusive: 0, running: 0, lastOutcome: 'passed', lastTestedAt: new Date(hoursAgo(6)).toISOString(), lastProvenAt: new Date(hoursAgo(6)).toISOString(), lastReasons: [], failuresInARow: 0, restoreSeconds: { last: 2_840, median: 2_600, worst: 5_100 } },
}
const mixedFacts: readonly DatabaseFacts[] = [
  usual, { ...usual, database: 'erp_production_eu_north' }, { ...usual, database: 'hr' },
  { ...usual, database: 'crm', proofs: { ...usual.proofs!, lastOutcome: 'failed', lastReasons: ['BLOCK_CORRUPT'], failuresInARow: 1 } },
  { ...usual, database: 'dwh', retention: { overdue: 12, longOverdue: 0, why: ['2 with a clone', '10 that no run dropped'] }, volume: { sizeBytes: 1000n, freeBytes: 120n } },
  { ...usual, database: 'web', backups: { last: { endedAt: hoursAgo(3), ok: false, step: 'refresh', message: 'RMAN-03009: failure of backup command on c1 channel: ORA-19502: write error on file "/nfs/backup/web/data_D-WEB_TS-USERS_FNO-4", block number 1288' }, persistingWarnings: [], runs: 3 } },
  { database: 'lab', restoreTests: false, thresholds: usual.thresholds, unavailable: 'the filer 10.10.10.11 does not answer (timeout after 60 s)' },
]

describe('icb check and icb report', () => {
  let directory: string
  let icb: (args: readonly string[], more?: Readonly<Record<string, string>>) => ReturnType<typeof runProgram>
  const env = { PATH: '/usr/bin:/bin', LANG: 'C' }

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'icb-monitoring-'))
    const programs = findPrograms(directory)
    ownedDirectory(directory, programs.user)
    for (const name of ['here', 'also_here']) ownedDirectory(join(directory, 'backup', name), programs.user)
    ownedDirectory(join(directory, 'backup'), programs.user)
    const config = join(directory, 'icb.yaml')
    writeFileSync(config, JSON.stringify({
      stateDir: join(directory, 'state'), ledger: { path: join(directory, 'ledger') },
      defaults: { backupDest: join(directory, 'backup'), recoveryWindowDays: 2, parallel: 1, retention: { keepDays: 3, keepMonths: 0 } },
      databases: { here: { dbid: '1', notify: { webhook: { env: 'HOOK' } } }, also_here: { dbid: '2' }, away: { dbid: '3' } },
    }))
    icb = (args, more = {}) => runProgram(programs.node, [programs.icb, '--config', config, ...args], { cwd: directory, env: { ...env, HOME: directory, ...more }, user: programs.user })
  })
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true })
  })

  it('answers Nagios for a database without a snapshot, and for one whose area is away', async () => {
    const here = await icb(['check', 'here'])
    expect([here.exitCode, here.stdout.split('\n')[0]]).toEqual([2, expect.stringMatching(/^CRITICAL: here: there is no snapshot.* \| snapshots=0;;;0/) as unknown])
    expect((await icb(['check', 'nobody'])).exitCode).toBe(3)
  }, 60_000)

  it('writes metrics and a page of all databases, whatever one of them lacks', async () => {
    const written = await icb(['report', '--metrics', join(directory, 'icb.prom'), '--html', join(directory, 'report.html'), '--json'])
    expect(JSON.parse(written.stdout)).toMatchObject({ schema: 'icb/report/1', exitCode: 0, result: { databases: [{ database: 'here' }, { database: 'also_here' }, { database: 'away', unavailable: expect.any(String) as unknown }] } })
    expect(readFileSync(join(directory, 'icb.prom'), 'utf8')).toContain('icb_up{database="away"} 0')
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).toContain('3 databases')
  }, 60_000)

  it('posts a failed backup to the webhook; what the webhook does changes nothing, and its address is told to nobody', async () => {
    const posted: string[] = []
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => { posted.push(chunk.toString()) })
      request.on('end', () => response.writeHead(posted.length === 1 ? 200 : 403, { connection: 'close' }).end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const HOOK = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/planted-path-77125`
    const first = await icb(['backup', 'here', '--json'], { HOOK })
    const second = await icb(['backup', 'here', '--json', '--verbose'], { HOOK })
    server.close()
    const document = JSON.parse(first.stdout) as { exitCode: number; error: { message: string }; warnings: unknown[] }
    expect(document.exitCode).toBeGreaterThan(0)
    expect(document.warnings).toEqual([])
    expect(JSON.parse(posted[0] ?? '')).toMatchObject({ schema: 'icb/notice/1', database: 'here', action: 'backup', ok: false, summary: document.error.message })
    expect(JSON.parse(second.stdout)).toMatchObject({ exitCode: document.exitCode, error: { message: document.error.message }, warnings: [{ code: 'ICB_MONITORING_DELIVERY', message: expect.stringContaining('403') as unknown }] })
    expect(first.stdout + first.stderr + second.stdout + second.stderr).not.toContain('planted-path')
  }, 60_000)

  if (wanted) {
    it("is accepted by Prometheus' own parser and its rules of naming", async () => {
      const result = await runProgram(promtool, ['check', 'metrics'], { cwd: directory, env, stdin: readFileSync(join(directory, 'icb.prom'), 'utf8') })
      expect([result.exitCode, result.stdout + result.stderr]).toEqual([0, ''])
    }, 60_000)

    it.each([['desktop', 'report.html', 1280, 800], ['phone', 'report.html', 390, 844], ['desktop-mixed', 'mixed.html', 1280, 900], ['phone-mixed', 'mixed.html', 390, 1500]])('is drawn by Chromium: %s', async (name, page, width, height) => {
      if (page === 'mixed.html') writeFileSync(join(directory, page), renderHtmlReport(mixedFacts, mixedNow))
      expect(existsSync(chromium)).toBe(true)
      const file = join(keep ?? directory, `report-${name}.png`)
      // Headless Chromium has no window narrower than 500 pixels; a frame has.
      const frame = join(directory, `${name}.html`)
      writeFileSync(frame, `<body style="margin:0"><iframe src="${page}" style="border:0;width:${String(width)}px;height:${String(height)}px"></iframe></body>`)
      await runProgram(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${join(directory, 'profile')}`, `--window-size=${String(Math.max(width, 500))},${String(height)}`, `--screenshot=${file}`, `file://${frame}`], { cwd: directory, env: { ...env, HOME: directory } })
      expect(statSync(file).size).toBeGreaterThan(5000)
    }, 120_000)
  }
})
