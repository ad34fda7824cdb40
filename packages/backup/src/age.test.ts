import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { snapshotAge } from './age.ts'

const now = DateTime.fromISO('2026-03-02T12:00:00Z', { zone: 'utc' })
const at = (iso: string, ours = true) => ({ name: `orcl-${iso}`, createdAt: DateTime.fromISO(iso, { zone: 'utc' }), ours })
const limits = { now, warningHours: 26, criticalHours: 32, database: 'orcl' }

describe('snapshotAge', () => {
  it.each([
    ['2026-03-02T11:56:02Z', 'OK', 0, '0:03:58'],
    ['2026-03-01T10:00:00Z', 'WARNING', 1, '26:00:00'],
    ['2026-03-01T10:00:01Z', 'OK', 0, '25:59:59'],
    ['2026-03-01T04:00:00Z', 'CRITICAL', 2, '32:00:00'],
  ])('%s is %s', (iso, status, exitCode, shown) => {
    const result = snapshotAge([at('2026-01-01T00:00:00Z'), at(iso)], limits)
    expect(result).toMatchObject({ status, exitCode })
    expect(result.text).toContain(shown)
  })

  it('[H15] [M:nagios-report] counts our own snapshots only and has perfdata in seconds', () => {
    const result = snapshotAge([at('2026-03-02T11:00:00Z'), at('2026-03-02T11:59:00Z', false)], limits)
    expect(result.perfdata).toBe('age=3600s;93600;115200;0')
    expect(snapshotAge([at('2026-03-02T11:59:00Z', false)], limits)).toMatchObject({ status: 'CRITICAL', exitCode: 2, perfdata: 'age=U;93600;115200;0' })
  })

  it('takes a snapshot from the future for new and says so', () => {
    const result = snapshotAge([at('2026-03-02T12:00:30Z')], limits)
    expect(result).toMatchObject({ status: 'OK', ageSeconds: 0 })
    expect(result.text).toContain('30 s ahead')
  })
})
