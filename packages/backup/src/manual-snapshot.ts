import { stat } from 'node:fs/promises'
import { appendPoint, autorestoreCfgOf, findManifest, readAutorestoreCfg, writeAutorestoreCfg, writeManifest } from '@icb/recovery-point'
import type { Manifest, PointEntry, ReadManifest } from '@icb/recovery-point'
import { hasErrorCode, isIcbError, isoNow } from '@icb/runtime'
import { snapshotName } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { completeChain } from './archivelogs.ts'
import { openArea } from './area.ts'
import { chainRemarks, closedManifest, entryOf, pointLabels } from './close-window.ts'
import type { BackupDependencies, DatabaseDependencies, StorageDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'
import type { BackupEvent } from './events.ts'
import { incompleteLogs } from './incomplete-logs.ts'
import { waitUntilLanded } from './landing.ts'
import { readSwitchPoint, switchLogs } from './log-switch.ts'
import { makeSnapshot } from './make-snapshot.ts'
import { readState, readSurroundings } from './manifest-from-database.ts'
import { hasControlFile } from './metadata-backup.ts'
import { findSnapshot, readPins } from './pins.ts'
import { assertIdentity } from './preflight.ts'
import { proveCopies } from './read-back.ts'
import { completeSettings } from './settings.ts'
import { unloggedSince } from './unlogged.ts'
import { windowOfCopies } from './window.ts'

export interface ManualSnapshotDependencies extends StorageDependencies {
  /** Absent, or failing: the snapshot is made as the area lies, and says so. */
  readonly database?: Pick<BackupDependencies, 'sql' | 'primarySql' | 'rman'>
  readonly runId: string
  readonly tool: string
}

export interface ManualSnapshotOptions {
  /** Kept as a label where the storage has labels. */
  readonly reason?: string
}

export interface ManualSnapshotResult {
  readonly snapshotId: string
  readonly snapshot: string
  /** ISO UTC, by the storage's clock. */
  readonly createdAt: string
  /** As appended to the index; absent when the area is not mounted here. */
  readonly entry?: PointEntry
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

/** What the area says of itself at the moment of the snapshot. */
interface AreaFinding {
  readonly manifest: ReadManifest | undefined
  readonly remarks: readonly string[]
  readonly omit: readonly string[]
}

type Warn = (code: string, message: string) => void

/**
 * A snapshot now, on demand. With the database: switches logs, proves the chain and closes the manifest's window first. What is
 * missing or unreachable marks the point and warns; it does not stop the snapshot, because a bad state may be all there is to keep.
 * @throws ICB_BACKUP_REFUSED_AREA, ICB_BACKUP_REFUSED_IDENTITY; ICB_STORAGE_…
 */
export async function createManualSnapshot(deps: ManualSnapshotDependencies, options: ManualSnapshotOptions = {}): Promise<ManualSnapshotResult> {
  const { settings, clock } = deps
  const warnings: { code: string; message: string }[] = []
  const warn: Warn = (code, message) => {
    warnings.push({ code, message })
    deps.logger.warn({ code }, message)
  }
  const finding = await examineArea(deps, warn)
  const createdAt = isoNow(clock)
  const name = snapshotName(settings.name, DateTime.fromISO(createdAt, { zone: 'utc' }), deps.runId)
  const entry = finding === undefined ? undefined : entryOf({ snapshot: name, createdAt, runId: deps.runId, manifest: finding.manifest, dbid: settings.dbid, remarks: finding.remarks })
  if (entry !== undefined) await appendPoint(settings.areaPath, entry)
  const labels = { ...(entry === undefined ? {} : pointLabels(entry)), ...(options.reason === undefined ? {} : { 'icb-reason': options.reason }) }
  const snapshot = await makeSnapshot(deps, name, { labels, ...(finding === undefined || finding.omit.length === 0 ? {} : { omit: finding.omit }) }, entry === undefined ? undefined : { areaPath: settings.areaPath, entry })
  const event: BackupEvent = {
    type: 'backup.snapshot', at: isoNow(clock), runId: deps.runId, database: settings.name, snapshot: name, state: entry?.state ?? 'unknown',
    ...(entry?.minScn === undefined ? {} : { minScn: String(entry.minScn) }), ...(entry?.lastScn === undefined ? {} : { lastScn: String(entry.lastScn) }),
  }
  deps.events.emit(event)
  return { snapshotId: snapshot.id, snapshot: snapshot.name, createdAt: snapshot.createdAt.toUTC().toISO() ?? createdAt, warnings, ...(entry === undefined ? {} : { entry }) }
}

/** `undefined`: the area is not mounted here. */
async function examineArea(deps: ManualSnapshotDependencies, warn: Warn): Promise<AreaFinding | undefined> {
  const { settings, storage, database, signal } = deps
  const mounted = await stat(settings.areaPath).then((s) => s.isDirectory(), () => false)
  if (!mounted) {
    warn('ICB_BACKUP_WARN_UNKNOWN_POINT', `${settings.areaPath} is not mounted here: the snapshot gets no entry in the points index`)
    return undefined
  }
  const { areaId } = await openArea({ settings, storage, signal })
  const manifest = await findManifest(settings.areaPath).catch((error: unknown) => {
    if (!hasErrorCode(error, 'ICB_POINT_MANIFEST_INVALID')) throw error
    warn('ICB_BACKUP_WARN_MANIFEST', error.message)
    return undefined
  })
  if (manifest === undefined) {
    warn('ICB_BACKUP_WARN_NO_WINDOW', 'the area has no usable manifest: the snapshot is no recovery point')
    return { manifest, remarks: ['the area has no usable manifest'], omit: [] }
  }
  if (manifest.manifest.state === 'refreshing') {
    const remark = `the refresh of run ${manifest.manifest.runId} did not complete`
    warn('ICB_BACKUP_WARN_NO_WINDOW', `${remark}: the snapshot is no recovery point`)
    return { manifest, remarks: [remark], omit: [] }
  }
  const asItLies = (remarks: readonly string[]): AreaFinding => ({ manifest, remarks, omit: [] })
  if (database === undefined) {
    warn('ICB_BACKUP_WARN_NO_DATABASE', 'without the database no log was switched: the snapshot reaches as far as the last one')
    return asItLies([])
  }
  try {
    return await closeWindow({ ...deps, ...database }, areaId, manifest.manifest, warn)
  } catch (error) {
    signal.throwIfAborted()
    if (hasErrorCode(error, 'ICB_BACKUP_REFUSED_IDENTITY')) throw error
    const message = `${isIcbError(error) ? `${error.code}: ` : ''}${error instanceof Error ? error.message : String(error)}`
    warn('ICB_BACKUP_WARN_NO_DATABASE', `the logs could not be switched and proven: ${message}`)
    // A database that is away says nothing against the area; everything else that went wrong does.
    return asItLies(hasErrorCode(error, 'ICB_ORACLE_CONNECT') ? [] : [message])
  }
}

/** Like the same steps of a backup, but every flaw is a remark. Nothing is copied into the area: the snapshot shows it as it is. */
async function closeWindow(deps: ManualSnapshotDependencies & DatabaseDependencies, areaId: string, previous: Manifest, warn: Warn): Promise<AreaFinding> {
  const settings = completeSettings(deps.settings)
  const { sql, signal } = deps
  const remarks: string[] = []
  const remark = (code: string, text: string): void => {
    remarks.push(text)
    warn(code, text)
  }
  const state = await readState(sql, settings.tag, { signal })
  assertIdentity(state.identity, settings)
  const { resetlogsId, resetlogsScn, role } = state.identity
  const switchPoint = await readSwitchPoint(deps, { role, release: state.instance.release })
  await switchLogs(deps, role)
  try {
    await waitUntilLanded(deps, { scn: switchPoint.scn, resetlogsId, resetlogsScn, applied: role !== 'PRIMARY' }, warn)
  } catch (error) {
    if (!hasErrorCode(error, 'ICB_BACKUP_LOG_NOT_LANDED')) throw error
    remark('ICB_BACKUP_WARN_GAP', error.message)
  }
  const copies = windowOfCopies([...state.current.values()], state.datafiles)
  if (copies === undefined) throw backupErrors.COPY_UNREADABLE(`V$DATAFILE_COPY lists no copy with the tag ${settings.tag}, the manifest says there are some`)
  const chain = await completeChain(deps, { fromScn: copies.redoFrom, toScn: switchPoint.scn, resetlogsId, resetlogsScn, copy: false, patienceMs: Math.min(30_000, settings.landingDeadlineMs) }, warn)
  for (const text of chainRemarks(chain)) remark('ICB_BACKUP_WARN_GAP', text)
  // The point is whole but for those blocks, so it is told and not marked.
  const unlogged = unloggedSince(state.datafiles, state.current)
  if (unlogged !== undefined) warn('ICB_BACKUP_WARN_UNLOGGED', `${unlogged}. \`icb backup\` reads them`)
  const copied = new Set(previous.copies.map((c) => c.file))
  await proveCopies(settings.areaPath, state.datafiles.filter((d) => copied.has(d.file)), state.current).catch((error: unknown) => {
    if (!hasErrorCode(error, 'ICB_BACKUP_COPY_UNREADABLE')) throw error
    remark('ICB_BACKUP_WARN_DAMAGED', error.message)
  })
  if (!(await hasControlFile(settings.areaPath, previous.controlFile))) remark('ICB_BACKUP_WARN_DAMAGED', `the control file backup ${previous.controlFile} is not in the area`)
  const surroundings = await readSurroundings(sql, state, { signal })
  const manifest = closedManifest({ areaPath: settings.areaPath, areaId, tool: deps.tool, runId: deps.runId, state, surroundings, previous, copies, switchPoint, chain })
  const digest = await writeManifest(settings.areaPath, manifest, { stillAllowed: async () => deps.lease?.assertHeld() })
  await writeAutorestoreCfg(settings.areaPath, autorestoreCfgOf(manifest, (await readAutorestoreCfg(settings.areaPath))?.backupFinished))
  const omit = deps.storage.capabilities.atomic ? [] : await incompleteLogs(sql, settings.areaPath, signal)
  return { manifest: { manifest, digest }, remarks, omit }
}

/**
 * Deletes one snapshot of ours by name.
 * @throws ICB_BACKUP_SNAPSHOT_UNKNOWN, ICB_BACKUP_REFUSED_PINNED, ICB_BACKUP_PINS; ICB_STORAGE_HAS_CLONES, ICB_STORAGE_LOCKED, ICB_STORAGE_FOREIGN
 */
export async function deleteSnapshot(deps: StorageDependencies, options: { readonly snapshot: string }): Promise<void> {
  const snapshot = await findSnapshot(deps, options.snapshot)
  const now = isoNow(deps.clock)
  const pin = (await readPins(deps)).find((p) => p.snapshot === snapshot.name && (p.until === undefined || p.until > now))
  if (pin !== undefined) throw backupErrors.REFUSED_PINNED(`snapshot ${snapshot.name} is pinned (${pin.reason})`, { hint: 'Remove the pin first: `icb snapshot pin --remove`.' })
  await deps.storage.deleteSnapshot(snapshot.id, { signal: deps.signal })
}
