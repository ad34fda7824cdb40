import { lstat, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DateTime } from 'luxon'
import { readManifest, readPoints } from '@icb/recovery-point'
import type { PointEntry } from '@icb/recovery-point'
import type { Step } from '@icb/runtime'
import type { Snapshot } from '@icb/storage-core'
import { autorestoreErrors as errors } from '../errors.ts'
import { finding } from '../findings.ts'
import { guardAreaNotMounted, guardInstances, guardNotRoot, guardSourcePaths } from '../guards.ts'
import type { SourcePath } from '../guards.ts'
import { manifestOf } from '../restore-run.ts'
import type { RestoreRun } from '../restore-run.ts'
import { guardSandbox } from '../sandbox.ts'

/** The host itself: who runs, where to, what else runs here. */
export const guardHost: Step<RestoreRun> = {
  name: 'guard-host',
  title: 'Prove that this host is a sandbox',
  changes: false,
  async run(run, step) {
    const { host, settings, storage, logger } = run.deps
    guardNotRoot(host)
    await guardSandbox(settings.scratch, host, { keepAway: [settings.areaPath, ...(settings.mountPoint === undefined ? [] : [settings.mountPoint])] })
    await guardInstances({
      host,
      sid: run.sid,
      dbid: settings.dbid,
      logger,
      dbidOf: async (sid) => {
        const { sql } = run.deps.sandboxOracle(sid)
        try {
          const rows = await sql.query({ name: 'v$database.dbid', sql: 'select dbid from v$database', columns: { dbid: 'scn!' } }, { signal: step.signal, deadlineMs: 30_000 })
          return rows[0]?.dbid.toString()
        } catch (error) {
          logger.debug({ sid, error: (error as Error).message }, 'an instance does not tell its DBID')
          return undefined
        } finally {
          await sql.close()
        }
      },
    })
    const volume = await storage.describe({ signal: step.signal })
    await guardAreaNotMounted(volume.mounts, host)
    run.liveArea = await realpath(settings.areaPath).catch(() => resolve(settings.areaPath))
    step.summary(`${host.hostname}, SID ${run.sid}`)
  },
}

async function pointEntries(run: RestoreRun): Promise<readonly PointEntry[]> {
  try {
    return await readPoints(run.deps.settings.areaPath)
  } catch (error) {
    run.deps.logger.debug({ error: (error as Error).message }, 'the points index of the live area cannot be read on this host')
    return []
  }
}

/** Which snapshot: the one asked for, or the newest of ours that is old enough and not known to be no recovery point. */
export const chooseSnapshot: Step<RestoreRun> = {
  name: 'choose-snapshot',
  title: 'Choose the snapshot',
  changes: false,
  async run(run, step) {
    const { storage, settings, clock } = run.deps
    const entries = new Map((await pointEntries(run)).map((entry) => [entry.snapshot, entry]))
    const newestAllowed = clock.now() - settings.minSnapshotAgeHours * 3_600_000
    const candidates: Snapshot[] = []
    for await (const snapshot of storage.listSnapshots({ signal: step.signal })) {
      if (run.options.snapshot === undefined ? snapshot.ours && snapshot.createdAt.toMillis() <= newestAllowed : snapshot.name === run.options.snapshot) candidates.push(snapshot)
    }
    if (run.options.snapshot !== undefined) run.snapshot = candidates[0]
    else run.snapshot = candidates.filter((snapshot) => !['refreshing', 'damaged'].includes(entries.get(snapshot.name)?.state ?? '')).at(-1)
    if (run.snapshot === undefined) {
      throw errors.NO_SNAPSHOT(run.options.snapshot === undefined ? `${settings.database} has no snapshot that could be tested` : `${settings.database} has no snapshot ${run.options.snapshot}`, {
        hint: `Look at: icb snapshot list ${settings.database}`,
        details: { reason: 'STORAGE_FAILED' },
      })
    }
    run.entry = entries.get(run.snapshot.name)
    step.summary(`${run.snapshot.name}${run.entry === undefined ? '' : ` (${run.entry.state})`}`)
  },
}

/** The thin clone. Its name is the run's own, so that whatever is left of it can be told to be ours. */
export const createClone: Step<RestoreRun> = {
  name: 'create-clone',
  title: 'Clone the snapshot',
  intent: (run) => ({ clone: run.cloneName, snapshot: run.snapshot?.id }),
  async run(run, step) {
    const { storage, clock } = run.deps
    if (run.snapshot === undefined) throw errors.NO_SNAPSHOT('no snapshot was chosen')
    if (run.mounter.fixedCloneName !== undefined) {
      for await (const clone of storage.listClones({ signal: step.signal })) {
        // The storage proves that it is a clone of this database's volume before it removes it.
        if (clone.name === run.cloneName) await storage.deleteClone(clone.id, { signal: step.signal })
      }
    }
    run.cloneRequestedAt = clock.now()
    run.clone = await storage.createClone(run.snapshot.id, run.cloneName, { signal: step.signal })
    if (run.clone.snapshot !== run.snapshot.id) throw errors.REFUSED_CLONE(`the clone ${run.clone.name} belongs to snapshot ${run.clone.snapshot}`, { hint: 'Remove the old clone of this name.' })
    step.summary(run.clone.name)
  },
  compensateWhen: 'always',
  async compensate(run, step) {
    const { storage } = run.deps
    for await (const clone of storage.listClones({ signal: step.signal })) {
      if (clone.name === run.cloneName && (run.snapshot === undefined || clone.snapshot === run.snapshot.id)) await storage.deleteClone(clone.id, { signal: step.signal })
    }
    for await (const clone of storage.listClones({ signal: step.signal })) {
      if (clone.name === run.cloneName) throw errors.CLEANUP(`the clone ${clone.name} is still there`)
    }
  },
}

