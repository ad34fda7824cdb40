import { access, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { stampOf } from '../host/local-time.ts'
import type { FileHeader } from '../storage/file-header.ts'
import { createFile } from '../storage/file-io.ts'
import { REDO_START } from '../storage/redo-log.ts'
import { recoverCrash } from './crash-recovery.ts'
import { inspectFile, named, needsRecoveryTo } from './file-verification.ts'
import type { Kernel } from './kernel.ts'
import { isSystemName } from './asm-names.ts'
import { isOmf, omfName, remadeName } from './omf.ts'
import { linesOf, ora } from './ora-error.ts'
import { createFailed } from './os-error.ts'
import { openTempfiles } from './tempfiles.ts'
import type { DatafileRecord } from './records.ts'
import { needsFlashbackLogs } from './restore-points.ts'
import { currentLog } from './redo-thread.ts'

interface Inspected {
  readonly record: DatafileRecord
  readonly header: FileHeader
}

/** SCNs left out at each open, so that no number is given twice that was shown but never written. */
const SCN_JUMP = 1000n

/** ALTER DATABASE OPEN, up to the point where sessions may come in. @throws OraError with the codes Oracle raises */
export async function openDatabase(kernel: Kernel, options: { readonly mode: 'READ WRITE' | 'READ ONLY'; readonly resetlogs: boolean; readonly upgrade?: boolean }): Promise<void> {
  const { control, files, scn } = kernel
  const data = control.data
  checkStringSize(kernel, options.upgrade === true)
  if (data.type === 'STANDBY' && options.resetlogs) throw ora(1666, 'control file is for a standby database')
  const incomplete = data.type !== 'CURRENT' || data.recoveredToScn !== null
  if (options.mode === 'READ WRITE' && incomplete && !options.resetlogs) throw ora(1589, 'must use RESETLOGS or NORESETLOGS option for database open')
  if (options.resetlogs && !incomplete) throw ora(1139, 'RESETLOGS option only valid after an incomplete database recovery')
  await checkFlashback(kernel)
  const inspected = await inspectAll(kernel)
  if (incomplete) checkConsistent(inspected, options)
  else checkCurrent(inspected, data.cleanShutdown)
  if (options.resetlogs) await resetLogs(kernel, inspected)
  try {
    for (const { record } of inspected) await files.open(record.file, record.name, options.mode === 'READ WRITE' && record.enabled === 'READ WRITE' ? 'r+' : 'r')
    const top = inspected.reduce((high, { header }) => (header.checkpointScn > high ? header.checkpointScn : high), data.checkpointScn)
    scn.atLeast(options.mode === 'READ WRITE' ? top + SCN_JUMP : top)
    if (options.mode === 'READ WRITE') await openReadWrite(kernel)
    else if (!incomplete && !data.cleanShutdown) await crashBeforeReadOnly(kernel)
  } catch (error) {
    await files.closeAll()
    throw error
  }
}

/** @throws OraError 14693, 14694 (12.1 and later) */
function checkStringSize({ control, parameters }: Kernel, upgrade: boolean): void {
  const { release, maxStringSize } = control.data
  if (release.startsWith('11.')) return
  const extended = parameters.get('max_string_size').toUpperCase() === 'EXTENDED'
  if (maxStringSize === 'EXTENDED' && !extended) throw ora(14693, 'The MAX_STRING_SIZE parameter must be EXTENDED.')
  if (maxStringSize !== 'EXTENDED' && extended && !upgrade) throw ora(14694, 'database must in UPGRADE mode to begin MAX_STRING_SIZE migration')
}

async function inspectAll(kernel: Kernel): Promise<Inspected[]> {
  const { control, host } = kernel
  const inspected: Inspected[] = []
  for (const record of control.data.datafiles) {
    if (needsRecoveryTo(record) === 'never') continue
    const found = await inspectFile(host, record, control.data)
    if (found.header === undefined) throw found.error
    inspected.push({ record, header: found.header })
  }
  return inspected
}

/** With the current control file: every file is as new as the control file says. */
function checkCurrent(files: readonly Inspected[], clean: boolean): void {
  for (const { record, header } of files) {
    const expected = needsRecoveryTo(record) === 'stop-scn' ? (record.stopScn ?? record.checkpointScn) : record.checkpointScn
    if (header.checkpointScn < expected || header.copy !== null && header.absoluteFuzzyScn > header.checkpointScn || (clean && header.fuzzy)) {
      throw ora(1113, `file ${record.file} needs media recovery`, named(record))
    }
    if (clean && header.checkpointScn > record.checkpointScn) {
      throw ora(1122, `database file ${record.file} failed verification check`, named(record), [1207, 'file is more recent than control file - old control file'])
    }
  }
}

/** With a backup control file or after incomplete recovery: all files must stand at one SCN, with no block beyond it. */
function checkConsistent(files: readonly Inspected[], options: { readonly mode: 'READ WRITE' | 'READ ONLY' }): void {
  const lively = files.filter((f) => needsRecoveryTo(f.record) === 'end')
  const lowest = lively.reduce<bigint | undefined>((least, f) => (least === undefined || f.header.checkpointScn < least ? f.header.checkpointScn : least), undefined)
  for (const { record, header } of lively) {
    const problem =
      isFuzzy(header) ? ([1194, `file ${record.file} needs more recovery to be consistent`] as const)
      : lowest !== undefined && header.checkpointScn > lowest ? ([1152, `file ${record.file} was not restored from a sufficiently old backup`] as const)
      : undefined
    if (problem === undefined) continue
    throw options.mode === 'READ ONLY' ? ora(16004, 'backup database requires recovery', problem[0] === 1194 ? [1196, `file ${record.file} is inconsistent due to a failed media recovery session`] : problem, named(record)) : ora(problem[0], problem[1], named(record))
  }
}

export const isFuzzy = (header: FileHeader): boolean => header.fuzzy || header.absoluteFuzzyScn > header.checkpointScn

/** Flashback logs that the control file names must be there. */
async function checkFlashback(kernel: Kernel): Promise<void> {
  const { control, host } = kernel
  if (!needsFlashbackLogs(control.data)) return
  for (const log of control.data.flashbackLogs) {
    try {
      await access(host.real(log))
    } catch {
      throw ora(38760, 'This database instance failed to turn on flashback database')
    }
  }
}

async function openReadWrite(kernel: Kernel): Promise<void> {
  const { control, logWriter, tracker, checkpointer, thread, history, threadNumber } = kernel
  const data = control.data
  await tracker.open()
  await history.open(kernel.host.labDir, data.dbid, data.resetlogsId)
  if (data.cleanShutdown) {
    const { log, group } = await currentLog(kernel, threadNumber)
    await logWriter.resume(group.group, group.members, group.sizeBytes, log.header, log.header.bytes ?? REDO_START)
  } else await recoverCrash(kernel)
  const crashed = !data.cleanShutdown
  await control.update((d) => {
    Object.assign(d, { cleanShutdown: false, openMode: 'READ WRITE' })
    for (const t of d.threads) if (t.thread === threadNumber) Object.assign(t, { status: 'OPEN', instance: kernel.sid })
  })
  await checkpointer.checkpoint()
  if (crashed || logWriter.bytes > REDO_START) await thread.switchLog()
  await openTempfiles(kernel, true)
}

/** A crashed database is recovered before it opens read only, and stays as it is then. */
async function crashBeforeReadOnly(kernel: Kernel): Promise<void> {
  const { files, control, checkpointer, logWriter } = kernel
  for (const record of control.data.datafiles) if (files.has(record.file) && record.enabled === 'READ WRITE') await files.open(record.file, record.name, 'r+')
  await recoverCrash(kernel)
  await checkpointer.checkpoint(undefined, { clean: true })
  await logWriter.suspend()
  await control.update((d) => { d.cleanShutdown = true })
}

/** A new incarnation: empty online logs from sequence 1, headers that say so. */
async function resetLogs(kernel: Kernel, inspected: readonly Inspected[]): Promise<void> {
  const { control, host, parameters, scn, files } = kernel
  const data = control.data
  const end = inspected.filter((f) => needsRecoveryTo(f.record) === 'end').reduce((high, f) => (f.header.checkpointScn > high ? f.header.checkpointScn : high), 0n)
  scn.atLeast(end)
  const resetlogsScn = scn.next()
  const now = host.now()
  const resetlogsId = stampOf(now, host.timeZone)
  const names = new Map<string, string>()
  for (const group of data.logGroups) {
    for (const member of group.members) names.set(member, await recreateLog(kernel, member, group.sizeBytes, group.group))
  }
  for (const { record } of inspected) {
    if (needsRecoveryTo(record) !== 'end') continue
    const datafile = await files.open(record.file, record.name, 'r+')
    await datafile.writeHeader({ ...datafile.header, dbid: data.dbid, dbName: data.name, resetlogsScn, resetlogsId, checkpointScn: resetlogsScn, checkpointTime: now, fuzzy: false, absoluteFuzzyScn: 0n, copy: null })
    await files.close(record.file)
  }
  await control.update((d) => {
    for (const i of d.incarnations) if (i.status === 'CURRENT') i.status = 'PARENT'
    d.incarnations.push({ incarnation: Math.max(0, ...d.incarnations.map((i) => i.incarnation)) + 1, resetlogsScn, resetlogsId, resetlogsTime: now, status: 'CURRENT' })
    Object.assign(d, { type: 'CURRENT', recoveredToScn: null, resetlogsScn, resetlogsId, resetlogsTime: now, checkpointScn: resetlogsScn, checkpointTime: now, cleanShutdown: true })
    for (const record of d.datafiles) if (inspected.some((f) => f.record.file === record.file) && needsRecoveryTo(record) === 'end') Object.assign(record, { checkpointScn: resetlogsScn, checkpointTime: now })
    for (const group of d.logGroups) {
      const current = group === d.logGroups.find((g) => g.thread === group.thread)
      group.members = group.members.map((m) => names.get(m) ?? m)
      Object.assign(group, { status: current ? 'CURRENT' : 'UNUSED', archived: !current, sequence: current ? 1 : 0, firstScn: current ? resetlogsScn : 0n, firstTime: now, nextScn: null })
    }
    for (const t of d.threads) Object.assign(t, { status: 'CLOSED', currentGroup: d.logGroups.find((g) => g.thread === t.thread)?.group ?? 1, sequence: 1, checkpointScn: resetlogsScn })
  })
  for (const { thread } of control.data.threads) {
    const first = control.data.logGroups.find((g) => g.thread === thread)
    if (first === undefined) continue
    await kernel.logWriter.start(first.group, first.members, first.sizeBytes, {
      dbid: data.dbid, dbName: data.name, thread: first.thread, sequence: 1, resetlogsScn, resetlogsId, firstScn: resetlogsScn, firstTime: now, nextScn: null, nextTime: null, bytes: null,
    })
    await kernel.logWriter.suspend()
  }
  // A change tracking file that cannot be emptied is older than the checkpoint, so it is begun anew all the same.
  const bct = control.data.bct.filename
  if (control.data.bct.status === 'ENABLED' && bct !== null) await writeFile(host.real(bct), '').catch(() => undefined)
  kernel.alert(`RESETLOGS after incomplete recovery UNTIL CHANGE ${end}, database ${parameters.get('db_name')}`)
}

async function recreateLog(kernel: Kernel, member: string, sizeBytes: number, group: number): Promise<string> {
  const { host, parameters } = kernel
  const there = await access(isSystemName(member) ? host.real(member) : path.dirname(host.real(member))).then(() => true, () => false)
  const name = there ? member : isSystemName(member) ? remadeName(parameters, member, 'onlinelog', String(group)) : isOmf(member) ? omfName(parameters, 'onlinelog', String(group)) : member
  try {
    const handle = await createFile(host.real(name), { parents: isOmf(name) })
    await handle.truncate(sizeBytes)
    await handle.close()
  } catch (error) {
    if (name.startsWith('+')) throw ora(344, `unable to re-create online log '${name}'`, ...linesOf(createFailed(name, error)).slice(1))
    throw ora(344, `unable to re-create online log '${name}'`, [27040, 'file create error, unable to create file'])
  }
  return name
}
