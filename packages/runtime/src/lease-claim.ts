import { readFile, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from './clock.ts'
import { createFileOnce } from './durable-file.ts'
import type { LeaseOwner } from './lease.ts'
import { readLeaseRecord, storing, writeLeaseRecord } from './lease-record.ts'
import type { LeaseRecord } from './lease-record.ts'

/*
 * A stale lease cannot be replaced by rename: two contenders that both saw it stale would replace each other. Instead each
 * token is claimed once: `<lease>.claim-<token>` is created by link(), and only its maker may write that token into the lease,
 * after reading once more that the lease is still the one it judged. Claims are removed by whoever wrote a token at least as high.
 * A contender that died between claim and write leaves its claim; the next one sees it unchanged for a TTL and claims the next token.
 */

function claimPath(path: string, token: number): string {
  return `${path}.claim-${String(token)}`
}

/** Whether two readings show the same, unmoved lease. */
export function sameRecord(a: LeaseRecord | undefined, b: LeaseRecord | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.token === b.token && a.heartbeat === b.heartbeat && a.released === b.released && a.boundTo === b.boundTo && a.owner.runId === b.owner.runId
}

export type ClaimResult =
  | { readonly kind: 'taken'; readonly record: LeaseRecord }
  /** Somebody else claimed this token; what its claim says, to see whether it moves. */
  | { readonly kind: 'claimed'; readonly claim: string }
  /** The lease is not the one that was judged any more. */
  | { readonly kind: 'moved' }

export interface ClaimOptions {
  readonly path: string
  readonly clock: Clock
  /** What was judged stale, released or void. */
  readonly judged: LeaseRecord
  readonly token: number
  /** What to write with that token. */
  readonly next: Omit<LeaseRecord, 'token' | 'heartbeat'>
}

/** Takes a lease that was judged free. Exactly one of several contenders gets `taken`. @throws ICB_LEASE_STORE, ICB_LEASE_DAMAGED */
export async function claimLease(options: ClaimOptions): Promise<ClaimResult> {
  const { path, judged, token, clock, next } = options
  const claim = claimPath(path, token)
  const begun = clock.monotonic()
  const made = await storing(path, 'claimed', () => createFileOnce(claim, JSON.stringify({ owner: next.owner, boundTo: next.boundTo })))
  if (!made) return { kind: 'claimed', claim: await readFile(claim, 'utf8').catch(() => '') }
  const record: LeaseRecord = { ...next, token, heartbeat: 0 }
  // A claimer that was stopped here for long may have been passed by one with a higher token.
  if (!sameRecord(await readLeaseRecord(path), judged) || clock.monotonic() - begun > next.ttlMs / 3) {
    await rm(claim, { force: true })
    return { kind: 'moved' }
  }
  await writeLeaseRecord(path, record, 'both')
  const after = await readLeaseRecord(path)
  if (!sameRecord(after, record)) return { kind: 'moved' }
  await removeLeftovers(path, token)
  return { kind: 'taken', record }
}

const leftoverMs = 3_600_000

/** Removes claims that are answered and private files of contenders that died. Best effort: the next holder tries again. */
export async function removeLeftovers(path: string, token: number): Promise<void> {
  const directory = dirname(path)
  const name = basename(path)
  try {
    const now = (await stat(path)).mtimeMs
    for (const each of await readdir(directory)) {
      const claim = each.startsWith(`${name}.claim-`) ? Number(each.slice(name.length + 7)) : undefined
      if (claim !== undefined && claim <= token) await rm(join(directory, each), { force: true })
      // Both times are the file server's, so its clock need not be right.
      const temporary = each.endsWith('.tmp') && (each.startsWith(`.${name}.`) || each.startsWith(`.${name}.claim-`))
      if (temporary && now - (await stat(join(directory, each))).mtimeMs > leftoverMs) await rm(join(directory, each), { force: true })
    }
  } catch {
    // They cost a directory entry each and block nobody.
  }
}

/** True when a claim was made for another area than ours: a copy in a clone. */
export function claimIsVoid(claim: string, boundTo: string): boolean {
  try {
    return (JSON.parse(claim) as { boundTo?: unknown }).boundTo !== boundTo
  } catch {
    return false
  }
}

/** The owner in a claim; `undefined` when it cannot be read. */
export function claimOwner(claim: string): LeaseOwner | undefined {
  try {
    return (JSON.parse(claim) as { owner?: LeaseOwner }).owner
  } catch {
    return undefined
  }
}
