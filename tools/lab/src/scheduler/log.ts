import type { Instance, RowValue } from '../engine/instance-api.ts'
import { dateText } from '../host/local-time.ts'

/** One line of the scheduler's log. */
export interface LogEntry {
  readonly owner: string
  readonly job: string
  readonly operation: string
  readonly status: string | null
  readonly info: string | null
}

export interface RunDetails {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'STOPPED'
  readonly error: number
  readonly requested: number
  readonly started: number
  /** Seconds. */
  readonly duration: number
  readonly info: string | null
  readonly pid: number | null
  readonly output: string | null
  readonly errors: string | null
}

export const LOG_TABLE = { owner: 'SYS', name: 'SCHEDULER$_EVENT_LOG', tablespace: 'SYSAUX' } as const
export const DETAILS_TABLE = { owner: 'SYS', name: 'SCHEDULER$_JOB_RUN_DETAILS', tablespace: 'SYSAUX' } as const
/** DATE columns are host local; the milliseconds beside them say the moment. */
const logColumns = [{ name: 'LOG_ID', type: 'NUMBER' }, { name: 'LOG_TIME', type: 'NUMBER' }, { name: 'LOG_DATE', type: 'DATE' }, { name: 'OWNER', type: 'VARCHAR2' }, { name: 'JOB_NAME', type: 'VARCHAR2' }, { name: 'OPERATION', type: 'VARCHAR2' }, { name: 'STATUS', type: 'VARCHAR2' }, { name: 'ADDITIONAL_INFO', type: 'VARCHAR2' }, { name: 'JOB_CLASS', type: 'VARCHAR2' }] as const
const detailColumns = [{ name: 'LOG_ID', type: 'NUMBER' }, { name: 'REQ_TIME', type: 'NUMBER' }, { name: 'START_TIME', type: 'NUMBER' }, { name: 'DURATION', type: 'NUMBER' }, { name: 'STATUS', type: 'VARCHAR2' }, { name: 'ERROR#', type: 'NUMBER' }, { name: 'ADDITIONAL_INFO', type: 'VARCHAR2' }, { name: 'SLAVE_PID', type: 'NUMBER' }, { name: 'OUTPUT', type: 'VARCHAR2' }, { name: 'ERRORS', type: 'VARCHAR2' }] as const

const has = (instance: Instance, table: { readonly owner: string; readonly name: string }): boolean => instance.tables().some((candidate) => candidate.owner === table.owner && candidate.name === table.name)

async function ensureTables(instance: Instance): Promise<void> {
  if (!has(instance, LOG_TABLE)) await instance.createTable({ ...LOG_TABLE, columns: logColumns })
  if (!has(instance, DETAILS_TABLE)) await instance.createTable({ ...DETAILS_TABLE, columns: detailColumns })
}

let last = 0

/** Writes a line, with the details of a run when it is about one. */
export async function writeLog(instance: Instance, entry: LogEntry, jobClass: string, details?: RunDetails): Promise<void> {
  await ensureTables(instance)
  const now = instance.host.now()
  last = Math.max(last + 1, ...(await instance.readTable(LOG_TABLE.owner, LOG_TABLE.name)).map((row) => Number(row[0]) + 1))
  const id = last
  await instance.applyChanges([
    { owner: LOG_TABLE.owner, name: LOG_TABLE.name, insert: [[id, now, dateText(now, instance.host.timeZone), entry.owner, entry.job, entry.operation, entry.status, entry.info, jobClass]] },
    ...(details === undefined ? [] : [{ owner: DETAILS_TABLE.owner, name: DETAILS_TABLE.name, insert: [[id, details.requested, details.started, details.duration, details.status, details.error, details.info, details.pid, details.output, details.errors]] }]),
  ])
}

/** Removes lines older than a moment, of one job or of all. */
export async function purgeLog(instance: Instance, before: number, which: (owner: string, job: string) => boolean): Promise<void> {
  if (!has(instance, LOG_TABLE)) return
  const gone = new Set((await instance.readTable(LOG_TABLE.owner, LOG_TABLE.name)).filter((row) => Number(row[1]) < before && which(String(row[3]), String(row[4]))).map((row) => Number(row[0])))
  if (gone.size === 0) return
  await instance.applyChanges([LOG_TABLE, DETAILS_TABLE].map((table) => ({ owner: table.owner, name: table.name, change: (row: readonly unknown[]) => (gone.has(Number(row[0])) ? null : undefined) })))
}

export interface LoggedRun extends LogEntry {
  readonly id: number
  readonly time: number
  readonly jobClass: string
}

export async function readLog(instance: Instance): Promise<readonly LoggedRun[]> {
  if (!has(instance, LOG_TABLE)) return []
  const text = (value: RowValue | undefined): string | null => (value === null || value === undefined ? null : String(value))
  return (await instance.readTable(LOG_TABLE.owner, LOG_TABLE.name)).map((row) => ({ id: Number(row[0]), time: Number(row[1]), owner: String(row[3]), job: String(row[4]), operation: String(row[5]), status: text(row[6]), info: text(row[7]), jobClass: String(row[8]) }))
}

export async function readDetails(instance: Instance): Promise<ReadonlyMap<number, RunDetails>> {
  if (!has(instance, DETAILS_TABLE)) return new Map()
  const text = (value: RowValue | undefined): string | null => (value === null || value === undefined ? null : String(value))
  return new Map((await instance.readTable(DETAILS_TABLE.owner, DETAILS_TABLE.name)).map((row) => [Number(row[0]), { requested: Number(row[1]), started: Number(row[2]), duration: Number(row[3]), status: String(row[4]) as RunDetails['status'], error: Number(row[5]), info: text(row[6]), pid: row[7] === null ? null : Number(row[7]), output: text(row[8]), errors: text(row[9]) }]))
}
