import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dropRestorePoint, readBlockCorruption, readChangeTracking, readControlFiles, readDatafiles, readDiskGroups, readFlashbackLogs, readGuaranteedRestorePoints, readIdentity, readLogfiles, readRmanConfiguration, readTempfiles, quoteSqlString } from '@icb/oracle'
import { clearConfigurationScript, restoreControlfileScript } from '@icb/rman'
import { hasErrorCode, pollUntil } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import { autorestoreErrors as errors } from '../errors.ts'
import { finding } from '../findings.ts'
import { guardDiskGroups, guardSourcePaths } from '../guards.ts'
import type { SourcePath } from '../guards.ts'
import { renderInitParameters } from '../init-parameters.ts'
import { mainPath, manifestOf, ownDirectories, runRman } from '../restore-run.ts'
import type { RecoveryRun } from '../restore-run.ts'
import { isWithin, removeRunDirectory } from '../sandbox.ts'
import { removeInstanceFiles } from '../slots.ts'
import type { InstanceNames } from '../slots.ts'

/** The test's own directory with its parameter file. */
export const prepareScratch: Step<RecoveryRun> = {
  name: 'prepare-scratch',
  title: 'Make the scratch directory',
  intent: (run) => ({ directory: run.scratch }),
  async run(run) {
    const { settings } = run.deps
    const manifest = manifestOf(run)
    await mkdir(run.scratch, { mode: 0o750 })
    const text = renderInitParameters({ settings, sid: run.sid, ...(run.uniqueName === undefined ? {} : { uniqueName: run.uniqueName }), scratch: run.scratch, createFilesIn: mainPath(run), databaseName: manifest.parameters['db_name'] ?? manifest.database.name, recorded: manifest.parameters })
    await writeFile(join(run.scratch, 'init.ora'), text, { mode: 0o640, flag: 'wx' })
    if (settings.logDir !== undefined) await mkdir(settings.logDir, { recursive: true, mode: 0o750 })
  },
  compensateWhen: 'always',
  async compensate(run) {
    await removeRunDirectory(run.scratch, run.deps.host)
  },
}

/** An instance that a run may have started, and where. */
export interface OwnInstance extends Pick<RecoveryRun, 'sid' | 'oracle' | 'scratch'> {
  readonly deps: Pick<RecoveryRun['deps'], 'host' | 'clock'>
}

