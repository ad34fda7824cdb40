import { readArchiveDestinations, readChangeTracking, readDatafileCopies, readDatafiles, readEdition, readIdentity, readIncrements, predictIncrementBytes } from '@icb/oracle'
import type { SqlSession } from '@icb/oracle'
import { findManifest, readAreaId } from '@icb/recovery-point'
import type { Check, CheckResult } from '@icb/runtime'
import { DateTime } from 'luxon'
import { areaChecks } from './area-checks.ts'
import { archivelogDirectory, withSlash } from './area-path.ts'
import { proveAreaIsVolume } from './area.ts'
import type { StorageDependencies } from './dependencies.ts'
import { assertArchivelog, assertIdentity, freeBytes } from './preflight.ts'
import { completeSettings } from './settings.ts'
import { currentCopies } from './window.ts'

export type BackupCheckDependencies = StorageDependencies & { readonly sql?: SqlSession }

/** Questions for `doctor`: the area, how it is mounted, its space, identity, ARCHIVELOG mode, change tracking, archive destination, age of the copies. Errors are the caller's to show. */
export function backupChecks(deps: BackupCheckDependencies): readonly Check[] {
  const settings = completeSettings(deps.settings)
  const checks: Check[] = [
    { id: 'backup.area', title: 'backup area', run: (options) => checkArea(deps, options.signal) },
    ...areaChecks({ areaPath: settings.areaPath, clock: deps.clock, ...(deps.sql === undefined ? {} : { sql: deps.sql }) }),
    { id: 'backup.copies-age', title: 'age of the image copies', needs: ['backup.area'], run: () => checkAge(deps) },
  ]
  const { sql } = deps
  if (sql === undefined) return checks
  const ok = (summary: string): CheckResult => ({ status: 'ok', summary })
  return [
    ...checks,
    {
      id: 'backup.identity', title: 'identity of the database', needs: ['oracle.connect', 'oracle.identity', 'oracle.archivelog'],
      run: async ({ signal }) => {
        const identity = await readIdentity(sql, { signal })
        assertIdentity(identity, settings)
        assertArchivelog(identity, settings)
        return ok(`${identity.uniqueName}, DBID ${String(identity.dbid)}, ${identity.role.toLowerCase()}, ${identity.logMode}`)
      },
    },
    {
      id: 'backup.space', title: 'space for the next refresh', needs: ['oracle.connect', 'backup.area'],
      run: async ({ signal }) => {
        const { cdb } = await readIdentity(sql, { signal })
        const datafiles = await readDatafiles(sql, { cdb, signal })
        const covered = currentCopies(await readDatafileCopies(sql, { tag: settings.tag, signal }), datafiles)
        const predicted = predictIncrementBytes(datafiles.map((d) => ({ file: d.file, bytes: d.bytes, hasCopy: covered.has(d.file) })), await readIncrements(sql, { days: 31, signal }))
        const free = await freeBytes(settings.areaPath, deps.storage, signal)
        const summary = `${String(free)} bytes free, ${String(predicted)} predicted`
        return free >= predicted ? ok(summary) : { status: 'failed', summary, advice: 'Enlarge the volume, or drop snapshots.', remedy: 'operator' }
      },
    },
    {
      id: 'backup.change-tracking', title: 'block change tracking', needs: ['oracle.connect'],
      run: async ({ signal }) => {
        const tracking = await readChangeTracking(sql, { signal })
        if (tracking.status !== 'DISABLED') return ok(`on, ${tracking.filename ?? ''}`)
        const { enterprise } = await readEdition(sql, { signal })
        return { status: 'warning', summary: 'off: every refresh reads the whole database', advice: enterprise ? 'Run `icb configure`.' : 'It needs Enterprise Edition.', remedy: 'operator' }
      },
    },
    {
      id: 'backup.archive-destination', title: 'archive destination', needs: ['oracle.connect'],
      run: async ({ signal }) => {
        const directory = archivelogDirectory(settings.areaPath)
        const own = (await readArchiveDestinations(sql, { allInstances: true, signal })).filter((d) => d.destination !== null && withSlash(d.destination) === directory)
        if (own.length === 0) return { status: 'failed', summary: `no archive destination writes into ${directory}`, advice: 'Run `icb configure`.', remedy: 'fix' }
        const bad = own.filter((d) => d.status !== 'VALID')
        if (bad.length === 0) return ok(`valid on ${String(own.length)} instances`)
        return { status: 'failed', summary: bad.map((d) => `instance ${String(d.instance)}: ${d.status} ${d.error ?? ''}`.trim()).join('; '), advice: 'Look at the mount of the area on that host.', remedy: 'operator' }
      },
    },
  ]
}

async function checkArea(deps: BackupCheckDependencies, signal: AbortSignal): Promise<CheckResult> {
  const { settings, storage } = deps
  await proveAreaIsVolume({ settings, storage, signal })
  const [areaId, manifest] = [await readAreaId(settings.areaPath), await findManifest(settings.areaPath)]
  if (areaId === undefined) return { status: 'ok', summary: `${settings.areaPath}, not used yet` }
  if (manifest !== undefined && manifest.manifest.areaId !== areaId) return { status: 'failed', summary: `area id ${areaId} is not the one of the manifest`, advice: 'A part of another area was copied here.', remedy: 'operator' }
  return { status: 'ok', summary: `${settings.areaPath}, area ${areaId}` }
}

/** The age of the copies, not of the newest snapshot: a refresh that fails for weeks still leaves fresh snapshots. */
async function checkAge(deps: BackupCheckDependencies): Promise<CheckResult> {
  const settings = completeSettings(deps.settings)
  const manifest = (await findManifest(settings.areaPath))?.manifest
  if (manifest?.refreshedAt === undefined) return { status: 'warning', summary: 'no refresh has completed yet', advice: 'Run `icb backup`.', remedy: 'fix' }
  const hours = DateTime.fromMillis(deps.clock.now()).diff(DateTime.fromISO(manifest.refreshedAt), 'hours').hours
  const summary = `last complete refresh ${manifest.refreshedAt} (${hours.toFixed(1)} h ago)${manifest.state === 'refreshing' ? '; one that began since did not complete' : ''}`
  if (hours > 2 * settings.expectedIntervalHours) return { status: 'failed', summary, advice: 'Look at the last runs of `icb backup`.', remedy: 'operator' }
  return manifest.state === 'refreshing' ? { status: 'warning', summary, advice: 'Run `icb backup` again.', remedy: 'operator' } : { status: 'ok', summary }
}
