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

/** The SCN up to which a thread's logs must be there so that everything up to `scn` is: a closed thread has no redo beyond its last. */
export function neededUpTo(thread: ChainThread, scn: bigint): bigint {
  return thread.status === 'CLOSED' && thread.lastScn !== null && thread.lastScn < scn ? thread.lastScn : scn
}

/** The log of a thread that ends behind `scn`, i.e. the last one needed to restore to it. */
export function logThatReaches<L extends ChainLog>(logs: readonly L[], thread: number, scn: bigint): L | undefined {
  return logs.filter((l) => l.thread === thread && l.nextScn > scn).reduce<L | undefined>((best, l) => (best === undefined || l.sequence < best.sequence ? l : best), undefined)
}

/** Threads whose logs do not reach `scn` yet. */
export function threadsNotLanded<T extends ChainThread>(threads: readonly T[], logs: readonly ChainLog[], scn: bigint): readonly T[] {
  return enabledThreads(threads).filter((t) => {
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

export interface ChainProof<L> {
  /** The logs of the chain that are there, by thread and sequence. */
  readonly logs: readonly L[]
  readonly missing: readonly MissingLog[]
  /** Sentences about what cannot be named as one log: a thread without any, a chain that begins too late or ends too early. */
  readonly holes: readonly string[]
}

/**
 * Proves that `present` holds every log of every enabled thread from `fromScn` to `toScn`, without a hole in the sequences.
 * A chain may begin later than `fromScn` only with sequence 1: the thread was enabled, or the incarnation began, after it.
 */
export function proveChain<L extends ChainLog>(threads: readonly ChainThread[], present: readonly L[], fromScn: bigint, toScn: bigint): ChainProof<L> {
  const logs: L[] = []
  const missing: MissingLog[] = []
  const holes: string[] = []
  for (const { thread, ...rest } of enabledThreads(threads)) {
    const upTo = neededUpTo({ thread, ...rest }, toScn)
    if (upTo < fromScn) continue
    const own = [...new Map(present.filter((l) => l.thread === thread && l.nextScn > fromScn && l.firstScn <= upTo).map((l) => [l.sequence, l])).values()].sort((a, b) => a.sequence - b.sequence)
    const [first, last] = [own[0], own.at(-1)]
    if (first === undefined || last === undefined) {
      holes.push(`thread ${String(thread)} has no log between SCN ${String(fromScn)} and ${String(upTo)}`)
      continue
    }
    logs.push(...own)
    if (first.firstScn > fromScn && first.sequence !== 1) {
      missing.push({ thread, sequence: first.sequence - 1 })
      holes.push(`the logs of thread ${String(thread)} begin at SCN ${String(first.firstScn)} with sequence ${String(first.sequence)}, needed from ${String(fromScn)}`)
    }
    let before = first
    for (const log of own.slice(1)) {
      for (let sequence = before.sequence + 1; sequence < log.sequence; sequence++) missing.push({ thread, sequence })
      before = log
    }
    if (last.nextScn <= upTo) {
      missing.push({ thread, sequence: last.sequence + 1 })
      holes.push(`the logs of thread ${String(thread)} end at SCN ${String(last.nextScn)} with sequence ${String(last.sequence)}, needed to ${String(upTo)}`)
    }
  }
  return { logs, missing, holes }
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
