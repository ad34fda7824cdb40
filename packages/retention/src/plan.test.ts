import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { describeDecision, plan } from './index.ts'
import type { RetentionCandidate, RetentionPlan, RetentionPolicy, RetentionSituation } from './index.ts'

const utc = (text: string): DateTime => DateTime.fromISO(text, { zone: 'utc' })
const now = utc('2026-11-22T12:00:00')
const situation: RetentionSituation = { now, overdue: false, proofs: 'known' }
const lean: RetentionPolicy = { keepDays: 7, keepMonths: 0, minRedundancy: 1 }

function snapshot(time: string, more: Partial<RetentionCandidate> = {}): RetentionCandidate {
  return { id: time, createdAt: utc(time), ours: true, restorable: true, hasClones: false, ...more }
}

function kept(result: RetentionPlan): string[] {
  return result.decisions.filter(({ action }) => action === 'keep').map(({ candidate }) => candidate.id)
}

function codes(result: RetentionPlan, id: string): string[] {
  return result.decisions.filter(({ candidate }) => candidate.id === id).flatMap(({ reasons }) => reasons.map(({ code }) => code))
}

const old = ['2026-01-10', '2026-01-31', '2026-02-28', '2026-03-01'].map((time) => snapshot(time))
const fresh = snapshot('2026-11-22')

