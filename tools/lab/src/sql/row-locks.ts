import { setTimeout as sleep } from 'node:timers/promises'
import type { HeapTable, Instance, ServerSession } from '../engine/instance-api.ts'
import { OraError, ora } from '../engine/ora-error.ts'
import { stateOf, type SessionState } from './session-state.ts'

/** What a statement does when another transaction holds a row: seconds to wait, 0 for NOWAIT; absent: as long as it takes. */
export interface LockWait {
  readonly seconds?: number
}

/** A transaction as the holder of its locks. */
export class Transaction {
  readonly session: ServerSession
  readonly ended: Promise<void>
  /** The one that it waits for now. */
  waitsFor: Transaction | undefined
  readonly #held: { readonly table: TableLocks; readonly key: string }[] = []
  #end: () => void = () => undefined
  #over = false

  constructor(session: ServerSession) {
    this.session = session
    this.ended = new Promise((resolve) => { this.#end = resolve })
  }

  /** Still there: neither ended nor lost with its session. */
  holds(instance: Instance): boolean {
    const session = instance.sessions.get(this.session.sid)
    if (!this.#over && (session?.serial !== this.session.serial || session.status === 'KILLED')) this.end()
    return !this.#over
  }

  took(table: TableLocks, key: string): void {
    table.keys.set(key, this)
    this.#held.push({ table, key })
  }

  get held(): number {
    return this.#held.length
  }

  /** Gives back what it took since it had so many: the statement failed. */
  giveBack(count: number): void {
    for (const { table, key } of this.#held.splice(count)) {
      if (table.keys.get(key) === this) table.keys.delete(key)
      table.releases += 1
    }
  }

  /** Everybody who waits looks again. Call it when the changes can be seen, or are forgotten. */
  end(): void {
    this.#over = true
    this.giveBack(0)
    this.#end()
  }
}

interface TableLocks {
  readonly keys: Map<string, Transaction>
  /** How many locks were given back: what was read before may be old by then. */
  releases: number
}

/** By host, then by instance and table. */
const registry = new WeakMap<Instance['host'], Map<string, TableLocks>>()

export function locksOf(instance: Instance, { owner, name }: Pick<HeapTable, 'owner' | 'name'>): TableLocks {
  const tables = registry.get(instance.host) ?? new Map<string, TableLocks>()
  registry.set(instance.host, tables)
  const id = JSON.stringify([instance.sid, instance.container, owner, name])
  let locks = tables.get(id)
  if (locks === undefined) tables.set(id, locks = { keys: new Map(), releases: 0 })
  return locks
}

const transactions = new WeakMap<SessionState, Transaction>()

/** The transaction that the session's next lock belongs to. */
export function transactionOf(session: ServerSession): Transaction {
  const state = stateOf(session)
  let transaction = transactions.get(state)
  if (transaction === undefined) transactions.set(state, transaction = new Transaction(session))
  return transaction
}

/** Takes the session's transaction away from it, if it has locked anything; the next lock begins another. */
export function takeTransaction(session: ServerSession): Transaction | undefined {
  const state = stateOf(session)
  const transaction = transactions.get(state)
  transactions.delete(state)
  return transaction
}

/** Gives the session a transaction back that was put aside. */
export function resumeTransaction(session: ServerSession, transaction: Transaction | undefined): void {
  if (transaction !== undefined) transactions.set(stateOf(session), transaction)
}

/**
 * Locks rows, or keys of unique indexes, one after the other, for the session's transaction.
 * @param keys a row by its contents, so rows alike share a lock
 * @returns whether it had to wait, so that what was read before is old
 * @throws OraError 00054 with NOWAIT, 30006 after WAIT n, 00060 when two wait for each other, 01013
 */
export async function lock(instance: Instance, session: ServerSession, table: HeapTable, keys: Iterable<string>, wait: LockWait = {}): Promise<boolean> {
  const locks = locksOf(instance, table)
  const mine = transactionOf(session)
  const deadline = wait.seconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + wait.seconds * 1000
  let waited = false
  for (const key of keys) {
    for (let holder = locks.keys.get(key); holder !== mine; holder = locks.keys.get(key)) {
      if (holder?.holds(instance) !== true) {
        mine.took(locks, key)
        break
      }
      if (wait.seconds === 0) throw ora(54, 'resource busy and acquire with NOWAIT specified or timeout expired')
      for (let other: Transaction | undefined = holder; other !== undefined; other = other.waitsFor) if (other === mine) throw ora(60, 'deadlock detected while waiting for resource')
      waited = true
      await untilEnded(holder, mine, deadline)
    }
  }
  return waited
}

/** A session that is killed ends without a word, so it is looked at now and then. */
const lookMs = 200

async function untilEnded(holder: Transaction, mine: Transaction, deadline: number): Promise<void> {
  const { abort: killed, interrupt } = mine.session
  const abort = interrupt === undefined ? killed : AbortSignal.any([killed, interrupt])
  const left = deadline - performance.now()
  if (left <= 0) throw ora(30006, 'resource busy; acquire with WAIT timeout expired')
  const over = new AbortController()
  mine.waitsFor = holder
  try {
    await Promise.race([holder.ended, sleep(Math.min(left, lookMs), undefined, { signal: AbortSignal.any([abort, over.signal]) })])
  } catch (error) {
    throw abort.reason instanceof OraError ? abort.reason : error
  } finally {
    mine.waitsFor = undefined
    over.abort()
  }
}
