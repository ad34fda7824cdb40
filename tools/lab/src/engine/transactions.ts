import { blockScn, formatBlock, sealBlock } from '../storage/block.ts'
import { type BlockChange, type RedoOperation, type RedoRecord, changeBetween, encodeRecord } from '../storage/redo-record.ts'
import type { Kernel } from './kernel.ts'
import { Mutex } from './mutex.ts'
import { ora } from './ora-error.ts'

/** The blocks one transaction reads and changes. */
export class Transaction {
  readonly #kernel: Kernel
  readonly #edits = new Map<string, { readonly file: number; readonly block: number; readonly before: Buffer; after: Buffer }>()
  readonly operations: RedoOperation[] = []

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** The block as this transaction sees it; not to be changed. */
  async read(file: number, block: number): Promise<Buffer> {
    return this.#edits.get(`${file}.${block}`)?.after ?? this.#kernel.cache.get(file, block)
  }

  /** The block to change in place. */
  async edit(file: number, block: number): Promise<Buffer> {
    const key = `${file}.${block}`
    const edit = this.#edits.get(key)
    if (edit !== undefined) return edit.after
    const before = await this.#kernel.cache.get(file, block)
    const after = Buffer.from(before)
    this.#edits.set(key, { file, block, before, after })
    return after
  }

  /** The block with a new type, owner and empty payload, to change in place. */
  async format(file: number, block: number, type: number, objectId: number): Promise<Buffer> {
    await this.edit(file, block)
    const edit = this.#edits.get(`${file}.${block}`)
    if (edit === undefined) throw new Error('unreachable')
    edit.after = formatBlock(file, block, type, objectId, blockScn(edit.before))
    return edit.after
  }

  /** What changed, with the new buffers. */
  changes(): { readonly change: BlockChange; readonly after: Buffer }[] {
    const changed: { change: BlockChange; after: Buffer }[] = []
    for (const { file, block, before, after } of this.#edits.values()) {
      const change = changeBetween(file, block, before, after)
      if (change !== undefined) changed.push({ change, after })
    }
    return changed
  }
}

/** One transaction after the other; each is one redo record with an SCN of its own. */
export class Transactions {
  readonly #kernel: Kernel
  readonly #mutex = new Mutex()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Keeps transactions out while the body runs: log switches and structural changes. */
  exclusive<T>(body: () => Promise<T>): Promise<T> {
    return this.#mutex.run(body)
  }

  /** Runs the body and commits what it changed. Resolves with the commit SCN when the redo is on disk. */
  async run<T>(body: (transaction: Transaction) => Promise<T>): Promise<{ readonly scn: bigint; readonly result: T }> {
    const { scn, result } = await this.#mutex.run(async () => {
      const transaction = new Transaction(this.#kernel)
      const result = await body(transaction)
      return { scn: await this.commit(transaction), result }
    })
    await this.#kernel.logWriter.flush()
    if (this.#kernel.cache.dirtyBlocks > 1200) await this.#kernel.cache.flush()
    return { scn, result }
  }

  /** Inside {@link exclusive}: gives the changes an SCN and appends their redo. */
  async commit(transaction: Transaction): Promise<bigint> {
    const { logWriter, thread, scn: clock, cache, tracker, history, host } = this.#kernel
    const changed = transaction.changes()
    if (changed.length === 0 && transaction.operations.length === 0) return clock.current
    const size = encodeRecord({ scn: 0n, time: 0, changes: changed.map((c) => c.change), operations: transaction.operations }).length
    if (!logWriter.fitsEver(size)) throw ora(30036, 'unable to extend segment by 8 in undo tablespace')
    if (!logWriter.fits(size)) await thread.switchLocked()
    // From here to the end without a pause: the SCN, the redo and the cache move together.
    const scn = clock.next()
    const record: RedoRecord = { scn, time: host.now(), changes: changed.map((c) => c.change), operations: transaction.operations }
    for (const { change, after } of changed) {
      sealBlock(after, scn)
      cache.put(change.file, change.block, after)
      tracker.mark(change.file, change.block)
      history.note(scn, change.file, change.block, after)
    }
    logWriter.append(record)
    return scn
  }
}
