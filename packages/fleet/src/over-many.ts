import PQueue from 'p-queue'

/** What became of one database of many. */
export type FleetOutcome<T> = { readonly database: string; readonly ok: true; readonly value: T } | { readonly database: string; readonly ok: false; readonly error: unknown }

export interface ForEachOptions {
  /** At most so many at a time. */
  readonly concurrency: number
  /** At most so many at a time of one group, for example of one array. */
  readonly groups?: { readonly of: (database: string) => string; readonly concurrency: number }
  readonly signal: AbortSignal
}

/**
 * Runs one action for many databases with at most `concurrency` at a time. A failure is an outcome: it never stops the
 * others. Outcomes come in the order of `databases`.
 */
export async function forEachDatabase<T>(databases: readonly string[], options: ForEachOptions, action: (database: string) => Promise<T>): Promise<readonly FleetOutcome<T>[]> {
  const all = new PQueue({ concurrency: options.concurrency })
  const queues = new Map<string, PQueue>()
  const { groups } = options
  const run = async (database: string): Promise<FleetOutcome<T>> => {
    try {
      options.signal.throwIfAborted()
      return { database, ok: true, value: await action(database) }
    } catch (error) {
      return { database, ok: false, error }
    }
  }
  return Promise.all(
    databases.map((database) => {
      if (groups === undefined) return all.add(() => run(database))
      const name = groups.of(database)
      const queue = queues.get(name) ?? new PQueue({ concurrency: groups.concurrency })
      queues.set(name, queue)
      // Who waits for the group holds no place among all.
      return queue.add(() => all.add(() => run(database)))
    }),
  )
}
