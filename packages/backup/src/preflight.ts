import { stat, statfs } from 'node:fs/promises'
import type { DatafileCopyRow, DatafileRow, IdentityRow } from '@icb/oracle'
import type { Manifest } from '@icb/recovery-point'
import type { SnapshotStorage } from '@icb/storage-core'
import { below } from './area-path.ts'
import { backupErrors } from './errors.ts'
import type { BackupSettings } from './settings.ts'

/** @throws ICB_BACKUP_REFUSED_IDENTITY when the connected database is another one than the configured. */
export function assertIdentity(identity: Pick<IdentityRow, 'dbid' | 'uniqueName'>, settings: Pick<BackupSettings, 'name' | 'dbid'>): void {
  const found = { dbid: String(identity.dbid), uniqueName: identity.uniqueName }
  if (found.dbid !== settings.dbid) {
    throw backupErrors.REFUSED_IDENTITY(`the connected database ${found.uniqueName} has the DBID ${found.dbid}, the configured one of ${settings.name} is ${settings.dbid}`, {
      hint: 'Check the connect identifier and the key dbid.', details: { configured: { name: settings.name, dbid: settings.dbid }, found },
    })
  }
  if (found.uniqueName.toLowerCase() !== settings.name.toLowerCase()) {
    throw backupErrors.REFUSED_IDENTITY(`the connected database has the DB_UNIQUE_NAME ${found.uniqueName}, configured is ${settings.name}`, {
      hint: 'A standby has the DBID of its primary: the name tells them apart.', details: { configured: { name: settings.name, dbid: settings.dbid }, found },
    })
  }
}

/** Whether this run is meant for a database of this role. A snapshot standby is neither: it is open for writing on another incarnation. */
export function roleMatches(role: string, wanted: BackupSettings['role']): boolean {
  const isPrimary = role === 'PRIMARY'
  const isStandby = role === 'PHYSICAL STANDBY'
  return wanted === 'any' ? isPrimary || isStandby : wanted === 'primary' ? isPrimary : isStandby
}

/** @throws ICB_BACKUP_REFUSED_NOARCHIVELOG */
export function assertArchivelog(identity: Pick<IdentityRow, 'logMode'>, settings: Pick<BackupSettings, 'name'>): void {
  if (identity.logMode === 'ARCHIVELOG') return
  throw backupErrors.REFUSED_NOARCHIVELOG(`${settings.name} runs in ${identity.logMode} mode: copies taken while it is open could never be made consistent`, { hint: 'ALTER DATABASE ARCHIVELOG (mounted), then back up again.' })
}

/** Bytes free for the database's writes: the smaller of what the file system and the storage say. */
export async function freeBytes(areaPath: string, storage: SnapshotStorage, signal?: AbortSignal): Promise<bigint> {
  const [fileSystem, volume] = await Promise.all([statfs(areaPath, { bigint: true }), storage.describe({ signal })])
  const local = fileSystem.bavail * fileSystem.bsize
  return volume.freeBytes !== undefined && volume.freeBytes < local ? volume.freeBytes : local
}

/** @throws ICB_BACKUP_REFUSED_SPACE */
export function assertSpace(free: bigint, predicted: bigint, settings: Pick<BackupSettings, 'areaPath'>): void {
  if (free >= predicted) return
  throw backupErrors.REFUSED_SPACE(`the refresh is predicted to write ${String(predicted)} bytes, ${settings.areaPath} has ${String(free)} free`, {
    hint: 'Enlarge the volume, or drop snapshots with `icb snapshot clean`.', details: { predicted: String(predicted), free: String(free) },
  })
}

/** What the surprise-full guard found, by datafile. */
export interface CopyCensus {
  /** Datafiles with a copy that is listed, below the area and on disk. */
  readonly covered: ReadonlySet<number>
  /** Datafiles that never had a copy: a first run, or a new file. */
  readonly fresh: readonly DatafileRow[]
  /** Datafiles that had a copy and have none now. */
  readonly lost: readonly { readonly file: number; readonly reason: string }[]
  /** Listed copies whose file is not on disk; RMAN would take them for a parent. */
  readonly gone: readonly DatafileCopyRow[]
}

export interface CensusInput {
  readonly areaPath: string
  readonly datafiles: readonly DatafileRow[]
  /** Undeleted copies with our tag, whatever their status. */
  readonly copies: readonly DatafileCopyRow[]
  readonly manifest: Pick<Manifest, 'copies'> | undefined
}

/**
 * Compares the datafiles with their copies in the repository, in the last manifest and on disk.
 * @throws ICB_BACKUP_REFUSED_AREA when copies with our tag lie outside the area: a refresh would merge there.
 */
export async function takeCensus({ areaPath, datafiles, copies, manifest }: CensusInput): Promise<CopyCensus> {
  const outside = copies.filter((copy) => copy.status === 'A' && !below(areaPath, copy.name))
  const [first] = outside
  if (first !== undefined) {
    throw backupErrors.REFUSED_AREA(`${String(outside.length)} image copies with our tag lie outside ${areaPath}, e.g. ${first.name}: a refresh would merge there`, {
      hint: 'If the area has moved, take the old copies out of the repository (CHANGE DATAFILECOPY … UNCATALOG) or switch the path back.', details: { copies: outside.map((copy) => copy.name) },
    })
  }
  const onDisk = new Map(await Promise.all(copies.map(async (copy) => [copy.name, await isFile(copy.name)] as const)))
  const covered = new Set<number>()
  const fresh: DatafileRow[] = []
  const lost: { file: number; reason: string }[] = []
  for (const datafile of datafiles) {
    const listed = copies.filter((copy) => copy.file === datafile.file && copy.creationScn === datafile.creationScn)
    if (listed.some((copy) => copy.status === 'A' && onDisk.get(copy.name) === true)) {
      covered.add(datafile.file)
      continue
    }
    const [copy] = listed
    const recorded = manifest?.copies.find((c) => c.file === datafile.file && c.creationScn === datafile.creationScn)
    if (copy !== undefined) lost.push({ file: datafile.file, reason: onDisk.get(copy.name) === true ? `${copy.name} is marked ${copy.status}` : `${copy.name} is not on disk` })
    else if (recorded !== undefined) lost.push({ file: datafile.file, reason: `${recorded.path} is no longer in the repository` })
    else fresh.push(datafile)
  }
  return { covered, fresh, lost, gone: copies.filter((copy) => onDisk.get(copy.name) !== true) }
}

/** @throws ICB_BACKUP_REFUSED_SURPRISE_FULL unless every datafile that had a copy still has it, or `allowFull`. */
export function assertNoSurpriseFull(census: CopyCensus, allowFull: boolean): void {
  const [first] = census.lost
  if (first === undefined || allowFull) return
  throw backupErrors.REFUSED_SURPRISE_FULL(`${String(census.lost.length)} datafiles had an image copy and have none now (datafile ${String(first.file)}: ${first.reason}): a refresh would copy them in full`, {
    hint: 'Find out where the copies went. To copy them again on purpose: `icb backup --allow-full`.', details: { files: census.lost },
  })
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then((s) => s.isFile(), () => false)
}
