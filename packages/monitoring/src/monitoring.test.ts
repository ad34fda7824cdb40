import { expect, it } from 'vitest'
import { judge, nagiosAnswer, renderHtmlReport, renderPrometheus, usualThresholds } from './index.ts'
import type { DatabaseFacts } from './index.ts'

const now = Date.UTC(2026, 2, 10, 12)
const hour = 3_600_000
const thresholds = { ...usualThresholds, warningAgeHours: 30, criticalAgeHours: 54 }

const good: DatabaseFacts = {
  database: 'orcl', restoreTests: true, thresholds,
  snapshots: { count: 31, restorable: 30, pinned: 1, newestAt: now - 3 * hour, newestReaches: now - 3 * hour, spaceBytes: 9_007_199_254_740_993n },
  copies: { state: 'refreshed', refreshedAt: now - 2 * hour, bytes: 5_000_000_000n },
  volume: { sizeBytes: 100n, freeBytes: 40n },
  proofs: { database: 'orcl', tests: 3, passed: 3, failed: 0, inconclusive: 0, running: 0, lastOutcome: 'passed', lastTestedAt: new Date(now - hour).toISOString(), lastProvenAt: new Date(now - hour).toISOString(), lastReasons: [], failuresInARow: 0, restoreSeconds: { last: 95, median: 90, worst: 120 } },
}

it('is OK with perfdata when all is well', () => {
  const answer = nagiosAnswer(good, now)
  expect(answer).toMatchObject({ exitCode: 0, status: 'OK' })
  const [first = ''] = answer.output.split('\n')
  expect(first).toMatch(/^OK: orcl: [^|]+ \| /)
  // The grammar of the Monitoring Plugins guidelines: 'label'=value[unit];[warn];[crit];[min];[max]
  for (const item of (first.split(' | ')[1] ?? '').split(' ')) expect(item).toMatch(/^[a-z_]+=-?\d+(?:\.\d+)?(?:s|B)?(?:;\d*){0,4}$/)
  expect(first).toContain('proof_age=3600s;129600;302400;0')
  expect(first).toContain('space=9007199254740993B')
})

it.each<[string, Partial<DatabaseFacts>, number, string]>([
  ['no snapshot', { snapshots: { count: 0, restorable: 0, pinned: 0 } }, 2, 'there is no snapshot'],
  ['an old snapshot', { snapshots: { count: 1, restorable: 1, pinned: 0, newestAt: now - 31 * hour, newestReaches: now - 31 * hour } }, 1, 'is 31 h old'],
  ['a very old snapshot', { snapshots: { count: 1, restorable: 1, pinned: 0, newestAt: now - 200 * hour, newestReaches: now - 31 * hour } }, 2, '8.3 days old'],
  ['nothing restorable', { snapshots: { count: 5, restorable: 0, pinned: 0, newestAt: now } }, 1, 'no snapshot is known to be restorable'],
  ['a failed proof', { proofs: { ...good.proofs!, lastOutcome: 'failed', lastReasons: ['BLOCK_CORRUPT'] } }, 2, 'failed (BLOCK_CORRUPT)'],
  ['an inconclusive test', { proofs: { ...good.proofs!, lastOutcome: 'inconclusive' } }, 1, 'inconclusive'],
  ['never proven', { proofs: { database: 'orcl', tests: 0, passed: 0, failed: 0, inconclusive: 0, running: 0, lastReasons: [], failuresInARow: 0 } }, 2, 'no restore was ever proven'],
  ['an old proof', { proofs: { ...good.proofs!, lastProvenAt: new Date(now - 40 * hour).toISOString() } }, 1, '40 h ago'],
  ['a full volume', { volume: { sizeBytes: 1000n, freeBytes: 20n } }, 2, '2.0 % of the volume is free'],
  ['copies that were never refreshed', { copies: { state: 'refreshing', bytes: 0n } }, 2, 'never refreshed'],
  ['no log for long', { redo: { newestLogAt: now - 60 * hour } }, 2, 'the newest archived log is 60 h old'],
  ['no log for the time that was set', { redo: { newestLogAt: now - 7 * hour }, thresholds: { ...thresholds, redoWarningHours: 6, redoCriticalHours: 12 } }, 1, 'the newest archived log is 7.0 h old'],
  ['a failed backup', { backups: { last: { endedAt: now, ok: false, step: 'refresh', message: 'RMAN-03009' }, persistingWarnings: [], runs: 3 } }, 1, 'the last backup run failed at refresh: RMAN-03009'],
  ['a warning that stays', { backups: { last: { endedAt: now, ok: true }, persistingWarnings: ['RMAN-08120'], runs: 3 } }, 1, 'each of the last 3 backup runs warned: RMAN-08120'],
  ['a stuck retention', { retention: { overdue: 3, longOverdue: 0, why: ['3 with a clone'] } }, 1, '3 snapshots have outlived retention by 2 days or more (3 with a clone)'],
  ['a retention that is stuck for long', { retention: { overdue: 9, longOverdue: 1, why: ['9 that no run dropped'] } }, 2, '9 snapshots have outlived retention by 7 days or more'],
  ['a ledger that is away', { ledgerProblem: 'not | mounted\nhere' }, 2, 'not mounted here'],
  ['a storage that is away', { unavailable: 'timeout' }, 3, 'cannot be asked: timeout'],
])('[H14] [M:proof-age] [M:nagios-report] answers %s', (_, change, exitCode, part) => {
  const answer = nagiosAnswer({ ...good, ...change }, now)
  expect(answer.exitCode).toBe(exitCode)
  expect(answer.output.split('\n')[0]?.split(' | ')[0]).toContain(part)
  expect(judge({ ...good, ...change }, now).length).toBe(answer.findings.length)
})

