import { randomInt } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DateTime } from 'luxon'
import { readManifest, readPoints } from '@icb/recovery-point'
import { readControlFiles } from '@icb/oracle'
import type { SqlSession } from '@icb/oracle'
import type { Manifest, ManifestWindow, PointEntry } from '@icb/recovery-point'
import type { Step } from '@icb/runtime'
import type { Snapshot } from '@icb/storage-core'
import { autorestoreErrors as errors } from '../errors.ts'
import { finding } from '../findings.ts'
import { guardAreaNotMounted, guardInstances, guardNotRoot, guardSourcePaths, resolveLiveArea } from '../guards.ts'
import type { SourcePath } from '../guards.ts'
import { manifestOf, ownDirectories } from '../restore-run.ts'
import type { ClonedPoint, RecoveryRun, RestoreRun } from '../restore-run.ts'
import { guardSandbox, isWithin } from '../sandbox.ts'

/** The host itself: who runs, where to, what else runs here. */
export const guardHost: Step<RecoveryRun> = {
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
          const options = { signal: step.signal, deadlineMs: 30_000 }
          const rows = await sql.query({ name: 'v$database.dbid', sql: 'select dbid from v$database', columns: { dbid: 'scn!' } }, options)
          const dbid = rows[0]?.dbid.toString()
          // A restore of the same database that was left open for somebody: a copy in the scratch directory is not the source.
          if (dbid === settings.dbid && (await controlFilesBelow(sql, settings.scratch, options))) return undefined
          return dbid
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
    run.liveArea = await resolveLiveArea(settings.areaPath, host)
    step.summary(`${host.hostname}, SID ${run.sid}`)
  },
}

