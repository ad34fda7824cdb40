import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { OraMessage } from '../../engine/ora-error.ts'
import type { DatafileRecord, LogHistoryRecord } from '../../engine/records.ts'
import type { Command } from '../grammar/ast.ts'
import { useChannels } from './channels.ts'
import { availableLogs } from './repository.ts'
import { untilPoint, untilScn } from './until.ts'
import { date, elapsed } from './work.ts'
import type { Work } from './work.ts'

/** Files that media recovery brings forward. */
function recoverable(file: DatafileRecord): boolean {
  return (file.status === 'SYSTEM' || file.status === 'ONLINE') && file.enabled === 'READ WRITE'
}

/** RECOVER DATABASE. The engine applies the redo; here are the checks that RMAN makes first, and its lines. */
export async function recoverDatabase(work: Work, command: Extract<Command, { kind: 'recover-database' }>): Promise<void> {
  const { instance, emit, state } = work
  emit(`Starting recover at ${date(work)}`)
  useChannels(work)
  const until = command.until ?? state.run?.until ?? null
  const end = untilPoint(work, until)
  const endScn = await untilScn(work, until)
  const start = await lowestCheckpoint(work, end.untilTime, endScn)
  if (start !== null) missingLogs(work, start, endScn)
  emit('')
  emit('starting media recovery')
  const started = instance.host.now()
  let announced = false
  try {
    await instance.recoverDatabase({
      ...end,
      ...(state.run?.newnames.database?.kind === 'new' ? { newName: 'NEW' as const } : {}),
      abort: work.session.abort,
      onLog: ({ name, thread, sequence, phase }) => {
        if (!announced) emit('')
        announced = true
        emit(phase === 'on-disk' ? `archived log for thread ${thread} with sequence ${sequence} is already on disk as file ${name}` : `archived log file name=${name} thread=${thread} sequence=${sequence}`)
      },
      onFileCreated: (file, name) => {
        emit(`creating datafile file number=${file} name=${name}`)
      },
    })
  } catch (error) {
    const unknown = error instanceof OraError ? unknownLog(error.messages) : undefined
    if (unknown === undefined) throw error
    if (!command.untilAvailableRedo) {
      emit('unable to find archived log')
      emit(`archived log thread=${unknown.thread} sequence=${unknown.sequence}`)
      throw error
    }
  }
  emit(`media recovery complete, elapsed time: ${elapsed(work, started, 0)}`)
  emit(`Finished recover at ${date(work)}`)
}

function unknownLog(messages: readonly OraMessage[]): { thread: string; sequence: string } | undefined {
  const text = messages.find((message) => message.code === 'RMAN-06054')?.text
  const match = text === undefined ? null : /thread (\d+) with sequence (\d+)/.exec(text)
  return match === null ? undefined : { thread: match[1] ?? '', sequence: match[2] ?? '' }
}

/** The lowest SCN that redo is needed from; `null` when no file needs any. @throws OraError RMAN-06094, RMAN-06556 */
async function lowestCheckpoint(work: Work, untilTime: number | undefined, endScn: bigint | null): Promise<bigint | null> {
  let lowest: bigint | null = null
  for (const file of work.instance.controlFile.datafiles) {
    if (!recoverable(file)) continue
    const header = await work.instance.readDatafileHeader(file)
    if (header.error !== null) throw rmanError(6094, `datafile ${file.file} must be restored`)
    const tooNew = untilTime === undefined ? endScn !== null && header.checkpointScn > endScn : header.checkpointTime > untilTime
    if (tooNew) throw rmanError(6556, `datafile ${file.file} must be restored from backup older than SCN ${(endScn ?? 0n).toString()}`)
    if (lowest === null || header.checkpointScn < lowest) lowest = header.checkpointScn
  }
  return lowest
}

/** Logs that the control file knows to have existed, that are needed, and that no file is left of. @throws OraError RMAN-06053 */
function missingLogs(work: Work, start: bigint, end: bigint | null): void {
  const data = work.instance.controlFile
  const available = new Set(availableLogs(data).map((log) => `${log.thread}/${log.sequence}`))
  const online = new Set(data.type === 'CURRENT' ? data.logGroups.map((group) => `${group.thread}/${group.sequence}`) : [])
  const known = new Map<string, LogHistoryRecord>()
  for (const log of [...data.logHistory, ...data.archivedLogs]) {
    if (log.resetlogsId !== data.resetlogsId || log.nextScn <= start || (end !== null && log.firstScn >= end)) continue
    known.set(`${log.thread}/${log.sequence}`, log)
  }
  const missing = [...known].filter(([key]) => !available.has(key) && !online.has(key)).map(([, log]) => log).sort((a, b) => b.sequence - a.sequence)
  if (missing.length === 0) return
  throw rmanError(
    6053,
    'unable to perform media recovery because of missing log',
    ...missing.map((log) => ({ code: 'RMAN-06025', text: `no backup of archived log for thread ${log.thread} with sequence ${log.sequence} and starting SCN of ${log.firstScn.toString()} found to restore` })),
  )
}
