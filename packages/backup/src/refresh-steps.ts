import { readDatabaseClock, readDroppedFileCopies } from '@icb/oracle'
import { autorestoreCfgOf, writeAutorestoreCfg, writeManifest } from '@icb/recovery-point'
import type { Manifest } from '@icb/recovery-point'
import { deleteDatafileCopiesScript } from '@icb/rman'
import { isoNow } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import { DateTime } from 'luxon'
import { cutOffSince, removeAbandonedFiles } from './abandoned-files.ts'
import { below } from './area-path.ts'
import { during, known, stillLeased } from './backup-run.ts'
import type { BackupRun } from './backup-run.ts'
import { backupErrors } from './errors.ts'
import type { BackupEvent } from './events.ts'
import { manifestBase, readState } from './manifest-from-database.ts'
import { backUpMetadata, controlFileName, deleteIncrements, deleteOldMetadata, publishSeedControlFile, seedControlFile } from './metadata-backup.ts'
import { forgetLostCopies } from './lost-copies.ts'
import { proveCopies } from './read-back.ts'
import { judgeRefresh, refreshCopies } from './refresh.ts'
import { callRman } from './rman-call.ts'
import { windowOfCopies } from './window.ts'

/** From here on the copies change: whoever meets this manifest knows that it has no window. */
export const manifestRefreshingStep: Step<BackupRun> = {
  name: 'manifest-refreshing', title: 'Mark the area as being refreshed',
  async run(run, step) {
    const { settings, previous } = run
    const deps = during(run, step)
    const base = manifestBase({
      areaPath: settings.areaPath, areaId: known(run.areaId, 'area id'), tool: deps.tool, runId: deps.runId, state: known(run.before, 'state of the database'), surroundings: known(run.surroundings, 'surroundings'),
      controlFile: (run.closed ?? previous)?.manifest.controlFile ?? seedControlFile,
    })
    const refreshedAt = previous?.manifest.refreshedAt
    await writeManifest(settings.areaPath, { ...base, state: 'refreshing', logs: [], ...(refreshedAt === undefined ? {} : { refreshedAt }) }, stillLeased(run))
  },
}

/** Copies of dropped datafiles, after the snapshot that still has them. A mass purge is somebody's accident and is left to a person. */
export const droppedCopiesStep: Step<BackupRun> = {
  name: 'copies-dropped', title: 'Delete copies of dropped datafiles',
  async run(run, step) {
    const { settings, options } = run
    const deps = during(run, step)
    const dropped = (await readDroppedFileCopies(deps.sql, { tag: settings.tag, signal: deps.signal })).filter((c) => below(settings.areaPath, c.name))
    if (dropped.length === 0) {
      step.summary('none')
      return
    }
    const all = known(run.before, 'state of the database').copies.length
    if (options.allowPurge !== true && dropped.length > Math.max(1, Math.floor(all / 10))) {
      step.warn('ICB_BACKUP_REFUSED_PURGE', backupErrors.REFUSED_PURGE(`${String(dropped.length)} of ${String(all)} copies belong to datafiles that no longer exist; they are kept until \`icb backup --allow-purge\``).message)
      step.summary(`${String(dropped.length)} kept`)
      return
    }
    await step.intend({ copies: dropped.map((c) => c.name) })
    const gone = known(run.census, 'census').gone.filter((g) => dropped.some((d) => d.name === g.name))
    await forgetLostCopies(deps, { gone }, step.warn)
    const names = dropped.filter((d) => !gone.some((g) => g.name === d.name)).map((c) => c.name)
    if (names.length > 0) await callRman(deps, { what: 'deleting copies of dropped datafiles', script: deleteDatafileCopiesScript({ names }), deadlineMs: settings.rmanDeadlineMs, warn: step.warn })
    const left = (await readDroppedFileCopies(deps.sql, { tag: settings.tag, signal: deps.signal })).filter((c) => dropped.some((d) => d.name === c.name))
    if (left.length > 0) step.warn('ICB_BACKUP_WARN_NOT_DELETED', `${String(left.length)} copies of dropped datafiles are still listed: ${left.map((c) => c.name).join(', ')}`)
    step.summary(`${String(dropped.length - left.length)} deleted`)
  },
}

/** Level 1 and merge. */
export const refreshStep: Step<BackupRun> = {
  name: 'refresh', title: 'Refresh the image copies',
  intent: (run) => ({ commandId: run.deps.runId }),
  async run(run, step) {
    const { settings, options } = run
    const deps = during(run, step)
    const census = known(run.census, 'census')
    const before = known(run.before, 'state of the database')
    if (options.allowFull === true) await forgetLostCopies(deps, census, step.warn)
    const gone = new Set(census.gone.map((c) => c.recid))
    const copiesBefore = new Map([...before.current].filter(([, copy]) => !gone.has(copy.recid)))
    const volumes = known(run.volumes, 'volumes of the area')
    if (!run.enterprise && settings.parallel > 1) step.warn('ICB_BACKUP_WARN_PARALLEL', 'one RMAN channel is used: more need Enterprise Edition')
    const { watch, durationMs } = await refreshCopies(deps, {
      // A channel writes to one directory, so each volume needs one.
      volumes, parallel: run.enterprise ? Math.max(settings.parallel, volumes.length + 1) : 1, warn: step.warn,
      onProgress: (text) => {
        step.progress({ text })
      },
    })
    const [clock, after] = await Promise.all([readDatabaseClock(deps.sql, { signal: deps.signal }), readState(deps.sql, settings.tag, { signal: deps.signal, known: before })])
    run.refreshedTime = clock.sysdate
    run.after = after
    // A datafile may have been dropped while the refresh ran.
    const datafiles = before.datafiles.filter((d) => after.datafiles.some((a) => a.file === d.file && a.creationScn === d.creationScn))
    const { alarms, ...judged } = judgeRefresh({ datafiles, before: copiesBefore, after: after.current, watch })
    await proveCopies(settings.areaPath, datafiles, after.current)
    if (alarms.length > 0) step.warn('ICB_BACKUP_WARN_LEVEL0', `datafiles ${alarms.join(', ')} had a copy and were copied in full`)
    run.refresh = { ...judged, durationMs }
    step.summary(`${String(judged.merged.length)} merged, ${String(judged.created.length)} copied, ${String(judged.skipped.length)} unchanged`)
  },
}

