import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deletableUpTo, describeGap, missingOf, spanOf, threadsNotLanded } from './log-chain.ts'

const log = (sequence: number, firstScn: bigint, nextScn: bigint, thread = 1, nextTime: string | null = '2026-01-01 00:00:00') => ({ thread, sequence, firstScn, nextScn, nextTime })
const open = { thread: 1, status: 'OPEN', enabled: 'PUBLIC', lastScn: null }

describe('threadsNotLanded', () => {
  it('[H28] wants the log that holds the SCN, of every enabled thread', () => {
    expect(threadsNotLanded([open], [log(1, 0n, 100n)], { scn: 100n, resetlogsScn: 1n })).toEqual([open])
    expect(threadsNotLanded([open], [log(1, 0n, 101n)], { scn: 100n, resetlogsScn: 1n })).toEqual([])
    // The log after it does not hold it.
    expect(threadsNotLanded([open], [log(2, 101n, 200n)], { scn: 100n, resetlogsScn: 1n })).toEqual([open])
    const second = { ...open, thread: 2 }
    expect(threadsNotLanded([open, second], [log(1, 0n, 101n)], { scn: 100n, resetlogsScn: 1n })).toEqual([second])
    expect(threadsNotLanded([open, { ...second, enabled: 'DISABLED' }], [log(1, 0n, 101n)], { scn: 100n, resetlogsScn: 1n })).toEqual([])
  })

  it('wants a closed thread only up to its last redo', () => {
    const closed = { thread: 2, status: 'CLOSED', enabled: 'PUBLIC', lastScn: 50n }
    expect(threadsNotLanded([closed], [log(7, 10n, 51n, 2)], { scn: 100n, resetlogsScn: 1n })).toEqual([])
    expect(threadsNotLanded([closed], [log(7, 10n, 50n, 2)], { scn: 100n, resetlogsScn: 1n })).toEqual([closed])
  })
})

describe('a thread whose instance has not run since RESETLOGS', () => {
  const idle = { thread: 2, status: 'CLOSED', enabled: 'PUBLIC', lastScn: 40n }

  it('has no redo that could be waited for or missing', () => {
    expect(threadsNotLanded([idle], [], { scn: 100n, resetlogsScn: 40n })).toEqual([])
    expect(spanOf([idle], [], { fromScn: 60n, toScn: 100n, resetlogsId: 7n, resetlogsScn: 40n }).threads).toEqual([])
  })

  it('is wanted when it has run, and when nobody knows', () => {
    for (const lastScn of [41n, null]) expect(threadsNotLanded([{ ...idle, lastScn }], [], { scn: 100n, resetlogsScn: 40n })).toHaveLength(1)
    expect(threadsNotLanded([{ ...idle, status: 'OPEN' }], [], { scn: 100n, resetlogsScn: 40n })).toHaveLength(1)
  })
})

describe('gaps', () => {
  it('name every log between two that are there, and the one next to an open end', () => {
    expect(missingOf({ thread: 1, sequence: 4, lastSequence: 6, fromScn: 1n, toScn: 2n }).map((m) => m.sequence)).toEqual([4, 5, 6])
    expect(missingOf({ thread: 1, sequence: 4, fromScn: 1n, toScn: 2n })).toEqual([{ thread: 1, sequence: 4 }])
    expect(missingOf({ thread: 1, lastSequence: 0, fromScn: 1n, toScn: 2n })).toEqual([])
    expect(describeGap({ thread: 1, lastSequence: 0, fromScn: 1n, toScn: 2n })).toBe('redo of thread 1 from SCN 1 to 2 is missing')
  })
})

describe('deletableUpTo', () => {
  const bounds = { redoFrom: 500n, lastScnInPoint: 500n, snapshots: true, windowStart: '2026-02-01 00:00:00' }

  it('[H5] [K:recoverywindow] keeps what the copies need, what no point has, and the recovery window', () => {
    const logs = [log(1, 0n, 100n), log(2, 100n, 200n), log(3, 200n, 600n)]
    expect(deletableUpTo(logs, bounds)).toEqual(new Map([[1, 2]]))
    expect(deletableUpTo(logs, { ...bounds, redoFrom: 150n })).toEqual(new Map([[1, 1]]))
    expect(deletableUpTo(logs, { ...bounds, lastScnInPoint: 100n })).toEqual(new Map([[1, 1]]))
    expect(deletableUpTo(logs, { ...bounds, lastScnInPoint: undefined })).toEqual(new Map())
    expect(deletableUpTo(logs, { ...bounds, snapshots: false, lastScnInPoint: undefined })).toEqual(new Map([[1, 2]]))
    expect(deletableUpTo(logs, { ...bounds, windowStart: '2025-01-01 00:00:00' })).toEqual(new Map())
    expect(deletableUpTo([log(1, 0n, 100n, 1, null), log(2, 100n, 200n)], bounds)).toEqual(new Map())
  })

  it('never deletes a log that anything needs, of any thread', () => {
    const arbitrary = fc.record({ thread: fc.integer({ min: 1, max: 2 }), sequence: fc.integer({ min: 1, max: 20 }), nextScn: fc.bigInt({ min: 0n, max: 1000n }), day: fc.integer({ min: 1, max: 28 }) })
    fc.assert(fc.property(fc.array(arbitrary, { maxLength: 30 }), fc.bigInt({ min: 0n, max: 1000n }), fc.bigInt({ min: 0n, max: 1000n }), fc.integer({ min: 1, max: 28 }), (raw, redoFrom, lastScnInPoint, windowDay) => {
      const time = (n: number): string => `2026-01-${String(n).padStart(2, '0')} 00:00:00`
      const logs = raw.map((r) => log(r.sequence, 0n, r.nextScn, r.thread, time(r.day)))
      const result = deletableUpTo(logs, { redoFrom, lastScnInPoint, snapshots: true, windowStart: time(windowDay) })
      for (const l of logs) {
        if (l.sequence > (result.get(l.thread) ?? 0)) continue
        expect(l.nextScn <= redoFrom && l.nextScn <= lastScnInPoint + 1n && l.nextTime! < time(windowDay)).toBe(true)
      }
    }))
  })
})
