import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isoNow } from './clock.ts'
import type { Clock } from './clock.ts'
import { createFileOnce, writeFileDurably } from './durable-file.ts'
import { hostFacts, ownProcess, pidNamespace, processStartTicks } from './host.ts'
import type { AcquireLeaseOptions, Lease, LeaseOwner, LeaseState } from './lease.ts'
import { claimIsVoid, claimLease, claimOwner, removeLeftovers } from './lease-claim.ts'
import { encodeLeaseFile, leaseErrors, readLeaseRecord, storing } from './lease-record.ts'
import type { LeaseRecord } from './lease-record.ts'
import { holdLease } from './lease-holder.ts'
import type { Logger } from './logger.ts'

const defaultTtlMs = 60_000

function describeSelf(runId: string, purpose: string): LeaseOwner {
  const own = ownProcess()
  return { ...own, bootId: own.bootId ?? 'unknown', runId, purpose: purpose.slice(0, 200) }
}

/**
 * Whether the owner's process lives, where this process can know: same host name, same boot, same pid namespace.
 * A pid that runs with another start time belongs to somebody else.
 */
export function leaseOwnerLife(owner: LeaseOwner): 'alive' | 'dead' | 'unknown' {
  const host = hostFacts()
  const namespace = pidNamespace()
  const here = owner.host === host.hostname && host.bootId !== undefined && owner.bootId === host.bootId && namespace !== undefined && owner.pidNamespace === namespace
  if (!here || owner.startTicks === undefined) return 'unknown'
  return processStartTicks(owner.pid) === owner.startTicks ? 'alive' : 'dead'
}

/**
 * Takes the lease, or waits for it.
 *
 * A lease is free when it was released, when it is bound to something else (a copy inside a clone), when its owner's process is
 * dead on this very host and boot, or when its heartbeat stood still for one TTL of this process's own monotonic clock. No wall clock of any
 * host is compared. Taking over from a process that is provably dead needs no wait: a dead process cannot write any more, and work
 * that it left in database servers is found by its run id, whoever comes next.
 *
 * The directory of the lease is made, its parent is not: an area that is not mounted must not appear on the root file system.
 * @throws ICB_LEASE_HELD when its owner proves alive and `waitMs` have passed; ICB_LEASE_STORE, ICB_LEASE_DAMAGED; the signal's reason
 */
export async function acquireLease(options: AcquireLeaseOptions): Promise<Lease> {
  const { path, clock, logger, signal } = options
  const ttlMs = options.ttlMs ?? defaultTtlMs
  const owner = describeSelf(options.runId, options.purpose)
  const fresh = (): Omit<LeaseRecord, 'token' | 'heartbeat'> => ({ owner, ttlMs, boundTo: options.boundTo, acquiredAt: isoNow(clock), released: false })
  const hold = (record: LeaseRecord, since: number): Lease => {
    logger.debug({ path, token: record.token }, 'lease taken')
    return holdLease({ path, record, since, clock, logger })
  }
  await storing(path, 'created', () => mkdir(dirname(path)).catch(ignoreExisting))

  const begun = clock.monotonic()
  const lease = createStillness(clock)
  const claims = createStillness(clock)
  let skippedClaims = 0
  let provedAlive = false
  for (;;) {
    signal?.throwIfAborted()
    const now = clock.monotonic()
    const seen = await readLeaseRecord(path)
    if (seen === undefined) {
      const record: LeaseRecord = { ...fresh(), token: 1, heartbeat: 0 }
      if (await storing(path, 'created', () => createFileOnce(path, encodeLeaseFile(record)))) {
        await removeLeftovers(path, 0)
        return hold(record, now)
      }
      continue
    }

    const quietMs = lease.observe(`${String(seen.token)}/${String(seen.heartbeat)}/${String(seen.released)}`)
    if (lease.changes > 0) provedAlive = true
    if (lease.justChanged) skippedClaims = 0
    const life = seen.released || seen.boundTo !== options.boundTo ? 'dead' : leaseOwnerLife(seen.owner)
    if (life === 'alive') provedAlive = true
    const staleAfterMs = Math.max(ttlMs, seen.ttlMs)

    if (life === 'dead' || quietMs >= staleAfterMs) {
      const result = await claimLease({ path, clock, judged: seen, token: seen.token + 1 + skippedClaims, next: fresh() })
      if (result.kind === 'taken') {
        if (!seen.released && seen.boundTo === options.boundTo) logger.warn({ path, token: result.record.token, from: seen.owner }, 'lease taken over from a run that ended without releasing it')
        return hold(result.record, now)
      }
      if (result.kind === 'claimed') {
        const claimant = claimOwner(result.claim)
        const over = claimIsVoid(result.claim, options.boundTo) || (claimant !== undefined && leaseOwnerLife(claimant) === 'dead')
        if (over || claims.observe(`${String(skippedClaims)} ${result.claim}`) >= staleAfterMs) {
          skippedClaims += 1
          continue
        }
      } else {
        continue
      }
    } else if (provedAlive && now - begun >= options.waitMs) {
      throw held(path, seen, Math.round(now - begun))
    }
    await clock.sleep(Math.max(1, Math.min(ttlMs / 10, 1000)), signal)
  }
}

