import type { ManifestLog } from './manifest.ts'

export type ChainLog = Pick<ManifestLog, 'thread' | 'sequence' | 'resetlogsId' | 'firstScn' | 'nextScn'>

export interface ChainThread {
  readonly thread: number
  /** The thread was enabled after `from`: its redo begins here. */
  readonly from?: bigint
  /** The thread is closed: its last redo. */
  readonly to?: bigint
}

export interface ChainSpan {
  /** First SCN whose redo is needed: `redoFrom` of the copies. */
  readonly from: bigint
  /** Last SCN whose redo is needed: the SCN restored to. */
  readonly to: bigint
  /** All enabled threads (V$THREAD), open or closed. */
  readonly threads: readonly ChainThread[]
  /** Logs of other incarnations do not count. */
  readonly resetlogsId: string
}

export interface ChainGap {
  readonly thread: number
  /** First missing sequence (at the start of the span: at the earliest this one); absent when no earlier log tells. */
  readonly sequence?: number
  /** Last missing sequence; absent when nothing after the gap is there. */
  readonly lastSequence?: number
  /** Redo is missing from this SCN … */
  readonly fromScn: bigint
  /** … up to, not including, this one. */
  readonly toScn: bigint
}

export interface ChainProof<L extends ChainLog> {
  readonly proven: boolean
  readonly gaps: readonly ChainGap[]
  /** The logs that are needed, per thread in order, each once. */
  readonly logs: readonly L[]
}

/**
 * Proves that archived logs hold all redo of a span, per thread without a hole. A log holds the redo of `firstScn` up to, not including,
 * `nextScn` (V$ARCHIVED_LOG.FIRST_CHANGE#, NEXT_CHANGE#), so the last one must reach beyond `to`. Two copies of one log count once.
 */
export function proveLogChain<L extends ChainLog>(logs: readonly L[], span: ChainSpan): ChainProof<L> {
  const results = span.threads.map((thread) => proveThread(
    logs.filter((log) => log.thread === thread.thread && log.resetlogsId === span.resetlogsId),
    thread,
    thread.from !== undefined && thread.from > span.from ? thread.from : span.from,
    thread.to !== undefined && thread.to < span.to ? thread.to : span.to,
  ))
  const gaps = results.flatMap((result) => result.gaps)
  return { proven: gaps.length === 0, gaps, logs: results.flatMap((result) => result.logs) }
}

function proveThread<L extends ChainLog>(logs: readonly L[], { thread }: ChainThread, from: bigint, to: bigint): { readonly gaps: readonly ChainGap[]; readonly logs: readonly L[] } {
  const gaps: ChainGap[] = []
  const used: L[] = []
  let reached = from
  let sequence: number | undefined
  const bySequence = [...new Map(logs.map((log) => [log.sequence, log])).values()].sort((a, b) => a.sequence - b.sequence)
  for (const log of bySequence) {
    if (log.nextScn <= from) {
      sequence = log.sequence
      continue
    }
    if (log.firstScn > to || log.nextScn <= log.firstScn) continue
    // Sequences count too: SCNs that overlap would hide a log that is not there.
    if (log.firstScn > reached || (used.length > 0 && log.sequence - 1 !== sequence)) gaps.push({ thread, ...(sequence === undefined ? {} : { sequence: sequence + 1 }), lastSequence: log.sequence - 1, fromScn: reached, toScn: log.firstScn })
    used.push(log)
    sequence = log.sequence
    if (log.nextScn > reached) reached = log.nextScn
  }
  if (reached <= to) gaps.push({ thread, ...(sequence === undefined ? {} : { sequence: sequence + 1 }), fromScn: reached, toScn: to + 1n })
  return { gaps, logs: used }
}
