import { appendPoint, autorestoreCfgOf, readAutorestoreCfg, writeAutorestoreCfg, writeManifest } from '@icb/recovery-point'
import { isoNow } from '@icb/runtime'
import type { Step, StepRun } from '@icb/runtime'
import { snapshotName } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { completeChain } from './archivelogs.ts'
import { during, known, stillLeased } from './backup-run.ts'
import type { BackupRun } from './backup-run.ts'
import { assertChain, chainRemarks, closedManifest, entryOf, pointLabels } from './close-window.ts'
import { backupErrors } from './errors.ts'
import type { BackupEvent } from './events.ts'
import { incompleteLogs } from './incomplete-logs.ts'
import { waitUntilLanded } from './landing.ts'
import { readSwitchPoint, switchLogs } from './log-switch.ts'
import { makeSnapshot } from './make-snapshot.ts'
import { backUpMetadata, controlFileName, hasControlFile, publishSeedControlFile } from './metadata-backup.ts'
import { unloggedSince } from './unlogged.ts'
import { windowOfCopies } from './window.ts'

/** Whether any refresh of this area has ever completed: without one there is nothing to keep. */
function everRefreshed(run: BackupRun): boolean {
  const manifest = run.previous?.manifest
  if (manifest === undefined) return (run.census?.covered.size ?? 0) > 0
  return manifest.state === 'refreshed' || manifest.refreshedAt !== undefined
}

/** Switches logs where the redo is made and waits until they are in the area. */
async function switchAndLand(run: BackupRun, step: StepRun): Promise<void> {
  const deps = during(run, step)
  const { identity, instance } = known(run.before, 'state of the database')
  const point = await readSwitchPoint(deps, { role: identity.role, release: instance.release })
  run.switchPoint = point
  await step.intend({ scn: point.scn, time: point.time })
  await switchLogs(deps, identity.role)
  const landing = await waitUntilLanded(deps, { scn: point.scn, resetlogsId: identity.resetlogsId, resetlogsScn: identity.resetlogsScn, applied: identity.role !== 'PRIMARY' }, step.warn)
  run.logsCopied.push(...landing.copied.map((log) => ({ ...log, resetlogsId: String(identity.resetlogsId) })))
  step.summary(`redo up to SCN ${String(point.scn)} is in the area`)
}

export const switchBeforeStep: Step<BackupRun> = { name: 'log-switch', title: 'Switch logs and wait for them', run: switchAndLand }

/** The control file must not be the only place that knows the redo of the refresh: it is archived before the window opens. */
export const switchAfterStep: Step<BackupRun> = { name: 'log-switch-after', title: 'Switch logs again and wait for them', run: switchAndLand }

/**
 * The control file backup that the snapshot needs: the one after the last refresh. Where somebody has removed it, one that is made now
 * knows the same copies, because nobody has moved them since.
 */
async function presentControlFile(run: BackupRun, step: StepRun, controlFile: string): Promise<string> {
  const { areaPath } = run.settings
  if (await hasControlFile(areaPath, controlFile)) return controlFile
  step.warn('ICB_BACKUP_WARN_CONTROL_FILE', `the control file backup ${controlFile} is no longer in the area; another one was made`)
  const made = await backUpMetadata(during(run, step), step.warn, controlFileName(`${run.deps.runId}-again`))
  await publishSeedControlFile(areaPath, made.controlFile)
  return made.controlFile
}

