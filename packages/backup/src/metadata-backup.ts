import { constants } from 'node:fs'
import { copyFile, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBackupPieces, readParameters } from '@icb/oracle'
import type { BackupPieceRow } from '@icb/oracle'
import { deletePiecesScript, metadataBackupScript } from '@icb/rman'
import { below } from './area-path.ts'
import { backupErrors } from './errors.ts'
import { callRman } from './rman-call.ts'
import type { RmanDependencies } from './rman-call.ts'
import { completeSettings } from './settings.ts'

/** The name that the original scripts (and their restore procedures) know. */
export const seedControlFile = 'after_backup_controlfile.cf'

type Warn = (code: string, message: string) => void

/** Whether a manifest's control file backup is in the area. */
export async function hasControlFile(areaPath: string, controlFile: string): Promise<boolean> {
  return stat(join(areaPath, controlFile)).then((found) => found.isFile() && found.size > 0, () => false)
}

/** File name of the control file backup of a run, below the area. */
export function controlFileName(runId: string): string {
  return `controlfile_${runId}.cf`
}

export interface MetadataBackup {
  /** Relative to the area. */
  readonly controlFile: string
  /** Pieces that this backup made: they must outlive the clean-up. */
  readonly handles: readonly string[]
}

/**
 * SPFILE and control file under new names, read back from V$BACKUP_PIECE and from disk.
 * @param controlFile its file name; default: that of the run
 * @throws ICB_BACKUP_RMAN_FAILED, ICB_BACKUP_CONTROL_FILE
 */
export async function backUpMetadata(deps: RmanDependencies, warn: Warn, controlFile: string = controlFileName(deps.runId)): Promise<MetadataBackup> {
  const settings = completeSettings(deps.settings)
  const path = join(settings.areaPath, controlFile)
  const handles: string[] = []
  const [serverFile] = await readParameters(deps.sql, { names: ['spfile'], signal: deps.signal })
  const spfile = (serverFile?.value ?? '') !== ''
  if (!spfile) warn('ICB_BACKUP_WARN_SPFILE', 'the instance runs from a text parameter file, so there is no SPFILE to back up; its parameters are in the manifest')
  await callRman(deps, {
    what: 'backing up the control file', deadlineMs: settings.rmanDeadlineMs, warn,
    script: metadataBackupScript({ area: settings.areaPath, controlFile, copyTag: settings.tag, spfile }),
    onEvent: (event) => {
      if (event.type === 'piece' && event.action === 'written') handles.push(event.handle)
    },
  })
  const piece = (await readBackupPieces(deps.sql, { tag: settings.tag, signal: deps.signal })).find((p) => p.handle === path)
  const found = await stat(path).catch(() => undefined)
  if (piece?.status !== 'A' || found?.isFile() !== true || found.size === 0) {
    const what = piece === undefined ? 'V$BACKUP_PIECE does not list it' : found === undefined ? 'it is not on disk' : `it has ${String(found.size)} bytes and status ${piece.status}`
    throw backupErrors.CONTROL_FILE(`the control file backup ${path} cannot be read back: ${what}`, { hint: 'The control file backup of the run before is untouched.', details: { path } })
  }
  return { controlFile, handles: [...new Set([...handles, path])] }
}

/** Copies the control file backup to the name that the original scripts restore from; a reader meets the old or the new one. @throws ICB_BACKUP_CONTROL_FILE */
export async function publishSeedControlFile(areaPath: string, controlFile: string): Promise<void> {
  const target = join(areaPath, seedControlFile)
  const temporary = `${target}.new`
  try {
    // A reflink where the file system has them. Not a hard link: RMAN would remove the data under one name by the other's record.
    await copyFile(join(areaPath, controlFile), temporary, constants.COPYFILE_FICLONE)
    const file = await open(temporary, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw backupErrors.CONTROL_FILE(`${target} cannot be written`, { cause: error })
  }
}

/** Deletes the merged level 1 pieces: those with our tag, below the area, on disk. Answers how many. @throws ICB_BACKUP_RMAN_FAILED */
export async function deleteIncrements(deps: RmanDependencies, warn: Warn): Promise<number> {
  const settings = completeSettings(deps.settings)
  const pieces = (await readBackupPieces(deps.sql, { tag: settings.incrementalTag, signal: deps.signal })).filter((p) => isOurs(p, settings.areaPath))
  await deletePieces(deps, pieces.map((p) => p.handle), 'deleting the merged incrementals', warn)
  return pieces.length
}

export interface OldPiecesInput {
  /** Made by this run. */
  readonly keep: readonly string[]
  /** Autobackups that completed before this database-local time may go; the newest two stay whatever their age. */
  readonly autobackupsBefore: string
}

/**
 * Deletes SPFILE and control file pieces of earlier runs, and autobackups that left the recovery window: all below the area and made by
 * this tool or for this database. Call it only after the manifest names the new control file.
 */
export async function deleteOldMetadata(deps: RmanDependencies, input: OldPiecesInput, warn: Warn): Promise<number> {
  const settings = completeSettings(deps.settings)
  const pieces = (await readBackupPieces(deps.sql, { signal: deps.signal })).filter((p) => isOurs(p, settings.areaPath))
  const superseded = pieces.filter((p) => p.tag?.toUpperCase() === settings.tag.toUpperCase() && !input.keep.includes(p.handle) && !p.handle.endsWith(`/${seedControlFile}`))
  const autobackup = new RegExp(`/c-${settings.dbid}-\\d{8}-[0-9a-f]{2}$`)
  const expired = pieces
    .filter((p) => autobackup.test(p.handle))
    .sort((a, b) => b.recid - a.recid)
    .slice(2)
    .filter((p) => !input.keep.includes(p.handle) && p.completedAt !== null && p.completedAt < input.autobackupsBefore)
  const handles = [...new Set([...superseded, ...expired].map((p) => p.handle))]
  await deletePieces(deps, handles, 'deleting control file backups of earlier runs', warn)
  return handles.length
}

async function deletePieces(deps: RmanDependencies, handles: readonly string[], what: string, warn: Warn): Promise<void> {
  if (handles.length === 0) return
  await callRman(deps, { what, script: deletePiecesScript({ handles }), deadlineMs: completeSettings(deps.settings).rmanDeadlineMs, warn })
}

function isOurs(piece: BackupPieceRow, areaPath: string): boolean {
  return piece.deviceType === 'DISK' && below(areaPath, piece.handle)
}