/** Control file and SPFILE after the refresh, so that they know the copies as they are now. */
export const metadataStep: Step<BackupRun> = {
  name: 'controlfile-backup', title: 'Back up control file and SPFILE',
  intent: (run) => ({ controlFile: controlFileName(run.deps.runId) }),
  async run(run, step) {
    const deps = during(run, step)
    run.metadata = await backUpMetadata(deps, step.warn)
    step.summary(run.metadata.controlFile)
  },
}

/** The window opens: copies read back, the new control file named, all logs of the refresh landed. */
export const manifestRefreshedStep: Step<BackupRun> = {
  name: 'manifest-refreshed', title: 'Read the copies back and write the manifest',
  async run(run, step) {
    const { settings } = run
    const deps = during(run, step)
    const state = known(run.after, 'state after the refresh')
    const refresh = known(run.refresh, 'refresh')
    // A file that was added during the refresh has its copy tomorrow; redo makes it until then.
    const refreshed = new Set([...refresh.merged, ...refresh.created, ...refresh.skipped])
    await proveCopies(settings.areaPath, state.datafiles.filter((d) => refreshed.has(d.file)), state.current)
    const copies = windowOfCopies([...state.current.values()], state.datafiles)
    if (copies === undefined) throw backupErrors.COPY_UNREADABLE(`V$DATAFILE_COPY lists no copy with the tag ${settings.tag}`)
    const before = known(run.surroundings, 'surroundings')
    const surroundings = { ...before, sourcePaths: { ...before.sourcePaths, datafiles: state.datafiles.map((d) => d.name) } }
    const { utcOffset } = known(run.switchPoint, 'switch point')
    const minTime = known(run.refreshedTime, 'end of the refresh')
    run.window = { ...copies, minTime, minUtcOffset: utcOffset, lastScn: null, utcOffset }
    const { controlFile } = known(run.metadata, 'control file backup')
    await publishSeedControlFile(settings.areaPath, controlFile)
    const base = manifestBase({ areaPath: settings.areaPath, areaId: known(run.areaId, 'area id'), tool: deps.tool, runId: deps.runId, state, surroundings, controlFile })
    const manifest: Manifest = { ...base, state: 'refreshed', window: run.window, logs: [], refreshedAt: isoNow(deps.clock) }
    await writeManifest(settings.areaPath, manifest, stillLeased(run))
    await writeAutorestoreCfg(settings.areaPath, autorestoreCfgOf(manifest, minTime))
    const event: BackupEvent = {
      type: 'backup.refreshed', at: isoNow(deps.clock), runId: deps.runId, database: settings.name, merged: refresh.merged.length, created: refresh.created.length, skipped: refresh.skipped.length,
      minScn: String(copies.minScn), redoFrom: String(copies.redoFrom),
    }
    deps.events.emit(event)
    step.summary(`restorable from SCN ${String(copies.minScn)}`)
  },
}

/** The merged increments: the copies that hold them now were read back before. */
export const incrementsStep: Step<BackupRun> = {
  name: 'increments-delete', title: 'Delete the merged increments',
  async run(run, step) {
    const deps = during(run, step)
    const merged = await deleteIncrements(deps, step.warn)
    const writtenAfter = cutOffSince(run.previous?.manifest)
    const abandoned = writtenAfter === undefined ? [] : await removeAbandonedFiles(deps, { directories: [run.settings.areaPath, ...known(run.volumes, 'volumes of the area')], dbid: run.settings.dbid, cdb: known(run.before, 'state of the database').identity.cdb, writtenAfter })
    step.summary(`${String(merged)} pieces${abandoned.length === 0 ? '' : `, and ${String(abandoned.length)} that nobody would have finished`}`)
  },
}

/** Control file and SPFILE backups that the new manifest has superseded. */
export const oldMetadataStep: Step<BackupRun> = {
  name: 'controlfile-clean', title: 'Delete older control file backups',
  async run(run, step) {
    const { settings } = run
    const now = DateTime.fromFormat(known(run.refreshedTime, 'end of the refresh'), 'yyyy-MM-dd HH:mm:ss', { zone: 'utc' })
    const autobackupsBefore = now.minus({ days: settings.recoveryWindowDays }).toFormat('yyyy-MM-dd HH:mm:ss')
    step.summary(`${String(await deleteOldMetadata(during(run, step), { keep: known(run.metadata, 'control file backup').handles, autobackupsBefore }, step.warn))} pieces`)
  },
}
