import { listPoints } from '@icb/backup'
import { proofStatistics } from '@icb/ledger'
import { readArchiveDestinations, readChangeTracking, readDatafiles, readIdentity, readInstance, serviceCommands } from '@icb/oracle'
import { readAreaId, readManifest } from '@icb/recovery-point'
import { stringify } from 'yaml'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import type { DatabaseConnection } from '@icb/fleet'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { formatBytes } from '../duration.ts'
import { storageDependencies } from './storage-dependencies.ts'

type Facts = Readonly<Record<string, unknown>>

/** What can be told of one side; of a side that is away, why. */
async function ask(about: () => Promise<Facts>): Promise<Facts> {
  try {
    return await about()
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) }
  }
}

async function databaseFacts(connection: DatabaseConnection, app: AppContext): Promise<Facts> {
  if (connection.config.oracleHome === undefined) return { unavailable: 'no Oracle home is configured' }
  const sql = connection.sql()
  const options = { signal: app.signal }
  const instance = await readInstance(sql, options)
  const identity = await readIdentity(sql, { ...options, release: instance.release })
  const [datafiles, tracking, destinations] = await Promise.all([readDatafiles(sql, { ...options, cdb: identity.cdb }), readChangeTracking(sql, options), readArchiveDestinations(sql, options)])
  return {
    instance: instance.name, host: instance.host, release: instance.release, status: instance.status, startedAt: instance.startedAt,
    dbid: identity.dbid.toString(), name: identity.name, uniqueName: identity.uniqueName, role: identity.role, openMode: identity.openMode, logMode: identity.logMode, forceLogging: identity.forceLogging, flashback: identity.flashback,
    containerDatabase: identity.cdb, currentScn: identity.currentScn.toString(), incarnation: identity.resetlogsId.toString(),
    dataFiles: datafiles.length, blockChangeTracking: tracking.status,
    archiveDestinations: destinations.filter((each) => each.status !== 'INACTIVE').map((each) => `${String(each.destId)} ${each.destination ?? ''} (${each.status})`),
  }
}

async function areaFacts(connection: DatabaseConnection): Promise<Facts> {
  const { areaPath } = connection.config
  const { manifest } = await readManifest(areaPath)
  const { window } = manifest
  return {
    path: areaPath, areaId: (await readAreaId(areaPath)) ?? 'none', state: manifest.state, refreshedAt: manifest.refreshedAt ?? 'never', copies: manifest.copies.length, size: formatBytes(manifest.copies.reduce((sum, copy) => sum + copy.bytes, 0n)), logs: manifest.logs.length,
    ...(window === undefined ? {} : { restorableFromScn: window.minScn.toString(), restorableToScn: window.lastScn?.toString() ?? 'the end of its logs' }),
  }
}

async function storageFacts(connection: DatabaseConnection, app: AppContext): Promise<Facts> {
  const storage = await connection.storage()
  const volume = await storage.describe({ signal: app.signal })
  const points = await listPoints(await storageDependencies(app, connection))
  return {
    adapter: connection.config.storage.adapter, volume: volume.name, mechanism: volume.mechanism, mounts: volume.mounts.map((mount) => (mount.kind === 'nfs' ? `${mount.server}:${mount.path}` : mount.path)),
    ...(volume.sizeBytes === undefined ? {} : { size: formatBytes(volume.sizeBytes) }), ...(volume.freeBytes === undefined ? {} : { free: formatBytes(volume.freeBytes) }),
    snapshots: points.length, restorable: points.filter((point) => point.restorable === true).length, newest: points.at(-1)?.snapshot.name ?? 'none',
  }
}

/** Patches and services, with the commands that make the services anew. */
async function environmentFacts(connection: DatabaseConnection, app: AppContext): Promise<Facts> {
  const { database, patches, services, problems, oracleHome } = await connection.environment(app.signal)
  const release = await readInstance(connection.sql(), { signal: app.signal }).then((instance) => instance.release, () => '')
  return {
    oracleHome, patches: patches.map(({ id, description }) => `${id} ${description}`), ...database, services: services.map((service) => `${service.name}${service.enabled ? '' : ' (disabled)'}`),
    commands: serviceCommands(connection.config.name, services, { longOptions: !release.startsWith('11.') }), ...(problems.length === 0 ? {} : { problems }),
  }
}

/** `icb info <db>`: the database, its area, its storage and its proofs in one view. What is away is said so; it is no failure. */
export const info: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const result = {
      database: await ask(() => databaseFacts(connection, app)),
      area: await ask(() => areaFacts(connection)),
      storage: await ask(() => storageFacts(connection, app)),
      proofs: await ask(async () => {
        const ledger = connection.ledger()
        return ledger === undefined ? { unavailable: 'no ledger is configured' } : { ...proofStatistics(name, await ledger.list({ database: name })) }
      }),
      ...(flag(options, 'environment') ? { environment: await ask(() => environmentFacts(connection, app)) } : {}),
    }
    app.print(stringify(result).trimEnd())
    return { schema: 'info/1', result }
  })
