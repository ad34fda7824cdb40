import type { Kernel } from './kernel.ts'
import { Mutex } from './mutex.ts'

/** DBWR and CKPT: brings changed blocks to the files and moves the checkpoints. */
export class Checkpointer {
  readonly #kernel: Kernel
  readonly #mutex = new Mutex()
  #requested = false

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** A checkpoint soon, not waited for. */
  request(): void {
    if (this.#requested) return
    this.#requested = true
    void this.checkpoint().catch((error: unknown) => {
      if (!this.#kernel.down.aborted) this.#kernel.alert(`Errors in checkpoint: ${String(error)}`)
    })
  }

  /** Runs while no checkpoint writes to any file. */
  paused<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(work)
  }

  /**
   * Every change below the checkpoint SCN is in the files when it resolves. Redo of lower SCNs is not needed for crash
   * recovery any more, so groups become inactive.
   * @param only these files alone (an online backup's checkpoint)
   * @param options `onScn` is called with the checkpoint SCN before any later change can be made
   */
  async checkpoint(only?: ReadonlySet<number>, options: { readonly clean?: boolean; readonly onScn?: (scn: bigint) => void } = {}): Promise<bigint> {
    return this.#mutex.run(async () => {
      if (only === undefined) this.#requested = false
      const { scn: clock, cache, files, tracker, control, host, members } = this.#kernel
      const scn = clock.next()
      options.onScn?.(scn)
      const time = host.now()
      await cache.flush(only)
      const targets = control.data.datafiles.filter((d) => (only === undefined || only.has(d.file)) && d.status !== 'OFFLINE' && d.status !== 'RECOVER' && d.enabled === 'READ WRITE' && d.stopScn === null && files.has(d.file))
      for (const { file } of targets) if (host.lab.fsync) await files.get(file).sync()
      if (only === undefined) await tracker.save(scn)
      for (const { file } of targets) {
        const datafile = files.get(file)
        await datafile.writeHeader({ ...datafile.header, checkpointScn: scn, checkpointTime: time, fuzzy: options.clean !== true, absoluteFuzzyScn: 0n })
      }
      await control.update((data) => {
        for (const record of data.datafiles) if (targets.some((t) => t.file === record.file)) Object.assign(record, { checkpointScn: scn, checkpointTime: time })
        if (only !== undefined) return
        Object.assign(data, { checkpointScn: scn, checkpointTime: time })
        for (const group of data.logGroups) if (group.status === 'ACTIVE' && group.nextScn !== null && group.nextScn <= scn) group.status = 'INACTIVE'
        for (const t of data.threads) if (t.status === 'OPEN') t.checkpointScn = scn
      })
      if (only === undefined) for (const member of new Set([...members, this.#kernel])) member.thread.reusable.notify()
      return scn
    })
  }
}
