import { mkdir } from 'node:fs/promises'
import { predictIncrementBytes, readEdition, readIncrements } from '@icb/oracle'
import { findManifest, readAreaId } from '@icb/recovery-point'
import { hasErrorCode } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import { archivelogDirectory } from './area-path.ts'
import { openArea, proveAreaIsVolume } from './area.ts'
import { during, known } from './backup-run.ts'
import type { BackupRun } from './backup-run.ts'
import { backupErrors } from './errors.ts'
import { readState, readSurroundings } from './manifest-from-database.ts'
import { assertArchivelog, assertIdentity, assertNoSurpriseFull, assertSpace, freeBytes, roleMatches, takeCensus } from './preflight.ts'
import { reconcileBackup } from './reconcile.ts'

/** Earlier runs: wait for what still works, record what became of the rest. */
export const reconcileStep: Step<BackupRun> = {
  name: 'reconcile', title: 'Settle earlier runs',
  async run(run, step) {
    const found = await reconcileBackup(during(run, step))
    step.summary(found.length === 0 ? 'nothing open' : `${String(found.length)} open steps settled`)
  },
}

/** Everything that can refuse a run, before anything is changed. */
export const preflightStep: Step<BackupRun> = {
  name: 'preflight', title: 'Check identity, area and space', changes: false,
  async run(run, step) {
    const { settings, options } = run
    const deps = during(run, step)
    run.before = await readState(deps.sql, settings.tag, deps)
    const { identity, datafiles, copies } = run.before
    assertIdentity(identity, settings)
    if (!roleMatches(identity.role, settings.role)) {
      run.skipped = `${settings.name} is ${identity.role.toLowerCase()}, this run is for ${settings.role}`
      step.summary(run.skipped)
      return
    }
    assertArchivelog(identity, settings)
    await proveAreaIsVolume(deps)
    const previous = await findManifest(settings.areaPath).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ICB_POINT_MANIFEST_INVALID')) throw error
      // Nothing can be promised of this state, but the refresh makes the next one good.
      step.warn('ICB_BACKUP_WARN_MANIFEST', error.message)
      return undefined
    })
    if (previous !== undefined) run.previous = previous
    const areaId = await readAreaId(settings.areaPath)
    const recorded = previous?.manifest
    if (areaId !== undefined && recorded !== undefined && recorded.areaId !== areaId) {
      throw backupErrors.REFUSED_AREA(`the area id ${areaId} is not the one of its manifest (${recorded.areaId})`, { hint: 'A part of another area was copied here. Compare both with the points index before going on.' })
    }
    if (recorded !== undefined && recorded.database.dbid !== settings.dbid) throw backupErrors.REFUSED_AREA(`${settings.areaPath} holds the backups of DBID ${recorded.database.dbid}, not ${settings.dbid}`)
    run.census = await takeCensus({ areaPath: settings.areaPath, datafiles, copies, manifest: recorded })
    assertNoSurpriseFull(run.census, options.allowFull === true)
    const { covered } = run.census
    const [edition, increments, surroundings, free] = await Promise.all([
      readEdition(deps.sql, deps), readIncrements(deps.sql, { days: 31, signal: deps.signal }), readSurroundings(deps.sql, run.before, deps), freeBytes(settings.areaPath, deps.storage, deps.signal),
    ])
    run.enterprise = edition.enterprise
    run.surroundings = surroundings
    const predicted = predictIncrementBytes(datafiles.map((d) => ({ file: d.file, bytes: d.bytes, hasCopy: covered.has(d.file) })), increments)
    assertSpace(free, predicted, settings)
    step.summary(`${String(datafiles.length)} datafiles, ${String(covered.size)} with a copy, ${String(predicted)} bytes predicted`)
  },
}

/** The area's own files, which a first run makes. */
export const openAreaStep: Step<BackupRun> = {
  name: 'area-open', title: 'Open the backup area',
  async run(run, step) {
    const { areaId, created } = await openArea(during(run, step))
    run.areaId = areaId
    await mkdir(archivelogDirectory(run.settings.areaPath), { recursive: true })
    step.summary(created ? `area ${areaId} made` : `area ${areaId}`)
  },
}

/** What a run would do, one sentence each. */
export function plannedWork(run: BackupRun): readonly string[] {
  const census = known(run.census, 'census')
  const state = run.previous?.manifest.state
  const first = run.previous === undefined || (state === 'refreshing' && run.previous.manifest.refreshedAt === undefined)
  return [
    'switch logs and wait until they are in the area',
    ...(!run.settings.snapshots ? ['make no snapshot: snapshots are off'] : first ? ['make no snapshot: no refresh has completed yet'] : [state === 'refreshed' ? 'prove the logs and make a snapshot' : 'make a snapshot without a window: the last refresh did not complete']),
    ...(census.covered.size > 0 ? [`merge a level 1 incremental into ${String(census.covered.size)} copies`] : []),
    ...(census.fresh.length > 0 ? [`copy ${String(census.fresh.length)} datafiles in full for the first time`] : []),
    ...(census.lost.length > 0 ? [`copy ${String(census.lost.length)} datafiles in full again (--allow-full)`] : []),
    'back up the control file and switch logs again',
    'delete archived logs that are complete in a recovery point, and snapshots that retention gives up',
  ]
}
