import { pollUntil } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { isOurSnapshotName, storageErrors } from '@icb/storage-core'
import type { MountSource, Snapshot, SnapshotStorage, StorageCapabilities, VolumeInfo } from '@icb/storage-core'
import type { SoftnasOptions } from './options.ts'
import { snapshotRecord, volumeRecord } from './records.ts'
import type { SoftnasSnapshot, SoftnasVolume } from './records.ts'
import type { SoftnasClient } from './rest-client.ts'
import { isStorageError } from './server-errors.ts'
import type { SnapshotNames } from './snapshot-names.ts'

export interface SoftnasStorageParts {
  readonly client: SoftnasClient
  readonly names: SnapshotNames
  readonly options: SoftnasOptions
  readonly database: string
  readonly clock: Clock
  readonly logger: Logger
}

/** For Oracle's files over NFS version 3: hard, so that an outage stalls and never corrupts. */
const defaultMountOptions = 'rw,bg,hard,nointr,tcp,vers=3,timeo=600,rsize=262144,wsize=262144'
/** A made snapshot is in the listing by then. */
const seenWithinMs = 60_000
/** The server's names have its time in them: two in one second would be one. */
const attemptsForName = 5

const capabilities: StorageCapabilities = { atomic: true, atomicGroup: false, clones: false, thinClones: false, spaceAccounting: false, holds: false, labels: false, maxNameLength: 255 }

const noClones = 'SoftNAS makes no clones of a given name through its API'
const wayOut = 'Where ZFS of the SoftNAS server may be used over ssh, the adapter openzfs makes clones; see docs/storage/softnas.md.'