it('counts what would be lost to the newest log beside complete copies, else to the newest restorable snapshot', () => {
  const answer = (facts: Partial<DatabaseFacts>): string => nagiosAnswer({ ...good, ...facts }, now).output
  expect(answer({ redo: { newestLogAt: now - hour } })).toContain('rpo=3600s;108000;194400;0 redo_age=3600s;108000;194400;0')
  expect(answer({ redo: { newestLogAt: now - hour }, copies: { state: 'refreshing', bytes: 1n } })).toContain('rpo=10800s;')
  expect(answer({ retention: { overdue: 0, longOverdue: 0, why: [] } })).toContain('retention_overdue=0;0;;0')
})

it('does not ask for proofs where restore tests are off, and says nothing of what it does not know', () => {
  const bare: DatabaseFacts = { database: 'hr', restoreTests: false, thresholds }
  expect(nagiosAnswer(bare, now)).toMatchObject({ exitCode: 3, output: 'UNKNOWN: hr: nothing is known' })
  const metrics = renderPrometheus([bare], now)
  expect(metrics).not.toContain('icb_snapshots{')
  expect(metrics).toContain('icb_up{database="hr"} 1')
})

it('writes one HELP and TYPE a metric, every digit of a byte count, and escaped labels', () => {
  const text = renderPrometheus([good, { ...good, database: 'we"ird\\' }], now)
  const names = text.split('\n').filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])
  expect(new Set(names).size).toBe(names.length)
  expect(text).toContain('icb_snapshot_space_bytes{database="orcl"} 9007199254740993')
  expect(text).toContain('icb_restore_tests{database="we\\"ird\\\\",outcome="passed"} 3')
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^(?:# (?:HELP|TYPE) icb_\w+ .+|icb_\w+(?:\{[^}]*\})? -?\d+(?:\.\d+)?)$/)
})

it('makes a page that needs nothing else and says nothing twice as code', () => {
  const page = renderHtmlReport([good, { ...good, database: '<script>', unavailable: 'x < y & z' }], now)
  expect(page).not.toMatch(/<script|https?:|src=|@import/)
  expect(page).toContain('&lt;script&gt;')
  // Worst first.
  expect(page.indexOf('&lt;script&gt;')).toBeLessThan(page.indexOf('>orcl<'))
})
