import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logsReachBackTo, proveLogChain } from '../src/index.ts'
import type { ChainLog } from '../src/index.ts'

const log = (thread: number, sequence: number, first: number, next: number, resetlogsId = '1'): ChainLog => ({ thread, sequence, resetlogsId, firstScn: BigInt(first), nextScn: BigInt(next) })
const span = (from: number, to: number, threads: readonly { thread: number; from?: bigint; to?: bigint }[] = [{ thread: 1 }]) => ({ from: BigInt(from), to: BigInt(to), threads, resetlogsId: '1' })

describe('proving a chain of archived logs', () => {
  const logs = [log(1, 10, 0, 100), log(1, 11, 100, 200), log(1, 12, 200, 300)]

  it('is proven when every SCN lies in a log', () => {
    expect(proveLogChain([...logs, logs[1]!, log(2, 1, 0, 50)], span(50, 299))).toEqual({ proven: true, gaps: [], logs })
    expect(proveLogChain(logs, span(100, 150)).logs.map((each) => each.sequence)).toEqual([11])
  })

  it('[H19] names what is missing in the middle, at the end and at the start', () => {
    expect(proveLogChain([logs[0]!, logs[2]!], span(50, 299)).gaps).toEqual([{ thread: 1, sequence: 11, lastSequence: 11, fromScn: 100n, toScn: 200n }])
    expect(proveLogChain(logs, span(50, 300)).gaps).toEqual([{ thread: 1, sequence: 13, fromScn: 300n, toScn: 301n }])
    expect(proveLogChain(logs.slice(1), span(50, 299)).gaps).toEqual([{ thread: 1, lastSequence: 10, fromScn: 50n, toScn: 100n }])
    expect(proveLogChain([], span(50, 60)).gaps).toEqual([{ thread: 1, fromScn: 50n, toScn: 61n }])
  })

  it('proves each thread for itself; a closed one to its last redo, a young one from its first', () => {
    const two = [...logs, log(2, 5, 0, 120)]
    expect(proveLogChain(two, span(50, 299, [{ thread: 1 }, { thread: 2 }])).gaps).toEqual([{ thread: 2, sequence: 6, fromScn: 120n, toScn: 300n }])
    expect(proveLogChain(two, span(50, 299, [{ thread: 1 }, { thread: 2, to: 119n }])).proven).toBe(true)
    expect(proveLogChain(two, span(150, 299, [{ thread: 2, to: 119n }])).proven).toBe(true)
    expect(proveLogChain([log(2, 1, 200, 300)], span(50, 299, [{ thread: 2, from: 200n }])).proven).toBe(true)
  })

  it('[H19] does not count logs of another incarnation', () => {
    expect(proveLogChain([logs[0]!, log(1, 11, 100, 200, '2'), logs[2]!], span(50, 299)).proven).toBe(false)
  })

  it('is not deceived by SCNs that overlap a missing sequence', () => {
    expect(proveLogChain([log(1, 10, 0, 100), log(1, 12, 90, 300)], span(50, 299)).gaps).toHaveLength(1)
  })

  it('agrees with looking at every single SCN', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 }), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), fc.nat(40), fc.nat(40), (lengths, present, a, b) => {
        let scn = 0
        const all = lengths.map((length, index) => {
          const each = log(1, 7 + index, scn, scn + length)
          scn += length
          return each
        })
        const there = all.filter((_, index) => present[index])
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const missing: bigint[] = []
        for (let at = BigInt(from); at <= BigInt(to); at += 1n) if (!there.some((each) => each.firstScn <= at && at < each.nextScn)) missing.push(at)
        const proof = proveLogChain([...there].reverse(), span(from, to))
        expect(proof.proven).toBe(missing.length === 0)
        expect(proof.gaps.flatMap((gap) => Array.from({ length: Number(gap.toScn - gap.fromScn) }, (_, index) => gap.fromScn + BigInt(index)))).toEqual(missing)
        expect(proof.logs.every((each) => each.nextScn > BigInt(from) && each.firstScn <= BigInt(to))).toBe(true)
        // Sequences named as missing are missing.
        for (const gap of proof.gaps) if (gap.sequence !== undefined) expect(there.some((each) => each.sequence === gap.sequence)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})

describe('how far back logs go', () => {
  const logs = [log(1, 8, 0, 50), log(1, 10, 60, 100), log(1, 11, 100, 200), log(1, 12, 200, 300)]

  it('is the first SCN before which one is missing, the latest of all threads', () => {
    expect(logsReachBackTo(logs, span(250, 260))).toBe(60n)
    expect(logsReachBackTo([...logs, log(2, 5, 90, 240), log(2, 6, 240, 400)], span(250, 260, [{ thread: 1 }, { thread: 2 }]))).toBe(90n)
    // A thread that began later has no earlier redo.
    expect(logsReachBackTo([...logs, log(2, 1, 255, 400)], span(250, 260, [{ thread: 1 }, { thread: 2, from: 255n }]))).toBe(60n)
    expect(logsReachBackTo(logs, span(400, 410))).toBeUndefined()
    expect(logsReachBackTo(logs.map((each) => ({ ...each, resetlogsId: '2' })), span(250, 260))).toBeUndefined()
  })
})