/** Host part of `serveraddress`. */
export function hostOf(serveraddress: string): string {
  return serveraddress.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** The contract over one volume of a SoftNAS server. */
export function createSoftnasStorage({ client, names, options, database, clock, logger }: SoftnasStorageParts): SnapshotStorage {
  const { pool } = options
  const volume = options.volume ?? database
  const where = `${pool}/${volume}`

  const snapshots = async (signal: AbortSignal | undefined): Promise<readonly SoftnasSnapshot[]> => {
    const found = await client.list(snapshotRecord, ({ name, volume: of }) => `${of ?? ''}@${name}`, { what: `listing snapshots of ${where}`, opcode: 'snapshotlist', operands: { pool_name: where }, signal })
    return found.filter((each) => (each.volume ?? volume) === volume && [undefined, pool, where].includes(each.pool)).sort((a, b) => a.seconds - b.seconds)
  }
  const view = ({ name: id, createdAt, refers }: SoftnasSnapshot, known: ReadonlyMap<string, string>): Snapshot => {
    const ours = known.get(id)
    return { id, name: ours ?? id, createdAt, ours: ours !== undefined && isOurSnapshotName(ours, database), hasClones: undefined, ...(refers === undefined ? {} : { spaceTotal: refers }) }
  }

  const find = async (signal: AbortSignal | undefined): Promise<SoftnasVolume | undefined> =>
    (await client.list(volumeRecord, ({ name, pool: of }) => `${of ?? ''}/${name}`, { what: `looking for volume ${where}`, opcode: 'volumes', operands: { pool }, signal })).find((each) => each.name === volume && (each.pool ?? pool) === pool)
  const need = async (signal: AbortSignal | undefined): Promise<SoftnasVolume> => {
    const found = await find(signal)
    if (found === undefined) throw storageErrors.NOT_FOUND(`there is no volume ${volume} in the pool ${pool}`, { hint: 'Correct "pool" and "volume", or make it with `icb volume create`.' })
    return found
  }
  const mountOf = (found: SoftnasVolume): MountSource => ({ kind: 'nfs', server: options.mounthost ?? hostOf(options.serveraddress), path: found.path ?? `/${where}`, options: options.mountOptions ?? defaultMountOptions })

  /** The server's name of a new snapshot; it chooses it. */
  const make = async (before: readonly SoftnasSnapshot[], signal: AbortSignal | undefined): Promise<SoftnasSnapshot> => {
    const present = new Set(before.map(({ name }) => name))
    const what = `creating a snapshot of ${where}`
    let message = ''
    for (let attempt = 1; ; attempt++) {
      try {
        ;({ message } = await client.call({ what, opcode: 'snapcommand', operands: { command: 'create', pool_name: pool, volume_name: volume }, signal }))
        break
      } catch (error) {
        if (attempt >= attemptsForName || !isStorageError(error, 'EXISTS')) throw error
        await clock.sleep(1000, signal)
      }
    }
    const [, told] = /@([^'"\s,]+)/.exec(message) ?? []
    const found = await pollUntil({ clock, what: `the new snapshot of ${where} to be listed`, deadlineMs: seenWithinMs, signal }, async () => {
      const fresh = (await snapshots(signal)).filter(({ name }) => !present.has(name) && (told === undefined || name === told))
      return fresh.length === 0 ? undefined : fresh
    })
    const [made, ...more] = found
    if (made === undefined || more.length > 0) throw storageErrors.PROTOCOL(`${what}: the server does not say which of ${found.map(({ name }) => name).join(', ')} it made`, { hint: 'They stay; look in StorageCenter who made them.', details: { serverText: message } })
    return made
  }

  return {
    capabilities,
    createSnapshot: async (wanted, { signal } = {}) => {
      signal?.throwIfAborted()
      if (wanted.length > capabilities.maxNameLength) throw storageErrors.UNSUPPORTED(`"${wanted}" is too long for a snapshot name`)
      return names.alone(async () => {
        signal?.throwIfAborted()
        const before = await snapshots(signal)
        const known = await names.of(before)
        const present = before.find(({ name }) => known.get(name) === wanted)
        if (present !== undefined) {
          // One whose answer was lost is written down here.
          await names.record(wanted, present)
          return view(present, known)
        }
        if (before.some(({ name }) => name === wanted)) throw storageErrors.EXISTS(`a snapshot ${wanted} that this tool did not make exists`)
        if (!isOurSnapshotName(wanted, database)) throw storageErrors.UNSUPPORTED(`"${wanted}" is no snapshot name of ${database}`, { hint: 'Make names with snapshotName().' })
        await names.announce(wanted)
        const made = await make(before, signal)
        await names.record(wanted, made)
        logger.debug({ name: wanted, snapshot: made.name }, 'the server named a snapshot')
        return view(made, new Map([[made.name, wanted]]))
      })
    },
    listSnapshots: async function* ({ signal } = {}) {
      const found = await snapshots(signal)
      const known = await names.of(found)
      for (const each of found) yield view(each, known)
    },
    deleteSnapshot: async (id, { signal } = {}) => {
      signal?.throwIfAborted()
      await names.alone(async () => {
        const found = await snapshots(signal)
        const wanted = found.find(({ name }) => name === id)
        if (wanted !== undefined) {
          const known = await names.of(found)
          if (!view(wanted, known).ours) throw storageErrors.FOREIGN(`snapshot ${id} of ${where} was not made by this tool for ${database}`)
          const operands = { command: 'delete', snapshots: JSON.stringify([{ snapshot_name: id, pool_name: pool, volume_name: volume }]) }
          try {
            await client.call({ what: `deleting snapshot ${known.get(id) ?? id}`, opcode: 'snapcommand', operands, signal })
          } catch (error) {
            if (!isStorageError(error, 'NOT_FOUND')) throw error
          }
          if ((await snapshots(signal)).some(({ name, seconds }) => name === id && seconds === wanted.seconds)) throw storageErrors.BUSY(`snapshot ${id} is still listed after its deletion`, { hint: 'Call again.' })
        }
        await names.forget(id)
      })
    },
    createClone: async () => { throw storageErrors.UNSUPPORTED(noClones, { hint: wayOut }) },
    listClones: async function* ({ signal } = {}) {
      signal?.throwIfAborted()
    },
    deleteClone: async (id) => { throw storageErrors.UNSUPPORTED(`${noClones}, so ${id} is none of this tool`, { hint: 'Remove volumes that were cloned by hand in StorageCenter.' }) },
    createVolume: async (spec, { signal } = {}) => {
      if (spec.name !== volume && spec.name !== database) throw storageErrors.UNSUPPORTED(`these options are for the volume ${volume} of ${database}, not for ${spec.name}`)
      if ((await find(signal)) === undefined) {
        if (spec.size !== undefined) throw storageErrors.OPTIONS('a size cannot be given: volumes are made thin and take what the pool has', { hint: 'Leave --size out; set a quota in StorageCenter.' })
        const operands = { vol_name: volume, pool, vol_type: 'filesystem', provisioning: 'thin', exportNFS: 'on', compression: 'on', enable_snapshot: 'off' }
        await client.call({ what: `creating the volume ${where}`, opcode: 'createvolume', operands, signal }).catch((error: unknown) => {
          if (!isStorageError(error, 'EXISTS')) throw error
        })
      }
      return { id: where, name: volume, mounts: [mountOf(await need(signal))] }
    },
    describe: async ({ signal } = {}): Promise<VolumeInfo> => {
      const found = await need(signal)
      return {
        name: volume, mounts: [mountOf(found)], mechanism: `volume ${where} of the SoftNAS server ${hostOf(options.serveraddress)}`,
        warnings: [
          ...(found.path === undefined ? [`the server tells no export path of ${where}; /${where} is taken`] : []),
          ...((await names.available()) ? [] : ['the area is not mounted here: our names of snapshots are kept in it, so none counts as made by this tool on this host']),
        ],
      }
    },
    close: () => client.close(),
  }
}
