import { dateText } from '../host/local-time.ts'
import type { Heap } from './heap.ts'
import type { Kernel } from './kernel.ts'
import { pause } from './mutex.ts'

/** Rows that SMON keeps before it writes over the oldest. */
const SMON_ROWS = 200
const TICK_MS = 500

/** SMON and friends: the SCN ticks, SMON_SCN_TIME gets rows, changed blocks go to disk now and then. */
export class SystemMonitor {
  readonly #kernel: Kernel
  readonly #heap: Heap
  #slot = 0

  constructor(kernel: Kernel, heap: Heap) {
    this.#kernel = kernel
    this.#heap = heap
  }

  /** Until the instance goes down. */
  async run(): Promise<void> {
    const { down, scn, host, checkpointer, cache } = this.#kernel
    let nextRow = 0
    let nextCheckpoint = host.now() + 5000
    this.#slot = (await this.#heap.read('SYS', 'SMON_SCN_TIME')).length
    while (!down.aborted) {
      const now = host.now()
      scn.next()
      if (now >= nextRow) {
        nextRow = now + host.lab.smonIntervalMs
        await this.#writeRow(now)
      }
      if (now >= nextCheckpoint && cache.dirtyBlocks > 0) {
        nextCheckpoint = now + 5000
        checkpointer.request()
      }
      await pause(TICK_MS, down).catch(() => undefined)
    }
  }

  async #writeRow(now: number): Promise<void> {
    const { scn, host } = this.#kernel
    const current = scn.current
    const slot = this.#slot % SMON_ROWS
    const row = [1, Math.floor(now / 1000), dateText(now, host.timeZone), Number(current >> 32n), Number(current & 0xffffffffn), slot, Number(current)]
    if (this.#slot < SMON_ROWS) await this.#heap.insert('SYS', 'SMON_SCN_TIME', [row])
    else await this.#heap.update('SYS', 'SMON_SCN_TIME', (r) => (r[5] === slot ? row : undefined))
    this.#slot += 1
  }
}

/** Columns of SYS.SMON_SCN_TIME. */
export const SMON_COLUMNS = [
  { name: 'THREAD', type: 'NUMBER' }, { name: 'TIME_MP', type: 'NUMBER' }, { name: 'TIME_DP', type: 'DATE' }, { name: 'SCN_WRP', type: 'NUMBER' },
  { name: 'SCN_BAS', type: 'NUMBER' }, { name: 'NUM_MAPPINGS', type: 'NUMBER' }, { name: 'SCN', type: 'NUMBER' },
] as const
