import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { isOurSnapshotName, parseSnapshotName, snapshotName } from './snapshot-name.ts'

describe('snapshotName', () => {
  it('is read back with database, time and run id, for any database name', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z][A-Za-z0-9_$#-]{0,29}$/),
        fc.integer({ min: 0, max: 4_000_000_000 }),
        fc.stringMatching(/^[0-9a-f]{8}-[0-9a-z]{1,12}$/),
        (database, seconds, runId) => {
          const createdAt = DateTime.fromSeconds(seconds, { zone: 'utc' })
          const parts = parseSnapshotName(snapshotName(database, createdAt, runId), database)
          expect(parts).toMatchObject({ database, runId, grammar: 'icb' })
          expect(parts?.createdAt.toMillis()).toBe(createdAt.toMillis())
        },
      ),
    )
  })

  it('[H24] is written in UTC', () => {
    const berlin = DateTime.fromISO('2026-07-01T01:30:00', { zone: 'Europe/Berlin' })
    expect(snapshotName('orcl', berlin, '0a1b2c3d-x1')).toBe('orcl-20260630T233000Z-0a1b2c3d-x1')
  })
})

describe('isOurSnapshotName', () => {
  it.each(['orcl-20260101T000000Z-0a1b2c3d-x1', 'orcl-20260101T000000Z-x1', 'orcl-20260101T000000', 'orcl_20260101T000000'])('knows %s', (name) => {
    expect(isOurSnapshotName(name, 'orcl')).toBe(true)
  })

  it.each(['weekly', 'orcl', 'orcl2-20260101T000000Z-x1', 'xorcl-20260101T000000', 'orcl-20260101T0000', 'orcl-20260101T000000-x', 'orcl-20261301T000000', 'orcl_20260101T000000Z-x1', 'ORCL-20260101T000000'])(
    'does not take %s for its own',
    (name) => {
      expect(isOurSnapshotName(name, 'orcl')).toBe(false)
    },
  )
})