/** Whether all control files of an instance lie in the marked scratch directory of this host. */
async function controlFilesBelow(sql: SqlSession, scratch: string, options: { readonly signal: AbortSignal; readonly deadlineMs: number }): Promise<boolean> {
  const names = await readControlFiles(sql, options)
  return names.length > 0 && names.every((name) => isWithin(resolve(name), scratch))
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
    else {
      const restorable = candidates.filter((snapshot) => !['refreshing', 'damaged'].includes(entries.get(snapshot.name)?.state ?? ''))
      // Where the index is in sight, only points that it promises are drawn from: the very first snapshot holds no copies yet.
      const promised = restorable.filter((snapshot) => entries.get(snapshot.name)?.state === 'refreshed')
      const drawn = promised.length > 0 ? promised : restorable
      run.snapshot = wantedPoint(run) === 'random' && drawn.length > 0 ? drawn[randomInt(drawn.length)] : restorable.at(-1)
    }
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

/** Which point of the window is restored. A snapshot that was asked for by name is restored as far as it goes. */
function wantedPoint(run: RestoreRun): 'latest' | 'random' {
  return run.options.snapshot === undefined ? (run.options.point ?? run.deps.settings.point) : 'latest'
}

/** Any SCN from `from` to `to`, each as likely as any other; of a window beyond 2^47 SCNs the first 2^47. */
function randomScn(from: bigint, to: bigint): bigint {
  const span = to - from + 1n
  const most = 1n << 47n
  return from + BigInt(randomInt(Number(span > most ? most : span)))
}

/** Names of the steps that clone and mount one point. */
export interface CloneStepNames {
  readonly create: string
  readonly mount: string
  /** `the snapshot`, `the snapshot with the logs`. */
  readonly what: string
}

/** A thin clone and its mount. The clone's name is the run's own, so that whatever is left of it can be told to be ours. */
export function cloneSteps<C extends RecoveryRun>(names: CloneStepNames, pointOf: (run: C) => ClonedPoint | undefined): readonly [create: Step<C>, mount: Step<C>] {
  return [
    {
      name: names.create,
      title: `Clone ${names.what}`,
      intent: (run) => ({ clone: pointOf(run)?.cloneName, snapshot: pointOf(run)?.snapshot?.id, slot: run.sid }),
      async run(run, step) {
        const point = pointOf(run)
        if (point === undefined) return
        run.cloneRequestedAt ??= run.deps.clock.now()
        await clonePoint(run, point, step.signal)
        step.summary(point.cloneName)
      },
      compensateWhen: 'always',
      async compensate(run, step) {
        const point = pointOf(run)
        if (point !== undefined) await dropClone(run, point, step.signal)
      },
    },
    {
      name: names.mount,
      title: `Mount the clone of ${names.what}`,
      intent: (run) => ({ mount: pointOf(run)?.mounter.name, mountPoint: pointOf(run)?.mounter.mountPoint }),
      async run(run, step) {
        const point = pointOf(run)
        if (point === undefined) return
        if (point.clone === undefined) throw errors.NO_SNAPSHOT('there is no clone')
        const paths = await point.mounter.mount(point.clone, { signal: step.signal })
        const { liveArea } = run
        if (paths.some((path) => isWithin(path, liveArea))) throw errors.REFUSED_CLONE(`the clone's directory ${paths.join(', ')} is the live area`, { hint: 'Check the mount point and the storage.' })
        point.paths = paths
        step.summary(paths.join(', '))
      },
      compensateWhen: 'always',
      async compensate(run, step) {
        await pointOf(run)?.mounter.unmount({ signal: step.signal })
      },
    },
  ]
}

async function clonePoint(run: RecoveryRun, point: ClonedPoint, signal: AbortSignal): Promise<void> {
  const { storage } = run.deps
  if (point.snapshot === undefined) throw errors.NO_SNAPSHOT('no snapshot was chosen')
  if (point.mounter.fixedCloneName !== undefined) {
    for await (const clone of storage.listClones({ signal })) {
      // The storage proves that it is a clone of this database's volume before it removes it.
      if (clone.name === point.cloneName) await storage.deleteClone(clone.id, { signal })
    }
  }
  point.clone = await storage.createClone(point.snapshot.id, point.cloneName, { signal })
  if (point.clone.snapshot !== point.snapshot.id) throw errors.REFUSED_CLONE(`the clone ${point.clone.name} belongs to snapshot ${point.clone.snapshot}`, { hint: 'Remove the old clone of this name.' })
}

async function dropClone(run: RecoveryRun, point: ClonedPoint, signal: AbortSignal): Promise<void> {
  const { storage } = run.deps
  for await (const clone of storage.listClones({ signal })) {
    if (clone.name === point.cloneName && (point.snapshot === undefined || clone.snapshot === point.snapshot.id)) await storage.deleteClone(clone.id, { signal })
  }
  for await (const clone of storage.listClones({ signal })) {
    if (clone.name === point.cloneName) throw errors.CLEANUP(`the clone ${clone.name} is still there`)
  }
}

const ofThePoint = cloneSteps<RecoveryRun>({ create: 'create-clone', mount: 'mount-clone', what: 'the snapshot' }, (run) => run)
export const createClone: Step<RecoveryRun> = ofThePoint[0]
export const mountClone: Step<RecoveryRun> = ofThePoint[1]

/** Everything the manifest says of the source that must not be reachable from here. */
export function sourcePathsOf(run: ClonedPoint): readonly SourcePath[] {
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

/** The manifest of a mounted clone: right database, right state, unchanged since the index was written. Puts the directory that has it first. */
export async function provePointManifest(run: RecoveryRun, point: ClonedPoint): Promise<Manifest & { readonly window: ManifestWindow }> {
  const { settings } = run.deps
  const path = await mainDirectory(point.paths)
  if (path === undefined) throw finding('NOT_A_RECOVERY_POINT', `${point.snapshot?.name ?? 'the snapshot'} has no icb-manifest.json`)
  point.paths = [path, ...point.paths.filter((other) => other !== path)]
  const { manifest, digest } = await readManifest(path)
  const { dbid, uniqueName } = manifest.database
  if (dbid !== settings.dbid || uniqueName.toLowerCase() !== settings.database.toLowerCase()) {
    // Whether the point or the configuration is the wrong one cannot be told, so it is no verdict about the point.
    throw errors.REFUSED_IDENTITY(`the recovery point is of database ${uniqueName}, DBID ${dbid}; configured is ${settings.database}, DBID ${settings.dbid}`, { hint: 'Check the key dbid and the area of this database.', details: { found: { dbid, uniqueName } } })
  }
  if (point.entry !== undefined && point.entry.manifestDigest !== digest) throw finding('MANIFEST_MISMATCH', 'the manifest in the clone is not the one that was recorded when the snapshot was made')
  const { window } = manifest
  if (manifest.state !== 'refreshed' || window === undefined) throw finding('NOT_A_RECOVERY_POINT', `the snapshot was made while a refresh had begun and not ended (run ${manifest.runId})`)
  point.manifest = manifest
  return { ...manifest, window }
}

export const readPointManifest: Step<RecoveryRun> = {
  name: 'read-manifest',
  title: 'Read and prove the manifest',
  changes: false,
  async run(run, step) {
    const { window, copies, logs } = await provePointManifest(run, run)
    if (run.goal === undefined && window.lastScn !== null) {
      run.targetScn = window.lastScn
      run.targetTime = window.lastTime
    }
    step.summary(`SCN ${window.minScn.toString()} to ${window.lastScn?.toString() ?? 'the end of its logs'}, ${String(copies.length)} files, ${String(logs.length)} logs`)
  },
}

async function mainDirectory(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if ((await lstat(join(path, 'icb-manifest.json')).catch(() => undefined))?.isFile() === true) return path
  }
  return undefined
}

/** Where a random point is wanted: any SCN of the window instead of its last one. */
export const chooseTarget: Step<RestoreRun> = {
  name: 'choose-target',
  title: 'Choose the SCN',
  changes: false,
  async run(run, step) {
    const window = manifestOf(run).window
    if (wantedPoint(run) === 'random' && window !== undefined && window.lastScn !== null && window.lastScn > window.minScn) {
      run.targetScn = randomScn(window.minScn, window.lastScn)
      if (run.targetScn !== window.lastScn) run.targetTime = undefined
    }
    step.summary(run.targetScn === undefined ? 'the end of its logs' : `SCN ${run.targetScn.toString()}`)
  },
}

/** First of the two path guards: from the manifest, before anything of Oracle starts. */
export const guardManifestPaths: Step<RecoveryRun> = {
  name: 'guard-manifest-paths',
  title: 'Prove that no file of the source is here',
  changes: false,
  async run(run, step) {
    const count = await guardSourcePaths(sourcePathsOf(run), { host: run.deps.host, own: ownDirectories(run) })
    step.summary(`${String(count)} paths, none on this host`)
  },
}

/** `2026-03-01 10:00:00` with the offset of the manifest, as ISO UTC. */
export function databaseTimeToUtc(local: string, utcOffset: string): string | undefined {
  const time = DateTime.fromISO(`${local.replace(' ', 'T')}${utcOffset}`, { zone: 'utc' })
  return time.isValid ? time.toISO() : undefined
}
