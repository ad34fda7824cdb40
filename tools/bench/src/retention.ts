import { plan } from '@icb/retention'
import { DateTime } from 'luxon'
import { cpuWatch } from './measurement.ts'
import type { Measurement } from './measurement.ts'

const count = 1_000_000
const now = Date.parse('2026-03-29T12:00:00Z')

/** A million snapshots, an hour apart (114 years of zone changes) and a minute apart, in UTC and in a zone with daylight saving. */
export async function retentionOfMillion(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = []
  for (const [gapMs, gap] of [[3_600_000, 'an hour'], [60_000, 'a minute']] as const) {
    const snapshots = Array.from({ length: count }, (_, index) => ({ id: `s${String(index)}`, createdAt: DateTime.fromMillis(now - (count - 1 - index) * gapMs, { zone: 'utc' }), ours: true, restorable: true, hasClones: false }))
    for (const zone of ['utc', 'Europe/Berlin']) {
      const watch = cpuWatch()
      const { decisions } = plan(snapshots, { keepDays: 31, keepMonths: 12, months: 'calendar', zone, minRedundancy: 2, rules: [{ every: 'hour', count: 48 }, { every: 'day', count: 30 }, { every: 'week', count: 52 }, { every: 'year', count: 200 }] }, { now: DateTime.fromMillis(now, { zone: 'utc' }), overdue: false, proofs: 'known' })
      const seconds = watch()
      if (decisions.length !== count) throw new Error('not every snapshot was decided')
      measurements.push({ name: `retention of 1,000,000 snapshots ${gap} apart, ${zone}`, value: seconds, unit: 's CPU', goal: 2 })
    }
  }
  return measurements
}