describe('plan', () => {
  it('keeps by days of 24 hours, to the millisecond', () => {
    const edge = snapshot('2026-11-15T12:00:00.000')
    const beyond = snapshot('2026-11-15T11:59:59.999')
    expect(kept(plan([fresh, edge, beyond], lean, situation))).toEqual([edge.id, fresh.id])
  })

  it('[H23] keeps the last of each calendar month in the zone of the policy', () => {
    // 23:30 UTC on the 31st is already the next month in Stockholm.
    const list = [snapshot('2026-10-31T20:00:00'), snapshot('2026-10-31T23:30:00'), fresh]
    const policy = { ...lean, keepMonths: 2 }
    expect(kept(plan(list, policy, situation))).toEqual(['2026-10-31T23:30:00', fresh.id])
    expect(kept(plan(list, { ...policy, zone: 'Europe/Stockholm' }, situation))).toEqual(['2026-10-31T20:00:00', fresh.id])
    expect(kept(plan([snapshot('2026-08-31'), snapshot('2026-09-01'), snapshot('2026-09-30'), fresh], policy, situation))).toEqual(['2026-09-30', fresh.id])
  })

  it('[H22] a foreign snapshot is kept, said so, and takes no place', () => {
    const list = [snapshot('2026-10-31T10:00:00'), snapshot('2026-10-31T23:59:00', { ours: false }), fresh]
    const result = plan(list, { ...lean, keepMonths: 1 }, situation)
    expect(codes(result, '2026-10-31T10:00:00')).toEqual(['last-of-month'])
    expect(codes(result, '2026-10-31T23:59:00')).toEqual(['foreign'])
    expect(codes(plan([...old, snapshot('2026-11-21', { ours: false })], lean, situation), '2026-03-01')).toEqual(['min-redundancy'])
  })

  it.each([
    [{ every: 'week', count: 2 }, ['2026-11-15', '2026-11-20']],
    [{ every: 'week', count: 2, keep: 'first' }, ['2026-11-09', '2026-11-16']],
    [{ every: 'day', count: 7 }, ['2026-11-16', '2026-11-20']],
    [{ every: 'month', count: 3, keep: 'first' }, ['2026-09-01', '2026-11-09']],
    [{ every: 'quarter', count: 2 }, ['2026-09-01', '2026-11-20']],
    [{ every: 'year', count: 2 }, ['2025-12-31', '2026-11-20']],
    [{ every: 'hour', count: 61 }, ['2026-11-20']],
  ] as const)('rule %j', (rule, expected) => {
    const list = ['2025-12-31', '2026-09-01', '2026-11-09', '2026-11-15', '2026-11-16', '2026-11-20'].map((time) => snapshot(time))
    expect(kept(plan(list, { keepDays: 0, keepMonths: 0, minRedundancy: 1, rules: [rule] }, situation))).toEqual([...new Set([...expected, '2026-11-20'])])
  })

  it('a period goes to what can be restored; unknown ones stay beside it, bad ones take no place', () => {
    const list = [snapshot('2026-10-28'), snapshot('2026-10-29', { restorable: undefined }), snapshot('2026-10-30', { restorable: undefined }), snapshot('2026-10-31', { restorable: false }), fresh]
    const result = plan(list, { ...lean, keepMonths: 1 }, situation)
    expect(kept(result)).toEqual(['2026-10-28', '2026-10-30', fresh.id])
  })

  it('what is no recovery point goes by age alone, and stays while it is young', () => {
    const result = plan([snapshot('2026-10-31', { restorable: false }), snapshot('2026-11-21', { restorable: false }), fresh], { ...lean, keepMonths: 12 }, situation)
    expect(codes(result, '2026-10-31')).toEqual(['expired'])
    expect(codes(result, '2026-11-21')).toEqual(['not-restorable-recent'])
  })

  it('[H21] never drops the newest that can be restored, however old all are', () => {
    expect(kept(plan(old, { ...lean, minRedundancy: 2 }, situation))).toEqual(['2026-02-28', '2026-03-01'])
    const bad = [...old, snapshot('2026-03-02', { restorable: false }), snapshot('2026-03-03', { restorable: undefined })]
    expect(kept(plan(bad, { ...lean, minRedundancy: 2 }, situation))).toEqual(['2026-02-28', '2026-03-01'])
  })

  it('while too few are known to be restorable, unknown ones stand in, with a warning', () => {
    const unknown = old.map((candidate) => ({ ...candidate, restorable: undefined }))
    const result = plan(unknown, { ...lean, minRedundancy: 2 }, situation)
    expect(kept(result)).toEqual(['2026-02-28', '2026-03-01'])
    expect(result.warnings).toEqual(['Only 0 snapshots are known to be restorable; the floor is 2.'])
  })

  it('[H27] keeps the newest proven one where proofs are known', () => {
    const list = [snapshot('2026-01-01', { provenAt: now }), snapshot('2026-02-01', { provenAt: utc('2026-02-02') }), snapshot('2026-02-03', { provenAt: now, restorable: false }), fresh]
    expect(kept(plan(list, lean, situation))).toEqual(['2026-02-01', fresh.id])
    const unknown = plan(list, lean, { ...situation, proofs: 'unknown' })
    expect(kept(unknown)).toEqual([fresh.id])
    expect(unknown.warnings).toHaveLength(1)
    expect(kept(plan(list, { ...lean, keepNewestProven: false }, situation))).toEqual([fresh.id])
  })

  it('[M:clones-keep] honours pins, locks and clones until they end', () => {
    const later = now.plus({ seconds: 1 })
    const list = [
      snapshot('2026-01-01', { pinnedUntil: 'forever' }), snapshot('2026-01-02', { pinnedUntil: later }), snapshot('2026-01-03', { pinnedUntil: now }),
      snapshot('2026-01-04', { lockedUntil: later }), snapshot('2026-01-05', { lockedUntil: now }), snapshot('2026-01-06', { hasClones: true }), fresh,
    ]
    expect(kept(plan(list, lean, situation))).toEqual(['2026-01-01', '2026-01-02', '2026-01-04', '2026-01-06', fresh.id])
  })

  it('a storage that cannot tell clones can still be cleaned, and the plan says so', () => {
    const result = plan([snapshot('2026-01-01', { hasClones: undefined }), fresh], lean, situation)
    expect(codes(result, '2026-01-01')).toEqual(['expired', 'clones-unknown'])
    expect(kept(result)).toEqual([fresh.id])
  })

  it('freezes while backups are overdue, unless space is low or somebody decided otherwise', () => {
    const overdue = { ...situation, overdue: true }
    const result = plan(old, lean, overdue)
    expect(result.frozen).toBe(true)
    expect(kept(result)).toHaveLength(old.length)
    expect(codes(result, '2026-01-10')).toEqual(['frozen'])
    for (const more of [{ spaceLow: true }, { overrideFreeze: true }]) {
      const free = plan(old, lean, { ...overdue, ...more })
      expect(free.frozen).toBe(false)
      expect(kept(free)).toEqual(['2026-03-01'])
      expect(free.warnings).toHaveLength(1)
    }
  })

  it('keeps what comes from the future and does not count it', () => {
    const result = plan([...old, snapshot('2026-12-01')], lean, situation)
    expect(kept(result)).toEqual(['2026-03-01', '2026-12-01'])
    expect(codes(result, '2026-12-01')).toEqual(['in-the-future'])
  })

  it('lists oldest first and decides equal times by id, whatever the order of the input', () => {
    const twins = ['c', 'a', 'b'].map((id) => snapshot('2026-10-31', { id }))
    const policy = { ...lean, keepMonths: 3 }
    const results = [twins, [...twins].reverse()].map((list) => plan(list, policy, situation).decisions.map(describeDecision))
    expect(results[0]).toEqual(results[1])
    expect(results[0]).toEqual([
      'drop a: older than 7 days and kept by no rule',
      'drop b: older than 7 days and kept by no rule',
      'keep c: last of 2026-10; one of the newest 1 that can be restored',
    ])
  })

  it('refuses nonsense', () => {
    for (const bad of [{ keepDays: -1 }, { keepMonths: Number.NaN }, { minRedundancy: 0 }, { zone: 'Mars/Olympus' }, { rules: [{ every: 'day', count: 0 } as const] }]) {
      expect(() => plan([fresh], { ...lean, ...bad }, situation)).toThrow(RangeError)
    }
    expect(() => plan([snapshot('nonsense')], lean, situation)).toThrow(/creation time of nonsense/u)
  })

  it('nothing to decide is no mistake', () => {
    expect(plan([], lean, situation)).toEqual({ decisions: [], frozen: false, warnings: [] })
  })
})
