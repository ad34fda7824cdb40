import type { Clock } from './clock.ts'
import type { Lease } from './lease.ts'
import { leaseErrors, readLeaseRecord, writeLeaseRecord } from './lease-record.ts'
import type { LeaseRecord } from './lease-record.ts'
import type { Logger } from './logger.ts'

export interface HeldLease {
  readonly path: string
  readonly record: LeaseRecord
  /** Monotonic time before the record was written: from here the lease runs. */
  readonly since: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps a taken lease alive until it is released or lost. */
export function holdLease(held: HeldLease): Lease {
  const { path, clock, logger } = held
  const { ttlMs } = held.record
  // A contender takes over after a full TTL without a heartbeat; the last third is the time to stop what runs.
  const limitMs = (ttlMs * 2) / 3
  const lost = new AbortController()
  const stopped = new AbortController()
  let record = held.record
  let renewedAt = held.since
  let released: Promise<void> | undefined
  // Renewal, check and release read and write the same file: one at a time.
  let last: Promise<unknown> = Promise.resolve()
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }

  const lose = (why: string, cause?: unknown): Error => {
    if (!lost.signal.aborted) {
      const error = leaseErrors.errors.LOST(`lost the lease ${path}: ${why}`, {
        hint: 'The next run finds what this one left in its journal and repairs it. Look at the storage of the lease if this repeats.',
        details: { path, token: record.token, runId: record.owner.runId },
        ...(cause === undefined ? {} : { cause }),
      })
      logger.error({ path, token: record.token, why }, 'lease lost')
      lost.abort(error)
      stopped.abort()
    }
    return lost.signal.reason as Error
  }

  /** `undefined` when the lease is ours, else why not. */
  const notOurs = (seen: LeaseRecord | undefined): string | undefined => {
    if (seen === undefined) return 'its file is gone'
    // A lower token is the late write of an earlier holder that slept through its own end; the next renewal covers it.
    if (seen.token < record.token) return undefined
    if (seen.token > record.token || seen.owner.runId !== record.owner.runId) return seen.released ? 'it was broken' : `run ${seen.owner.runId} on ${seen.owner.host} took it`
    return seen.released ? 'it was released' : undefined
  }

  const renew = async (): Promise<void> => {
    const begun = clock.monotonic()
    const why = notOurs(await readLeaseRecord(path))
    if (why !== undefined) throw lose(why)
    const next: LeaseRecord = { ...record, heartbeat: record.heartbeat + 1 }
    await writeLeaseRecord(path, next, 'next')
    record = next
    renewedAt = begun
  }

  const keepRenewing = async (): Promise<void> => {
    let pause = ttlMs / 3
    while (!stopped.signal.aborted) {
      await clock.sleep(pause, stopped.signal)
      try {
        await exclusively(async () => {
          if (!stopped.signal.aborted) await renew()
        })
        pause = ttlMs / 3
      } catch (error) {
        if (lost.signal.aborted) return
        logger.warn({ path, error }, 'the lease could not be renewed, trying again')
        pause = ttlMs / 12
      }
    }
  }
  // On its own: a renewal that hangs (a dead NFS server) must not keep the run from stopping in time.
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const leftMs = renewedAt + limitMs - clock.monotonic()
      if (leftMs <= 0) {
        lose('it could not be renewed for two thirds of its time')
        return
      }
      await clock.sleep(leftMs, stopped.signal)
    }
  }
  const ended = (): undefined => undefined
  void keepRenewing().catch(ended)
  void watch().catch(ended)

  const assertHeld = async (): Promise<void> => {
    if (lost.signal.aborted) throw lost.signal.reason as Error
    if (released !== undefined) throw leaseErrors.errors.LOST(`the lease ${path} was released by this run`, { details: { path } })
    // A process that was stopped (SIGSTOP, a paused virtual machine) asks here before its timers have run.
    if (clock.monotonic() - renewedAt >= limitMs) throw lose('it could not be renewed for two thirds of its time')
    const read = exclusively(() => readLeaseRecord(path)).then((seen) => {
      const why = notOurs(seen)
      if (why !== undefined) throw lose(why)
    })
    const aborted = new Promise<never>((_resolve, reject) => {
      const giveUp = (): void => {
        reject(lost.signal.reason as Error)
      }
      lost.signal.addEventListener('abort', giveUp, { once: true })
      void read.catch(ended).then(() => {
        lost.signal.removeEventListener('abort', giveUp)
      })
    })
    try {
      await Promise.race([read, aborted])
    } catch (error) {
      // Not known to be ours is not ours; `lose` answers the first reason when there is one already.
      throw lose('its file cannot be read', error)
    }
  }

  const doRelease = async (): Promise<void> => {
    stopped.abort()
    if (lost.signal.aborted) return
    await exclusively(async () => {
      if (notOurs(await readLeaseRecord(path)) !== undefined) return
      // The file stays: its token must go on growing.
      await writeLeaseRecord(path, { ...record, heartbeat: record.heartbeat + 1, released: true }, 'both')
    })
    logger.debug({ path, token: record.token }, 'lease released')
  }

  return {
    path,
    token: held.record.token,
    signal: lost.signal,
    assertHeld,
    release: () => (released ??= doRelease()),
  }
}
