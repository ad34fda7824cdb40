import type { ArchivedLogRow } from '@icb/oracle'
import { proveLogChain } from '@icb/recovery-point'
import type { ChainLog, ChainThread, Manifest } from '@icb/recovery-point'
import type { RecoveryTarget } from '@icb/rman'

type CatalogedLog = Pick<ArchivedLogRow, 'thread' | 'sequence' | 'resetlogsId' | 'firstScn' | 'nextScn' | 'firstTime' | 'nextTime'>

/** What must be true of the archived logs before anything is recovered to a goal. */
export interface GoalProof {
  /** One sentence for each thing that is missing; empty: everything is there. */
  readonly missing: readonly string[]
  /** Logs that the recovery will read. */
  readonly needed: number
}

/**
 * Proves by the cataloged logs (their own headers) that redo is there without a hole from the copies' `redoFrom` up to the goal, per
 * thread. The manifests only tell which threads there are, when one was enabled, and where a closed one ends.
 */
export function proveChainToGoal(logs: readonly CatalogedLog[], goal: RecoveryTarget, manifests: readonly Manifest[]): GoalProof {
  const [copies] = manifests
  if (copies?.window === undefined) return { missing: ['the manifest has no window'], needed: 0 }
  const { redoFrom } = copies.window
  const { resetlogsId } = copies.database
  const rows = logs.map((log) => ({ ...log, resetlogsId: log.resetlogsId.toString() })).filter((log) => log.resetlogsId === resetlogsId)
  const end = goal.kind === 'scn' ? goal.scn : endByTime(rows, goal.time)
  if (end === undefined) return { missing: [`no archived log reaches ${goal.kind === 'time' ? goal.time : ''}`], needed: 0 }
  const proof = proveLogChain(rows, { from: redoFrom, to: end, resetlogsId, threads: threadsOf(manifests.flatMap((manifest) => manifest.logs), resetlogsId, redoFrom, end) })
  return {
    missing: proof.gaps.map((gap) => `redo of thread ${String(gap.thread)} from SCN ${gap.fromScn.toString()} to ${gap.toScn.toString()} is missing${sequencesOf(gap.sequence, gap.lastSequence)}`),
    needed: proof.logs.length,
  }
}

function sequencesOf(first: number | undefined, last: number | undefined): string {
  if (first === undefined && last === undefined) return ''
  return first === last || last === undefined || first === undefined ? ` (archived log sequence ${String(first ?? last)})` : ` (archived log sequences ${String(first)} to ${String(last)})`
}

/** The last SCN that recovery until a time can need; UNTIL TIME is exclusive. `undefined`: no log reaches it. */
function endByTime(rows: readonly (CatalogedLog | (Omit<CatalogedLog, 'resetlogsId'> & { readonly resetlogsId: string }))[], time: string): bigint | undefined {
  if (!rows.some((log) => (log.nextTime ?? '') >= time)) return undefined
  const before = rows.filter((log) => (log.firstTime ?? '') < time)
  return before.length === 0 ? undefined : before.reduce((end, log) => (log.nextScn > end ? log.nextScn : end), 0n) - 1n
}

function threadsOf(logs: readonly ChainLog[], resetlogsId: string, from: bigint, to: bigint): readonly ChainThread[] {
  const listed = logs.filter((log) => log.resetlogsId === resetlogsId)
  return [...new Set(listed.map((log) => log.thread))].map((thread) => {
    const own = listed.filter((log) => log.thread === thread)
    const first = own.reduce((low, log) => (log.firstScn < low ? log.firstScn : low), own[0]?.firstScn ?? 0n)
    const last = own.reduce((high, log) => (log.nextScn > high ? log.nextScn : high), 0n) - 1n
    // The backup proved every thread up to the end of its window: one that ends earlier was closed there.
    return { thread, ...(first > from ? { from: first } : {}), ...(last < to ? { to: last } : {}) }
  })
}
