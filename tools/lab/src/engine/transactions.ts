import { blockObject, blockScn, blockTypeOf, formatBlock, sealBlock } from '../storage/block.ts'
import { type BlockChange, type RedoOperation, type RedoRecord, changeBetween, encodeRecord } from '../storage/redo-record.ts'
import { noteFileSize } from './file-size.ts'
import type { Kernel } from './kernel.ts'
import type { Mutex } from './mutex.ts'
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
    edit.after = formatBlock(file, block, type, objectId, blockScn(edit.before), edit.before.length)
    return edit.after
  }

  /** Takes blocks out of what commits: they are written without redo. */
  withdraw(places: readonly { readonly file: number; readonly block: number }[]): { readonly file: number; readonly block: number; readonly after: Buffer }[] {
    return places.flatMap(({ file, block }) => {
      const edit = this.#edits.get(`${file}.${block}`)
      return edit !== undefined && this.#edits.delete(`${file}.${block}`) ? [{ file, block, after: edit.after }] : []
    })
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
  /** One for all instances of a database. */
  readonly mutex: Mutex

  constructor(kernel: Kernel, mutex: Mutex) {
    this.#kernel = kernel
    this.mutex = mutex
  }

  /** Keeps transactions out while the body runs: log switches and structural changes. */
  exclusive<T>(body: () => Promise<T>): Promise<T> {
    return this.mutex.run(body)
  }

  /** Runs the body and commits what it changed. Resolves with the commit SCN when the redo is on disk. */
  async run<T>(body: (transaction: Transaction) => Promise<T>): Promise<{ readonly scn: bigint; readonly result: T }> {
    const { scn, result } = await this.mutex.run(async () => {
      // A block may have been changed by another instance: its redo must be on disk before redo that builds on it.
      for (const member of this.#kernel.members) if (member !== this.#kernel) await member.logWriter.flush()
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
    const changed = transaction.changes()
    if (changed.length === 0 && transaction.operations.length === 0) return this.#kernel.scn.current
    return this.#write(changed, transaction.operations)
  }

  /**
   * Inside {@link run}: writes blocks of the transaction straight to the files. Their redo says only that they were written
   * (invalidation redo), so a datafile from before can never get them back. They are on disk before the transaction commits.
   */
  async writeUnlogged(transaction: Transaction, places: readonly { readonly file: number; readonly block: number }[]): Promise<void> {
    const { cache, control, host } = this.#kernel
    const blocks = transaction.withdraw(places)
    if (blocks.length === 0) return
    const scn = await this.#write(blocks.map(({ file, block, after }) => ({ after, change: { file, block, type: blockTypeOf(after), objectId: blockObject(after), previousScn: blockScn(after), patches: [], image: undefined, unlogged: true } })), [])
    const files = new Set(blocks.map(({ file }) => file))
    await cache.flush(files)
    await control.update((data) => { for (const d of data.datafiles) if (files.has(d.file)) Object.assign(d, { unrecoverableScn: scn, unrecoverableTime: host.now() }) })
  }

  async #write(changed: readonly { readonly change: BlockChange; readonly after: Buffer }[], operations: readonly RedoOperation[]): Promise<bigint> {
    const { logWriter, thread, scn: clock, cache, tracker, history, host } = this.#kernel
    const size = encodeRecord({ scn: 0n, time: 0, changes: changed.map((c) => c.change), operations }).length
    if (!logWriter.fitsEver(size)) throw ora(30036, 'unable to extend segment by 8 in undo tablespace')
    if (!logWriter.fits(size)) await thread.switchLocked()
    // From here to the end without a pause: the SCN, the redo and the cache move together.
    const scn = clock.next()
    const record: RedoRecord = { scn, time: host.now(), changes: changed.map((c) => c.change), operations }
    for (const { change, after } of changed) {
      sealBlock(after, scn)
      cache.put(change.file, change.block, after)
      tracker.mark(change.file, change.block)
      history.note(scn, change.file, change.block, cache.stored(change.file, after))
    }
    for (const operation of operations) if (operation.op === 'file-size') noteFileSize(this.#kernel, operation)
    logWriter.append(record)
    return scn
  }
}
