import path from 'node:path'
import { OraError } from '../../engine/ora-error.ts'
import { isBackup } from '../../engine/records.ts'
import { formatDate } from '../nls-date.ts'
import { newSet, recordSet } from './backup-sets.ts'
import { autobackupFormat, autobackupOn, homeDbs, snapshotControlfile } from './configuration.ts'
import { defaultName, placedName } from './names.ts'
import { writeError } from '../../engine/os-error.ts'
import { date } from './work.ts'
import type { Work } from './work.ts'

/** Writes RMAN's snapshot of the control file, of which backups of it are taken. */
export async function takeSnapshotControlfile(work: Work): Promise<void> {
  const file = snapshotControlfile(work.instance)
  try {
    await work.instance.writeControlFileCopy(file)
  } catch (error) {
    throw writeError(error, file)
  }
}

/** `c-DBID-YYYYMMDD-QQ` with the next free number of the day, hexadecimal. */
async function autobackupName(work: Work): Promise<string> {
  const { instance } = work
  const format = autobackupFormat(instance)
  const day = `c-${instance.controlFile.dbid}-${formatDate(instance.host.now(), instance.host.timeZone, 'YYYYMMDD')}-`
  let quarter = 0
  for (const piece of instance.controlFile.backupPieces) {
    const at = piece.handle.lastIndexOf(day)
    if (at >= 0) quarter = Math.max(quarter, Number.parseInt(piece.handle.slice(at + day.length), 16) + 1)
  }
  for (; quarter < 256; quarter++) {
    const name = `${day}${quarter.toString(16).padStart(2, '0')}`
    const parts = { setCount: quarter, setStamp: instance.stamp(instance.host.now()), piece: 1 }
    const file =
      format === null
        ? (instance.parameters.get('db_recovery_file_dest')?.value ?? '') === '' ? path.join(homeDbs(instance), name) : defaultName(instance, 'autobackup', 's', parts)
        : placedName(instance, format.replaceAll('%F', name), 'autobackup', 's', parts)
    if (!(await instance.fileExists(file))) return file
  }
  throw new Error('more than 256 autobackups in a day')
}

/** The control file autobackup at the end of a series of backups, if it is configured. @throws OraError RMAN-03009 with the cause */
export async function autobackup(work: Work): Promise<void> {
  try {
    await writeAutobackup(work)
  } catch (error) {
    if (!(error instanceof OraError)) throw error
    const { host } = work.instance
    const channel = work.state.run?.channels[0]?.name ?? work.state.defaultChannels[0]?.name ?? 'ORA_DISK_1'
    throw new OraError([{ code: 'RMAN-03009', text: `failure of Control File and SPFILE Autobackup command on ${channel} channel at ${formatDate(host.now(), host.timeZone, 'MM/DD/YYYY HH24:MI:SS')}` }, ...error.messages])
  }
}

async function writeAutobackup(work: Work): Promise<void> {
  const { instance, emit, state } = work
  state.autobackupDue = false
  if (!autobackupOn(instance)) return
  if (isBackup(instance.controlFile)) {
    emit('RMAN-06497: WARNING: control file is not current, control file AUTOBACKUP skipped')
    work.warnings = true
    return
  }
  const title = instance.spfile === null ? 'Control File Autobackup' : 'Control File and SPFILE Autobackup'
  emit(`Starting ${title} at ${date(work)}`)
  const file = await autobackupName(work)
  const set = await newSet(work, null)
  const piece = { path: file, tag: null, setCount: set.setCount, setStamp: set.setStamp, piece: 1 }
  try {
    const bytes = await instance.writeControlFileBackup(piece, { spfile: instance.spfile !== null })
    await recordSet(work, set, [{ piece, bytes }], { type: 'D', incrementalLevel: null, controlfileIncluded: true, spfileIncluded: instance.spfile !== null })
  } catch (error) {
    throw writeError(error, file)
  }
  emit(`piece handle=${file} comment=NONE`)
  emit(`Finished ${title} at ${date(work)}`)
}
