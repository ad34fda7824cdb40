import type { LabInstance } from './instance.ts'
import { pause } from './mutex.ts'

export interface WorkloadOptions {
  readonly transactions: number | undefined
  readonly seconds: number | undefined
  /** Upper bound; as fast as possible without. */
  readonly perSecond: number | undefined
  readonly signal: AbortSignal
}

export interface WorkloadResult {
  readonly transactions: number
  /** Commit SCN of the last one. */
  readonly lastScn: bigint
}

const ORDERS = { owner: 'DEMO', name: 'ORDERS', tablespace: 'USERS' } as const
const HEARTBEAT = { owner: 'DEMO', name: 'HEARTBEAT', tablespace: 'USERS' } as const
/** Rows of DEMO.ORDERS before old ones are changed instead of new ones added. */
const MOST_ORDERS = 4000
/** Orders added or changed by one transaction. */
const BATCH = 5

/** Commits transactions on DEMO.ORDERS and moves DEMO.HEARTBEAT with each. */
export async function runWorkload(instance: LabInstance, options: WorkloadOptions): Promise<WorkloadResult> {
  await prepare(instance)
  const started = instance.host.now()
  const until = options.seconds === undefined ? undefined : started + options.seconds * 1000
  const count = options.transactions ?? (until === undefined ? 100 : Infinity)
  let next = (await instance.readTable(ORDERS.owner, ORDERS.name)).length + 1
  let lastScn = instance.currentScn
  let done = 0
  while (done < count && (until === undefined || instance.host.now() < until)) {
    options.signal.throwIfAborted()
    const when = instance.dateText(instance.host.now())
    if (next <= MOST_ORDERS) {
      await instance.insertRows(ORDERS.owner, ORDERS.name, Array.from({ length: BATCH }, (_, i) => [next + i, `customer ${(next * 7919) % 1000}`, ((next + i) * 37) % 10000, when]))
      next += BATCH
    } else {
      const chosen = ((done * 7919) % MOST_ORDERS) + 1
      await instance.updateRows(ORDERS.owner, ORDERS.name, (row) => (Number(row[0]) >= chosen && Number(row[0]) < chosen + BATCH ? [row[0] ?? null, row[1] ?? null, Number(row[2]) + 1, when] : undefined))
    }
    lastScn = await instance.updateRows(HEARTBEAT.owner, HEARTBEAT.name, (row) => [row[0] ?? 1, when, Number(row[2]) + 1])
    done += 1
    if (options.perSecond !== undefined) {
      const ahead = started + (done * 1000) / options.perSecond - instance.host.now()
      if (ahead > 0) await pause(ahead, options.signal)
    }
  }
  return { transactions: done, lastScn }
}

async function prepare(instance: LabInstance): Promise<void> {
  const exists = (name: string): boolean => instance.tables().some((t) => t.owner === 'DEMO' && t.name === name)
  if (!exists('ORDERS')) {
    await instance.createTable({ ...ORDERS, columns: [{ name: 'ID', type: 'NUMBER' }, { name: 'CUSTOMER', type: 'VARCHAR2' }, { name: 'AMOUNT', type: 'NUMBER' }, { name: 'CREATED', type: 'DATE' }] })
  }
  if (!exists('HEARTBEAT')) {
    await instance.createTable({ ...HEARTBEAT, columns: [{ name: 'THREAD', type: 'NUMBER' }, { name: 'BEAT', type: 'DATE' }, { name: 'COUNT', type: 'NUMBER' }] })
    await instance.insertRows(HEARTBEAT.owner, HEARTBEAT.name, [[1, instance.dateText(instance.host.now()), 0]])
  }
}