export const mountClone: Step<RestoreRun> = {
  name: 'mount-clone',
  title: 'Mount the clone',
  intent: (run) => ({ mount: run.mounter.name, mountPoint: run.deps.settings.mountPoint }),
  async run(run, step) {
    if (run.clone === undefined) throw errors.NO_SNAPSHOT('there is no clone')
    const paths = await run.mounter.mount(run.clone, { signal: step.signal })
    const { liveArea } = run
    if (paths.some((path) => path === liveArea || path.startsWith(`${liveArea}/`))) throw errors.REFUSED_CLONE(`the clone's directory ${paths.join(', ')} is the live area`, { hint: 'Check the mount point and the storage.' })
    run.paths = paths
    step.summary(paths.join(', '))
  },
  compensateWhen: 'always',
  async compensate(run, step) {
    await run.mounter.unmount({ signal: step.signal })
  },
}

/** Everything the manifest says of the source that must not be reachable from here. */
export function sourcePathsOf(run: RestoreRun): readonly SourcePath[] {
  const paths = manifestOf(run).sourcePaths
  const named = (what: string, list: readonly string[]): SourcePath[] => list.map((path) => ({ path, what }))
  return [
    ...named('data file', paths.datafiles),
    ...named('online log', paths.logs),
    ...named('temp file', paths.tempfiles),
    ...named('control file', paths.controlFiles),
    ...named('flashback log', paths.flashbackLogs),
    ...(paths.bct === undefined ? [] : named('change tracking file', [paths.bct])),
  ]
}

/** The manifest inside the clone: right database, right state, unchanged since the index was written. */
export const readPointManifest: Step<RestoreRun> = {
  name: 'read-manifest',
  title: 'Read and prove the manifest',
  changes: false,
  async run(run, step) {
    const { settings } = run.deps
    const path = await mainDirectory(run.paths)
    if (path === undefined) throw finding('NOT_A_RECOVERY_POINT', `${run.snapshot?.name ?? 'the snapshot'} has no icb-manifest.json`)
    run.paths = [path, ...run.paths.filter((other) => other !== path)]
    const { manifest, digest } = await readManifest(path)
    const { dbid, uniqueName } = manifest.database
    if (dbid !== settings.dbid || uniqueName.toLowerCase() !== settings.database.toLowerCase()) {
      // Whether the point or the configuration is the wrong one cannot be told, so it is no verdict about the point.
      throw errors.REFUSED_IDENTITY(`the recovery point is of database ${uniqueName}, DBID ${dbid}; configured is ${settings.database}, DBID ${settings.dbid}`, { hint: 'Check the key dbid and the area of this database.', details: { found: { dbid, uniqueName } } })
    }
    if (run.entry !== undefined && run.entry.manifestDigest !== digest) throw finding('MANIFEST_MISMATCH', 'the manifest in the clone is not the one that was recorded when the snapshot was made')
    if (manifest.state !== 'refreshed' || manifest.window === undefined) throw finding('NOT_A_RECOVERY_POINT', `the snapshot was made while a refresh had begun and not ended (run ${manifest.runId})`)
    run.manifest = manifest
    if (manifest.window.lastScn !== null) {
      run.targetScn = manifest.window.lastScn
      run.targetTime = manifest.window.lastTime
    }
    step.summary(`SCN ${manifest.window.minScn.toString()} to ${manifest.window.lastScn?.toString() ?? 'the end of its logs'}, ${String(manifest.copies.length)} files, ${String(manifest.logs.length)} logs`)
  },
}

async function mainDirectory(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if ((await lstat(join(path, 'icb-manifest.json')).catch(() => undefined))?.isFile() === true) return path
  }
  return undefined
}

/** First of the two path guards: from the manifest, before anything of Oracle starts. */
export const guardManifestPaths: Step<RestoreRun> = {
  name: 'guard-manifest-paths',
  title: 'Prove that no file of the source is here',
  changes: false,
  async run(run, step) {
    const count = await guardSourcePaths(sourcePathsOf(run), { host: run.deps.host, own: [run.scratch, ...run.paths] })
    step.summary(`${String(count)} paths, none on this host`)
  },
}

/** `2026-03-01 10:00:00` with the offset of the manifest, as ISO UTC. */
export function databaseTimeToUtc(local: string, utcOffset: string): string | undefined {
  const time = DateTime.fromISO(`${local.replace(' ', 'T')}${utcOffset}`, { zone: 'utc' })
  return time.isValid ? time.toISO() : undefined
}
