import type { Instance, RecoverOptions, ServerSession } from '../engine/instance-api.ts'
import { dateText } from '../host/local-time.ts'
import { OraError, ora } from '../engine/ora-error.ts'
import { isBackup } from '../engine/records.ts'
import type { Cursor } from './cursor.ts'
import { parseDate } from '../rman/nls-date.ts'
import { unimplemented } from './statement.ts'

type Goal = Pick<RecoverOptions, 'untilScn' | 'untilTime'>

const illegal = () => ora(274, 'illegal recovery option UNTIL')

/** Recoveries that wait for the name of a log. */
const waiting = new WeakMap<ServerSession, Goal>()

/** The first log that recovery wants, when it may not take it by itself. */
class WantsLog extends Error {
  readonly thread: number
  readonly sequence: number

  constructor(thread: number, sequence: number) {
    super('a log is wanted')
    this.thread = thread
    this.sequence = sequence
  }
}

/**
 * ALTER DATABASE RECOVER [AUTOMATIC] DATABASE [UNTIL CANCEL | CHANGE n | TIME 't'] [USING BACKUP CONTROLFILE], and CONTINUE
 * [DEFAULT] and CANCEL for a recovery that asked for a log (ORA-00279). The words before are read.
 */
export function parseRecover(cursor: Cursor, instance: Instance, session: ServerSession): () => Promise<void> {
  if (cursor.acceptWords('CANCEL')) return () => cancel(session)
  if (cursor.acceptWords('CONTINUE')) {
    cursor.acceptWords('DEFAULT')
    return async () => {
      const goal = waiting.get(session)
      if (goal === undefined) throw ora(1112, 'media recovery not started')
      await recover(instance, session, goal, true)
    }
  }
  const automatic = cursor.acceptWords('AUTOMATIC')
  if (!cursor.acceptWords('DATABASE')) throw unimplemented().at(cursor.at)
  let goal: Goal = {}
  if (cursor.acceptWords('UNTIL', 'CHANGE')) goal = { untilScn: BigInt(cursor.integer(illegal)) }
  else if (cursor.acceptWords('UNTIL', 'TIME')) goal = { untilTime: parseDate(cursor.string(illegal), 'YYYY-MM-DD:HH24:MI:SS', instance.host.timeZone, instance.host.now()) }
  else cursor.acceptWords('UNTIL', 'CANCEL')
  const backupControlFile = cursor.acceptWords('USING', 'BACKUP', 'CONTROLFILE')
  return async () => {
    if (isBackup(instance.controlFile) && !backupControlFile) throw new OraError([{ code: 'ORA-00283', text: 'recovery session canceled due to errors' }, { code: 'ORA-01610', text: 'recovery using the BACKUP CONTROLFILE option must be done' }])
    await recover(instance, session, goal, automatic)
  }
}

function cancel(session: ServerSession): Promise<void> {
  if (!waiting.delete(session)) throw ora(1112, 'media recovery not started')
  return Promise.resolve()
}

/** @throws OraError 00279 with 00289 and 00280, which name the log that is wanted */
async function recover(instance: Instance, session: ServerSession, goal: Goal, automatic: boolean): Promise<void> {
  const online = new Set(instance.controlFile.logGroups.flatMap((group) => group.members))
  waiting.delete(session)
  try {
    await instance.recoverDatabase({
      ...goal,
      onLog: ({ name, thread, sequence, phase }) => { if (!automatic && phase === 'on-disk' && !online.has(name)) throw new WantsLog(thread, sequence) },
      onFileCreated: () => undefined,
      abort: session.abort,
    })
  } catch (error) {
    const wanted = error instanceof WantsLog ? error : wantedBy(error, instance)
    if (wanted === undefined) throw error
    waiting.set(session, goal)
    throw new OraError([...needed(instance, wanted), ...(error instanceof OraError ? error.messages.filter(({ code }) => code === 'ORA-00308' || code === 'ORA-27037') : [])])
  }
}

function wantedBy(error: unknown, { controlFile }: Instance): { readonly thread: number; readonly sequence: number } | undefined {
  if (!(error instanceof OraError)) return undefined
  const unknown = /thread (\d+) with sequence (\d+)/.exec(error.messages.find(({ code }) => code === 'RMAN-06054')?.text ?? '')
  if (unknown !== null) return { thread: Number(unknown[1]), sequence: Number(unknown[2]) }
  const missing = /archived log '(.+)'/.exec(error.messages.find(({ code }) => code === 'ORA-00308')?.text ?? '')?.[1]
  return controlFile.archivedLogs.find((log) => log.name === missing)
}

function needed(instance: Instance, { thread, sequence }: { readonly thread: number; readonly sequence: number }): readonly { readonly code: string; readonly text: string }[] {
  const data = instance.controlFile
  const known = [...data.archivedLogs, ...data.logHistory].find((log) => log.thread === thread && log.sequence === sequence)
  const scn = known?.firstScn ?? data.checkpointScn
  const name = data.archivedLogs.find((log) => log.thread === thread && log.sequence === sequence && log.name !== null && !log.deleted)?.name ?? `${(instance.archiveDestinations[0]?.directory ?? '').replace(/\/$/, '')}/${thread}_${sequence}_${data.resetlogsId}.dbf`
  return [
    { code: 'ORA-00279', text: `change ${scn} generated at ${dateText(known?.firstTime ?? data.checkpointTime, instance.host.timeZone)} needed for thread ${thread}` },
    { code: 'ORA-00289', text: `suggestion : ${name}` },
    { code: 'ORA-00280', text: `change ${scn} for thread ${thread} is in sequence #${sequence}` },
  ]
}