/** Copies what is missing, proves the chain, and closes the window of the manifest. */
export const closeWindowStep: Step<BackupRun> = {
  name: 'window-close', title: 'Prove the archived logs',
  async run(run, step) {
    const { settings, options, previous } = run
    const deps = during(run, step)
    if (previous?.manifest.state !== 'refreshed') {
      step.summary(previous === undefined ? 'no refresh has completed yet' : `the refresh of run ${previous.manifest.runId} did not complete: no window`)
      return
    }
    const switchPoint = known(run.switchPoint, 'switch point')
    // Read in this run, after everything of an earlier one had ended: nobody has moved the copies since.
    const state = known(run.before, 'state of the database')
    const copies = windowOfCopies([...state.current.values()], state.datafiles)
    if (copies === undefined) throw backupErrors.COPY_UNREADABLE(`V$DATAFILE_COPY lists no copy with the tag ${settings.tag}, the manifest says there are some`)
    const { resetlogsId, resetlogsScn } = state.identity
    const chain = await completeChain(deps, { fromScn: copies.redoFrom, toScn: switchPoint.scn, resetlogsId, resetlogsScn, copy: true, patienceMs: Math.min(30_000, settings.landingDeadlineMs) }, step.warn)
    run.logsCopied.push(...chain.copied)
    if (chain.copied.length > 0) step.warn('ICB_BACKUP_WARN_LOG_COPIED', `${String(chain.copied.length)} archived logs were missing in the area and were copied: ${chain.copied.map((l) => `${String(l.thread)}/${String(l.sequence)}`).join(', ')}`)
    if (options.acceptGap === true) run.remarks.push(...chainRemarks(chain))
    else assertChain(chain)
    for (const remark of run.remarks) step.warn('ICB_BACKUP_WARN_GAP', remark)
    const unlogged = unloggedSince(state.datafiles, state.current)
    if (unlogged !== undefined) step.warn('ICB_BACKUP_WARN_UNLOGGED', `${unlogged}. The refresh that follows reads them`)
    const controlFile = await presentControlFile(run, step, previous.manifest.controlFile)
    const manifest = closedManifest({
      areaPath: settings.areaPath, areaId: known(run.areaId, 'area id'), tool: deps.tool, runId: deps.runId, state, surroundings: known(run.surroundings, 'surroundings'), previous: { ...previous.manifest, controlFile }, copies, switchPoint, chain,
    })
    run.closed = { manifest, digest: await writeManifest(settings.areaPath, manifest, stillLeased(run)) }
    await writeAutorestoreCfg(settings.areaPath, autorestoreCfgOf(manifest, (await readAutorestoreCfg(settings.areaPath))?.backupFinished))
    step.summary(`${String(manifest.logs.length)} logs from SCN ${String(copies.redoFrom)} to ${String(switchPoint.scn)}`)
  },
}

/** The snapshot. Its index entry is on disk before it, so that a crash in between can lose neither; an entry without a snapshot means nothing. */
export const snapshotStep: Step<BackupRun> = {
  name: 'snapshot-create', title: 'Make the snapshot',
  async run(run, step) {
    const { settings, previous } = run
    const deps = during(run, step)
    if (!settings.snapshots || run.options.snapshot === false) {
      step.summary(settings.snapshots ? 'none is wanted this time' : 'snapshots are off')
      return
    }
    if (!everRefreshed(run)) {
      step.summary('skipped: no refresh has completed yet, there is nothing to keep')
      return
    }
    const createdAt = isoNow(deps.clock)
    const name = snapshotName(settings.name, DateTime.fromISO(createdAt, { zone: 'utc' }), deps.runId)
    const { closed } = run
    const remarks = closed !== undefined ? run.remarks : [previous === undefined ? 'the area has no manifest' : `the refresh of run ${previous.manifest.runId} did not complete`]
    const entry = entryOf({ snapshot: name, createdAt, runId: deps.runId, manifest: closed ?? previous, dbid: settings.dbid, remarks })
    if (closed === undefined) step.warn('ICB_BACKUP_WARN_NO_WINDOW', `snapshot ${name} is no recovery point: ${remarks.join('; ')}`)
    await step.intend({ snapshot: name })
    await appendPoint(settings.areaPath, entry)
    const omit = deps.storage.capabilities.atomic ? [] : await incompleteLogs(deps.sql, settings.areaPath, deps.signal)
    const snapshot = await makeSnapshot(deps, name, { labels: pointLabels(entry), ...(omit.length === 0 ? {} : { omit }) }, { areaPath: settings.areaPath, entry })
    run.snapshot = { id: snapshot.id, name: snapshot.name }
    run.point = entry
    const event: BackupEvent = {
      type: 'backup.snapshot', at: isoNow(deps.clock), runId: deps.runId, database: settings.name, snapshot: name, state: entry.state,
      ...(entry.minScn === undefined ? {} : { minScn: String(entry.minScn) }), ...(entry.lastScn === undefined ? {} : { lastScn: String(entry.lastScn) }),
    }
    deps.events.emit(event)
    step.summary(name)
  },
}
