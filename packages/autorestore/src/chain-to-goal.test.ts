import type { Manifest, ManifestLog } from '@icb/recovery-point'
import { describe, expect, it } from 'vitest'
import { proveChainToGoal } from './chain-to-goal.ts'

const time = (minute: number): string => `2026-03-01 10:${String(minute).padStart(2, '0')}:00`
const cataloged = (thread: number, sequence: number, from: number, to: number, resetlogsId = 1n) => ({ thread, sequence, resetlogsId, firstScn: BigInt(from), nextScn: BigInt(to), firstTime: time(from / 100), nextTime: time(to / 100) })
const listed = (thread: number, sequence: number, from: number, to: number): ManifestLog => ({ thread, sequence, resetlogsId: '1', firstScn: BigInt(from), nextScn: BigInt(to), firstTime: time(from / 100), nextTime: time(to / 100), path: 'x' })
const manifest = (redoFrom: number, logs: readonly ManifestLog[]): Manifest =>
  ({ database: { resetlogsId: '1' }, window: { redoFrom: BigInt(redoFrom), minScn: BigInt(redoFrom), lastScn: null, utcOffset: '+00:00' }, logs }) as unknown as Manifest
const scn = (value: number) => ({ kind: 'scn', scn: BigInt(value) }) as const

describe('the chain to a goal', () => {
  const logs = [cataloged(1, 5, 100, 200), cataloged(1, 6, 200, 300), cataloged(1, 7, 300, 400)]
  const copies = manifest(150, [listed(1, 5, 100, 200), listed(1, 6, 200, 300)])
  const later = manifest(350, [listed(1, 7, 300, 400)])

  it('needs the redo up to the goal and no more', () => {
    expect(proveChainToGoal(logs, scn(250), [copies])).toEqual({ missing: [], needed: 2 })
    expect(proveChainToGoal(logs.slice(0, 2), scn(299), [copies])).toEqual({ missing: [], needed: 2 })
    expect(proveChainToGoal(logs, scn(350), [copies, later])).toEqual({ missing: [], needed: 3 })
  })

  it('names what is missing between two points', () => {
    const proof = proveChainToGoal([logs[0]!, logs[2]!], scn(350), [copies, later])
    expect(proof.missing).toEqual(['redo of thread 1 from SCN 200 to 300 is missing (archived log sequence 6)'])
    // Logs of another incarnation are no substitute.
    expect(proveChainToGoal([logs[0]!, cataloged(1, 6, 200, 300, 2n), logs[2]!], scn(350), [copies, later]).missing).toHaveLength(1)
    expect(proveChainToGoal(logs.slice(0, 1), scn(250), [copies]).missing).toHaveLength(1)
  })

  it('takes a thread that ended or began inside the window as it was', () => {
    const closed = manifest(150, [...copies.logs, listed(2, 3, 100, 180)])
    expect(proveChainToGoal([...logs, cataloged(2, 3, 100, 180)], scn(250), [closed]).missing).toEqual([])
    expect(proveChainToGoal(logs, scn(250), [closed]).missing).toHaveLength(1)
    const begun = manifest(150, [...copies.logs, listed(3, 1, 220, 300)])
    expect(proveChainToGoal([...logs, cataloged(3, 1, 220, 300)], scn(250), [begun]).missing).toEqual([])
  })

  it('finds the end of a time, which is exclusive', () => {
    expect(proveChainToGoal(logs, { kind: 'time', time: time(2) }, [copies])).toEqual({ missing: [], needed: 1 })
    expect(proveChainToGoal(logs, { kind: 'time', time: '2026-03-01 10:02:30' }, [copies])).toEqual({ missing: [], needed: 2 })
    expect(proveChainToGoal(logs, { kind: 'time', time: time(9) }, [copies]).missing).toEqual([`no archived log reaches ${time(9)}`])
  })
})