/** Control files of the instance with the slot's SID; `undefined`: none runs. One that this test started has them below the test's directory. */
async function controlFilesOfSlot(run: OwnInstance, signal: AbortSignal): Promise<readonly string[] | undefined> {
  if (!(await run.deps.host.runningSids()).includes(run.sid)) return undefined
  const [row] = await run.oracle.sql.query({ name: 'v$parameter control_files', sql: `select value from v$parameter where name = 'control_files'`, columns: { value: 'text' } }, { signal, deadlineMs: 60_000 })
  return (row?.value ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
}

/** Whether the instance with the slot's SID is the one that this test started. */
export async function runsOwnInstance(run: OwnInstance, signal: AbortSignal): Promise<boolean> {
  const files = await controlFilesOfSlot(run, signal)
  return files !== undefined && files.length > 0 && files.every((name) => isWithin(name, run.scratch))
}

/**
 * Ends the instance that this test started; none is fine.
 * @throws ICB_AUTORESTORE_REFUSED_INSTANCE when the SID is somebody else's, ICB_AUTORESTORE_CLEANUP when it does not end
 */
export async function stopOwnInstance(run: OwnInstance, signal: AbortSignal): Promise<void> {
  const files = await controlFilesOfSlot(run, signal)
  if (files === undefined) return
  if (files.length === 0 || !files.every((name) => isWithin(name, run.scratch))) {
    throw errors.REFUSED_INSTANCE(`instance ${run.sid} was not started by this test (control_files: ${files.join(', ')})`, { hint: 'It is left running.', details: { sid: run.sid, controlFiles: files } })
  }
  await run.oracle.instance.shutdown({ mode: 'abort', signal })
  // SHUTDOWN ABORT answers before the last process of the instance is gone.
  await pollUntil({ clock: run.deps.clock, what: `the processes of instance ${run.sid} to end`, deadlineMs: 30_000, signal }, async () => ((await run.deps.host.runningSids()).includes(run.sid) ? undefined : true)).catch((error: unknown) => {
    if (!hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) throw error
    throw errors.CLEANUP(`instance ${run.sid} still runs after SHUTDOWN ABORT`, { cause: error })
  })
}

export function namesOf({ sid, uniqueName }: RecoveryRun): InstanceNames {
  return { sid, ...(uniqueName === undefined ? {} : { uniqueName }) }
}

export const startInstance: Step<RecoveryRun> = {
  name: 'start-instance',
  title: 'Start the test instance',
  intent: (run) => ({ ...namesOf(run), pfile: join(run.scratch, 'init.ora') }),
  async run(run, step) {
    run.instanceStarted = true
    await run.oracle.instance.startup({ mode: 'nomount', pfile: join(run.scratch, 'init.ora'), signal: step.signal })
    step.summary(run.sid)
  },
  compensateWhen: 'always',
  async compensate(run, step) {
    if (!run.instanceStarted) return
    await stopOwnInstance(run, step.signal)
    await removeInstanceFiles(namesOf(run), run.oracle.dbsDirectory)
  },
}

/** The control file of the recovery point, mounted, and of the right database. */
export const restoreControlFile: Step<RecoveryRun> = {
  name: 'restore-control-file',
  title: 'Restore the control file and mount',
  async run(run, step) {
    const { settings } = run.deps
    const manifest = manifestOf(run)
    const piece = join(mainPath(run), manifest.controlFile)
    const probe = await run.deps.host.probe(piece)
    if (probe.state !== 'present') throw finding('CONTROL_FILE_UNREADABLE', `the control file backup ${manifest.controlFile} is not in the snapshot`)
    await runRman(run, step, { what: 'restoring the control file', script: restoreControlfileScript({ piece }), fallback: 'CONTROL_FILE_UNREADABLE' })
    const identity = await readIdentity(run.oracle.sql, { signal: step.signal, release: manifest.database.release })
    if (identity.dbid.toString() !== settings.dbid) throw finding('DBID_MISMATCH', `the control file is of database ${identity.name}, DBID ${identity.dbid.toString()}; configured is ${settings.dbid}`)
    if (identity.resetlogsId.toString() !== manifest.database.resetlogsId) throw finding('MANIFEST_MISMATCH', `the control file is of incarnation ${identity.resetlogsId.toString()}, the manifest of ${manifest.database.resetlogsId}`)
    step.summary(`DBID ${identity.dbid.toString()}`)
  },
}

/** Second path guard: what the mounted control file itself names, before any of it is touched. */
export const guardControlFilePaths: Step<RecoveryRun> = {
  name: 'guard-control-file-paths',
  title: 'Prove again that no file of the source is here',
  changes: false,
  async run(run, step) {
    const { sql } = run.oracle
    const options = { signal: step.signal }
    const cdb = manifestOf(run).database.cdb
    const [datafiles, logs, tempfiles, flashbackLogs, tracking, controlFiles] = await Promise.all([
      readDatafiles(sql, { ...options, cdb }), readLogfiles(sql, options), readTempfiles(sql, options), readFlashbackLogs(sql, options), readChangeTracking(sql, options), readControlFiles(sql, options),
    ])
    const paths: SourcePath[] = [
      ...datafiles.map((row) => ({ path: row.name, what: 'data file' })),
      ...logs.map((row) => ({ path: row.member, what: 'online log' })),
      ...tempfiles.map((row) => ({ path: row.name, what: 'temp file' })),
      ...flashbackLogs.map((path) => ({ path, what: 'flashback log' })),
      ...(tracking.filename === null ? [] : [{ path: tracking.filename, what: 'change tracking file' }]),
    ]
    const count = await guardSourcePaths(paths, { host: run.deps.host, own: ownDirectories(run) })
    if (paths.some(({ path }) => path.startsWith('+'))) guardDiskGroups(paths, await readDiskGroups(sql, options))
    if (!controlFiles.every((path) => isWithin(path, run.scratch))) throw errors.REFUSED_LIVE_AREA(`the instance uses the control file ${controlFiles.join(', ')} outside its scratch directory`)
    step.summary(`${String(count)} paths, none on this host`)
  },
}

const dangerousSettings = /^(?:CHANNEL|DEVICE TYPE|DEFAULT DEVICE TYPE|CONTROLFILE AUTOBACKUP FORMAT)/i

/** The restored control file brings production's RMAN settings along; with them a channel could write to production's places. */
export const clearRmanSettings: Step<RecoveryRun> = {
  name: 'clear-rman-settings',
  title: "Clear the source's RMAN settings",
  async run(run, step) {
    const before = await readRmanConfiguration(run.oracle.sql, { signal: step.signal })
    await runRman(run, step, { what: 'clearing the RMAN settings', script: clearConfigurationScript({ found: before.map((row) => ({ name: row.name, value: row.value ?? '' })), snapshotControlfile: join(run.scratch, 'snapcf.f') }), fallback: 'SANDBOX_FAILED' })
    const after = await readRmanConfiguration(run.oracle.sql, { signal: step.signal })
    const left = after.filter((row) => dangerousSettings.test(row.name) || (/^CONTROLFILE AUTOBACKUP$/i.test(row.name) && row.value?.toUpperCase() !== 'OFF'))
    if (left.length > 0) throw errors.REFUSED_LIVE_AREA(`RMAN still has the source's settings: ${left.map((row) => `${row.name} ${row.value ?? ''}`).join('; ')}`)
    step.summary(`${String(before.length)} settings`)
  },
}

/** Guaranteed restore points of the copy are dropped, flashback and block change tracking switched off; all would look for the source's files at open. */
export const detachFromSource: Step<RecoveryRun> = {
  name: 'detach-source',
  title: 'Switch off flashback and change tracking in the copy',
  async run(run, step) {
    const { sql } = run.oracle
    const options = { signal: step.signal }
    const [identity, tracking, restorePoints] = await Promise.all([readIdentity(sql, { ...options, release: manifestOf(run).database.release }), readChangeTracking(sql, options), readGuaranteedRestorePoints(sql, options)])
    // They want flashback logs, too, and keep these from being given up.
    for (const name of restorePoints) await sql.execute([dropRestorePoint(name)], options)
    if (identity.flashback !== 'NO') await sql.execute(['alter database flashback off'], options)
    if (tracking.status !== 'DISABLED' && tracking.filename !== null) {
      // Renamed first: disabling deletes the file it knows. guard-control-file-paths proved that the old name is not here.
      await sql.execute([`alter database rename file ${quoteSqlString(tracking.filename)} to ${quoteSqlString(join(run.scratch, 'bct.bct'))}`, 'alter database disable block change tracking'], options)
    }
    const [after, corruption] = await Promise.all([readChangeTracking(sql, options), readBlockCorruption(sql, { ...options, release: manifestOf(run).database.release })])
    if (after.status !== 'DISABLED') throw errors.REFUSED_LIVE_AREA('block change tracking could not be disabled in the copy')
    if (corruption.length > 0) run.deps.logger.info({}, 'the control file brings block corruption records of the source')
  },
}