function ignoreExisting(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error as Error
}

function held(path: string, seen: LeaseRecord, waitedMs: number): Error {
  return leaseErrors.errors.HELD(`${seen.owner.purpose} (run ${seen.owner.runId}) holds the lease since ${seen.acquiredAt}: process ${seen.owner.pid} on ${seen.owner.host}`, {
    hint: 'Wait for that run to end, or, if it is stuck, end that process: the lease is free one TTL later.',
    details: { path, owner: seen.owner, token: seen.token, acquiredAt: seen.acquiredAt, waitedMs },
  })
}

interface Stillness {
  /** Milliseconds since this was first seen in this state. */
  observe(state: string): number
  readonly changes: number
  readonly justChanged: boolean
}

function createStillness(clock: Clock): Stillness {
  let last: string | undefined
  let since = 0
  let changes = -1
  let justChanged = false
  return {
    observe: (state) => {
      const now = clock.monotonic()
      justChanged = state !== last
      if (justChanged) {
        last = state
        since = now
        changes += 1
      }
      return now - since
    },
    get changes() {
      return Math.max(0, changes)
    },
    get justChanged() {
      return justChanged
    },
  }
}

/** What the lease file says; `undefined` when there is none. @throws ICB_LEASE_DAMAGED, ICB_LEASE_STORE */
export async function readLease(path: string): Promise<LeaseState | undefined> {
  const record = await readLeaseRecord(path)
  return record === undefined ? undefined : { path, ...record }
}

export interface BreakLeaseOptions {
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Frees a lease on a person's word, whoever holds it: a living holder notices at its next step or renewal and stops. Answers what
 * the lease said before; `undefined` when there was nothing to break (no file, or released already).
 * @throws ICB_LEASE_STORE
 */
export async function breakLease(path: string, options: BreakLeaseOptions): Promise<LeaseState | undefined> {
  const { clock, logger } = options
  let before: LeaseRecord | undefined
  try {
    before = await readLeaseRecord(path)
  } catch (error) {
    if (!(error instanceof Error) || (error as { code?: unknown }).code !== 'ICB_LEASE_DAMAGED') throw error
    await replaceDamaged(path, clock)
    logger.warn({ path }, 'damaged lease file replaced')
    return undefined
  }
  for (let skipped = 0; before !== undefined && !before.released; ) {
    const result = await claimLease({ path, clock, judged: before, token: before.token + 1 + skipped, next: { ...before, released: true } })
    if (result.kind === 'taken') {
      logger.warn({ path, owner: before.owner, token: before.token }, 'lease broken')
      return { path, ...before }
    }
    // A living holder renews between reading and claiming: read again. A claim of somebody is passed over: the person said so.
    if (result.kind === 'claimed') skipped += 1
    else before = await readLeaseRecord(path)
  }
  return undefined
}

/** The old token is unknown; seconds since 1970 are above every counter, so an old holder still finds itself passed. */
async function replaceDamaged(path: string, clock: Clock): Promise<void> {
  const record: LeaseRecord = {
    owner: describeSelf('broken', 'break a damaged lease'),
    token: Math.floor(clock.now() / 1000),
    heartbeat: 0,
    ttlMs: defaultTtlMs,
    boundTo: '',
    acquiredAt: isoNow(clock),
    released: true,
  }
  await storing(path, 'replaced', () => writeFileDurably(path, encodeLeaseFile(record)))
}
