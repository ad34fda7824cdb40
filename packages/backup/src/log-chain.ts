import type { ChainGap, ChainSpan } from '@icb/recovery-point'

/** What is compared of an archived log; the rows of V$ARCHIVED_LOG and V$LOG_HISTORY have more. */
export interface ChainLog {
  readonly thread: number
  readonly sequence: number
  readonly firstScn: bigint
  readonly nextScn: bigint
}

/** A redo thread as far as its logs are concerned. */
export interface ChainThread {
  readonly thread: number
  /** OPEN or CLOSED. */
  readonly status: string
  /** PUBLIC, PRIVATE or DISABLED. */
  readonly enabled: string
  /** Last SCN of a closed thread. */
  readonly lastScn: bigint | null
}

/** Threads whose redo is needed: every enabled one, open or closed. */
export function enabledThreads<T extends ChainThread>(threads: readonly T[]): readonly T[] {
  return threads.filter((t) => t.enabled !== 'DISABLED')
}

/**
 * Those of them that have redo in the incarnation that begins with `resetlogsScn`: not an instance's that has not run since, as after a
 * cluster was rebuilt and only one of its instances opened.
 */
export function threadsWithRedo<T extends ChainThread>(threads: readonly T[], resetlogsScn: bigint): readonly T[] {
  return enabledThreads(threads).filter((t) => t.status !== 'CLOSED' || t.lastScn === null || t.lastScn > resetlogsScn)
}

/** The SCN up to which a thread's logs must be there so that everything up to `scn` is: a closed thread has no redo beyond its last. */
export function neededUpTo(thread: ChainThread, scn: bigint): bigint {
  return thread.status === 'CLOSED' && thread.lastScn !== null && thread.lastScn < scn ? thread.lastScn : scn
}

/** The log of a thread that ends behind `scn`, i.e. the last one needed to restore to it. */
export function logThatReaches<L extends ChainLog>(logs: readonly L[], thread: number, scn: bigint): L | undefined {
  return logs.filter((l) => l.thread === thread && l.nextScn > scn).reduce<L | undefined>((best, l) => (best === undefined || l.sequence < best.sequence ? l : best), undefined)
}

/** Threads whose logs do not reach `scn` yet. */
export function threadsNotLanded<T extends ChainThread>(threads: readonly T[], logs: readonly ChainLog[], { scn, resetlogsScn }: { readonly scn: bigint; readonly resetlogsScn: bigint }): readonly T[] {
  return threadsWithRedo(threads, resetlogsScn).filter((t) => {
    const upTo = neededUpTo(t, scn)
    const last = logThatReaches(logs, t.thread, upTo)
    // A log that begins behind the SCN does not hold it: the one before has not landed.
    return last === undefined || last.firstScn > upTo
  })
}

/** One log that a chain needs and has not. */
export interface MissingLog {
  readonly thread: number
  readonly sequence: number
}

export interface SpanGoal {
  readonly fromScn: bigint
  readonly toScn: bigint
  readonly resetlogsId: bigint
  readonly resetlogsScn: bigint
}

/** What is to be proven: every thread with redo from the copies to `toScn`, a closed one to its last redo, a new one from its first log. */
export function spanOf(threads: readonly ChainThread[], logs: readonly ChainLog[], goal: SpanGoal): ChainSpan {
  return {
    from: goal.fromScn, to: goal.toScn, resetlogsId: String(goal.resetlogsId),
    threads: threadsWithRedo(threads, goal.resetlogsScn).map((t) => {
      const to = neededUpTo(t, goal.toScn)
      // Sequence 1 that does not begin with the incarnation: the thread was enabled then and has no earlier redo.
      const first = logs.find((l) => l.thread === t.thread && l.sequence === 1 && l.firstScn > goal.resetlogsScn)
      return { thread: t.thread, ...(to < goal.toScn ? { to } : {}), ...(first !== undefined && first.firstScn > goal.fromScn ? { from: first.firstScn } : {}) }
    }),
  }
}

/** The missing logs of a gap by name, as far as its ends tell: an end that is open names the one log next to it. */
export function missingOf(gap: ChainGap): readonly MissingLog[] {
  const [first, last] = [gap.sequence ?? gap.lastSequence, gap.lastSequence ?? gap.sequence]
  if (first === undefined || last === undefined || last < 1) return []
  return Array.from({ length: last - first + 1 }, (_, i) => ({ thread: gap.thread, sequence: first + i }))
}

/** A gap for people. */
export function describeGap(gap: ChainGap): string {
  const { thread, sequence, lastSequence, fromScn, toScn } = gap
  const logs = sequence !== undefined && lastSequence !== undefined && sequence < lastSequence ? `archived logs ${String(thread)}/${String(sequence)} to ${String(lastSequence)} are missing` : undefined
  const one = sequence ?? lastSequence
  return logs ?? (one === undefined || one < 1 ? `redo of thread ${String(thread)} from SCN ${String(fromScn)} to ${String(toScn)} is missing` : `archived log ${String(thread)}/${String(one)} is missing`)
}

/** Inputs of {@link deletableUpTo}. */
export interface LogDeletionBounds {
  /** Redo from here on is needed by the live copies. */
  readonly redoFrom: bigint
  /** Last SCN of the newest listed recovery point; `undefined`: there is none. Ignored without snapshots. */
  readonly lastScnInPoint: bigint | undefined
  readonly snapshots: boolean
  /** Database-local `yyyy-mm-dd hh:mm:ss`: logs that end at or after it are inside the recovery window. */
  readonly windowStart: string
}

/**
 * Per thread the highest sequence that may be deleted with everything before it: outside the recovery window, not needed by the
 * live copies, and (with snapshots) complete inside a listed recovery point. Threads without one are left out.
 */
export function deletableUpTo(logs: readonly (ChainLog & { readonly nextTime: string | null })[], bounds: LogDeletionBounds): ReadonlyMap<number, number> {
  const result = new Map<number, number>()
  if (bounds.snapshots && bounds.lastScnInPoint === undefined) return result
  const kept = new Map<number, number>()
  for (const log of logs) {
    const free =
      log.nextTime !== null && log.nextTime < bounds.windowStart && log.nextScn <= bounds.redoFrom
      && (!bounds.snapshots || (bounds.lastScnInPoint !== undefined && log.nextScn <= bounds.lastScnInPoint + 1n))
    if (!free) kept.set(log.thread, Math.min(kept.get(log.thread) ?? Infinity, log.sequence))
  }
  for (const log of logs) {
    // Only what lies before the first log that must stay: the delete takes everything up to a sequence.
    if (log.sequence < (kept.get(log.thread) ?? Infinity)) result.set(log.thread, Math.max(result.get(log.thread) ?? 0, log.sequence))
  }
  return result
}
