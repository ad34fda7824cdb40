import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { OraMessage } from '../../engine/ora-error.ts'
import type { BackupPieceRecord, DatafileRecord, LogHistoryRecord } from '../../engine/records.ts'
import type { Command } from '../grammar/ast.ts'
import { runOnChannels, useChannels } from './channels.ts'
import { restoreLogs } from './log-restore.ts'
import { availableLogs, backedUpLogs, incrementChain, logKey } from './repository.ts'
import { untilPoint, untilScn } from './until.ts'
import { date, elapsed, fileNumber } from './work.ts'
import type { Channel, Work } from './work.ts'

/** Files that media recovery brings forward. */
function recoverable(file: DatafileRecord): boolean {
  return (file.status === 'SYSTEM' || file.status === 'ONLINE') && file.enabled === 'READ WRITE'
}

/** RECOVER DATABASE. The engine applies the redo; here are the checks that RMAN makes first, and its lines. */
export async function recoverDatabase(work: Work, command: Extract<Command, { kind: 'recover-database' }>): Promise<void> {
  const { instance, emit, state } = work
  emit(`Starting recover at ${date(work)}`)
  const channels = useChannels(work)
  const until = command.until ?? state.run?.until ?? null
  const end = untilPoint(work, until)
  const endScn = await untilScn(work, until)
  const before = await lowestCheckpoint(work, end.untilTime, endScn)
  await applyIncrementals(work, channels, endScn)
  const start = before === null ? null : await lowestCheckpoint(work, end.untilTime, endScn)
  if (start !== null) await bringLogs(work, channels, start, endScn)
  emit('')
  emit('starting media recovery')
  const started = instance.host.now()
  let announced = false
  try {
    await instance.recoverDatabase({
      ...end,
      newName: (file) => {
        const wanted = state.run?.newnames.datafiles.get(file) ?? state.run?.newnames.database ?? undefined
        return wanted?.kind === 'name' ? { path: wanted.name } : wanted === undefined ? undefined : 'NEW'
      },
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

/** Level 1 backup sets bring restored files forward before redo does, as far as they do not go beyond the goal. */
async function applyIncrementals(work: Work, channels: readonly Channel[], endScn: bigint | null): Promise<void> {
  const { instance, emit } = work
  const data = instance.controlFile
  const bySet: { readonly round: number; readonly setRecid: number; readonly pieces: readonly BackupPieceRecord[]; readonly files: DatafileRecord[] }[] = []
  for (const file of data.datafiles.filter(recoverable)) {
    const { checkpointScn } = await instance.readDatafileHeader(file)
    for (const [round, { datafile, pieces }] of incrementChain(data, file, checkpointScn, endScn).entries()) {
      if (endScn !== null && datafile.absoluteFuzzyScn >= endScn) break
      const job = bySet.find((candidate) => candidate.round === round && candidate.setRecid === datafile.setRecid)
      if (job === undefined) bySet.push({ round, setRecid: datafile.setRecid, pieces, files: [file] })
      else job.files.push(file)
    }
  }
  for (let round = 0; bySet.some((job) => job.round === round); round++) {
    await runOnChannels(work, channels, bySet.filter((job) => job.round === round), null, async ({ pieces, files }, channel) => {
      const started = instance.host.now()
      emit(`channel ${channel.name}: starting incremental datafile backup set restore`)
      emit(`channel ${channel.name}: specifying datafile(s) to restore from backup set`)
      for (const file of files) emit(`destination for restore of datafile ${fileNumber(file.file)}: ${file.name}`)
      for (const piece of pieces) emit(`channel ${channel.name}: reading from backup piece ${piece.handle}`)
      for (const file of files) await instance.applyIncremental(file.name, pieces.map((piece) => piece.handle), file.file, channel.session)
      for (const piece of pieces) {
        work.bytes.input += piece.bytes
        emit(`channel ${channel.name}: piece handle=${piece.handle} tag=${piece.tag ?? ''}`)
        emit(`channel ${channel.name}: restored backup piece ${piece.piece}`)
      }
      emit(`channel ${channel.name}: restore complete, elapsed time: ${elapsed(work, started)}`)
    })
  }
}

/** Logs that are needed and not on disk come out of backup sets. @throws OraError RMAN-06053 for those that the control file knows to have existed and that nothing is left of */
async function bringLogs(work: Work, channels: readonly Channel[], start: bigint, end: bigint | null): Promise<void> {
  const data = work.instance.controlFile
  const available = new Set(availableLogs(data).map(logKey))
  const online = new Set(data.type === 'CURRENT' ? data.logGroups.map((group) => `${group.thread}/${group.sequence}`) : [])
  const backups = new Map(backedUpLogs(data).map((backup) => [logKey(backup.log), backup]))
  const known = new Map<string, LogHistoryRecord>()
  for (const log of [...data.logHistory, ...data.archivedLogs, ...[...backups.values()].map(({ log }) => log)]) {
    if (log.resetlogsId !== data.resetlogsId || log.nextScn <= start || (end !== null && log.firstScn >= end)) continue
    known.set(logKey(log), log)
  }
  const gone = [...known].filter(([key, log]) => !available.has(key) && !online.has(`${log.thread}/${log.sequence}`))
  const restorable = gone.flatMap(([key]) => backups.get(key) ?? [])
  const missing = gone.filter(([key]) => !backups.has(key)).map(([, log]) => log).sort((a, b) => b.sequence - a.sequence)
  if (missing.length > 0) {
    throw rmanError(
      6053,
      'unable to perform media recovery because of missing log',
      ...missing.map((log) => ({ code: 'RMAN-06025', text: `no backup of archived log for thread ${log.thread} with sequence ${log.sequence} and starting SCN of ${log.firstScn.toString()} found to restore` })),
    )
  }
  if (restorable.length > 0) await restoreLogs(work, restorable, channels)
}
