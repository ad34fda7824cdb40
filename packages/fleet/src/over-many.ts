import PQueue from 'p-queue'

/** What became of one database of many. */
export type FleetOutcome<T> = { readonly database: string; readonly ok: true; readonly value: T } | { readonly database: string; readonly ok: false; readonly error: unknown }

/**
 * Runs one action for many databases with at most `concurrency` at a time. A failure is an outcome: it never stops the
 * others. Outcomes come in the order of `databases`.
 */
export async function forEachDatabase<T>(databases: readonly string[], options: { readonly concurrency: number; readonly signal: AbortSignal }, action: (database: string) => Promise<T>): Promise<readonly FleetOutcome<T>[]> {
  const queue = new PQueue({ concurrency: options.concurrency })
  return Promise.all(
    databases.map((database) =>
      queue.add(async (): Promise<FleetOutcome<T>> => {
        try {
          options.signal.throwIfAborted()
          return { database, ok: true, value: await action(database) }
        } catch (error) {
          return { database, ok: false, error }
        }
      }),
    ),
  )
}
