import { type InstanceConnection, connectInstance } from '../server/client.ts'
import { openHost, socketPath } from '../host/host.ts'
import { readLabFile } from '../host/lab-file.ts'
import type { Destination } from './archive-destinations.ts'
import type { ServerSession } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { pause } from './mutex.ts'
import { OraError, ora } from './ora-error.ts'
import type { ArchivedLogRecord } from './records.ts'

/** How often the standbys are looked at, and failed ones tried again: Oracle's heartbeat takes a minute. */
const HEARTBEAT_MS = 500

/** What a standby answers to a log, and to being asked. */
export interface StandbyAnswer {
  /** Thread and sequence of every log of the primary that it has applied or has. */
  readonly received: readonly string[]
  readonly applied: readonly string[]
  readonly uniqueName: string
  /** Redo apply runs. */
  readonly applying: boolean
}

/** @throws OraError 12154, 12541 */
async function connectService({ host }: Pick<Kernel, 'host'>, service: string): Promise<InstanceConnection> {
  const { databases } = await readLabFile(host.labDir)
  const found = databases.find((d) => d.services.includes(service.toLowerCase()))
  if (found === undefined) throw ora(12154, 'TNS:could not resolve the connect identifier specified')
  return connectInstance(socketPath(openHost(host.labDir, found.host), found.sid))
}

/**
 * ARCHIVE LOG CURRENT at the primary that FAL_SERVER names, as the user that the session of the standby logged on with: a session without
 * a password has nothing to show there. @throws OraError 17629 with 17627 and the cause
 */
export async function archiveAtPrimary(kernel: Kernel, { credentials }: ServerSession): Promise<void> {
  const refused = (cause: string): OraError => ora(17629, 'Cannot connect to the remote database server', [17627, cause], [17629, 'Cannot connect to the remote database server'])
  if (credentials === undefined) throw refused('ORA-01017: invalid username/password; logon denied')
  let connection: InstanceConnection | undefined
  try {
    connection = await connectService(kernel, kernel.parameters.get('fal_server').split(',')[0]?.trim() ?? '')
    await connection.call({ kind: 'logon', program: 'rman', ...credentials })
    await connection.call({ kind: 'sql', text: 'alter system archive log current' })
  } catch (error) {
    if (error instanceof OraError) throw refused(`${error.messages[0]?.code ?? ''}: ${error.messages[0]?.text ?? ''}`)
    throw error
  } finally {
    connection?.close()
  }
}

/** A session on the instance behind a destination, for the calls of the database that sends. @throws OraError 12541, 12154, 01034 */
async function connectStandby(kernel: Pick<Kernel, 'host'>, destination: Destination): Promise<InstanceConnection> {
  if (destination.fault === 'fail') throw ora(12541, 'TNS:no listener')
  const connection = await connectService(kernel, destination.service ?? '')
  await connection.call({ kind: 'logon', program: 'sqlplus', as: 'sysdba', username: 'SYS' })
  return connection
}

/** One call of a standby. @throws OraError as it answers, 12541 and others when it cannot be reached */
export async function callStandby(kernel: Pick<Kernel, 'host'>, destination: Destination, action: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
  const connection = await connectStandby(kernel, destination)
  try {
    return await connection.call({ kind: 'lab', action, args })
  } finally {
    connection.close()
  }
}

const keyOf = (log: { readonly thread: number; readonly sequence: number; readonly resetlogsId: number }): string => `${log.thread}.${log.sequence}.${log.resetlogsId}`

/** Brings the archived logs of a primary to its standbys, the ones that a standby missed too, and learns what is applied there. */
export class RedoTransport {
  readonly #kernel: Kernel

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Until the instance goes down. */
  async run(): Promise<void> {
    const { down, archiver, members } = this.#kernel
    while (!down.aborted) {
      // One instance of a cluster sends for all.
      if (members[0] === this.#kernel) for (const destination of archiver.destinations.filter((d) => d.service !== null && (d.status === 'VALID' || d.status === 'ERROR'))) await this.#serve(destination)
      await pause(HEARTBEAT_MS, down).catch(() => undefined)
    }
  }

  async #serve(destination: Destination): Promise<void> {
    const { control, host, down } = this.#kernel
    try {
      if (destination.fault === 'hang') return
      const connection = await connectStandby(this.#kernel, destination)
      try {
        const answer = await connection.call({ kind: 'lab', action: 'standby-status', args: { dbid: control.data.dbid } }) as StandbyAnswer
        const received = new Set(answer.received)
        for (const log of this.#localLogs()) {
          if (received.has(keyOf(log)) || down.aborted) continue
          const { resetlogsId, thread, sequence } = log
          await connection.call({ kind: 'lab', action: 'receive-redo', args: { dbid: control.data.dbid, path: host.real(log.name), thread, sequence, resetlogsId } })
          received.add(keyOf(log))
        }
        await this.#note(destination, received, new Set(answer.applied))
      } finally {
        connection.close()
      }
      Object.assign(destination, { status: 'VALID', error: null, failDate: null } satisfies Partial<Destination>)
    } catch (error) {
      if (down.aborted) return
      if (destination.status !== 'ERROR') this.#kernel.alert(`Error 12541 received logging on to the standby ${destination.service ?? ''}: ${String(error)}`)
      Object.assign(destination, { status: 'ERROR', error: 'ORA-12541: TNS:no listener', failDate: host.now(), failSequence: control.data.threads[0]?.sequence ?? 0 } satisfies Partial<Destination>)
    }
  }

  /** One file of every log of this incarnation that is still here, oldest first. */
  #localLogs(): (ArchivedLogRecord & { readonly name: string })[] {
    const { data } = this.#kernel.control
    const logs = new Map<string, ArchivedLogRecord & { readonly name: string }>()
    for (const log of data.archivedLogs) {
      if (log.standby === true || log.name === null || log.deleted || log.status !== 'A' || log.resetlogsId !== data.resetlogsId) continue
      if (!logs.has(keyOf(log))) logs.set(keyOf(log), { ...log, name: log.name })
    }
    return [...logs.values()].sort((a, b) => (a.firstScn < b.firstScn ? -1 : 1))
  }

  /** The rows of V$ARCHIVED_LOG about the standby. */
  async #note(destination: Destination, received: ReadonlySet<string>, applied: ReadonlySet<string>): Promise<void> {
    const { control, host } = this.#kernel
    const own = (log: ArchivedLogRecord): boolean => log.standby === true && log.destId === destination.id
    const known = new Map(control.data.archivedLogs.filter(own).map((log) => [keyOf(log), log]))
    const fresh = this.#localLogs().filter((log) => received.has(keyOf(log)) && !known.has(keyOf(log)))
    const nowApplied = [...known.values()].filter((log) => log.applied === 'NO' && applied.has(keyOf(log)))
    if (fresh.length === 0 && nowApplied.length === 0) return
    await control.update((data) => {
      for (const log of data.archivedLogs) if (own(log) && applied.has(keyOf(log))) log.applied = 'YES'
      for (const log of fresh) {
        const recid = (data.recids['archivedLogs'] ?? 0) + 1
        data.recids['archivedLogs'] = recid
        data.archivedLogs.push({ ...log, recid, name: destination.service, destId: destination.id, standby: true, creator: 'LGWR', applied: applied.has(keyOf(log)) ? 'YES' : 'NO', completionTime: host.now() })
      }
    })
  }
}
