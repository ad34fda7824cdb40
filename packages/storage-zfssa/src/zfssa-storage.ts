import type { Clock, Logger } from '@icb/runtime'
import { hasErrorCode } from '@icb/runtime'
import { isOurSnapshotName, storageErrors } from '@icb/storage-core'
import type { Clone, MountSource, Snapshot, SnapshotStorage, StorageCapabilities } from '@icb/storage-core'
import { errorOfFault, faultOf } from './appliance-errors.ts'
import { bytesIn, timeIn } from './exact-json.ts'
import type { ZfssaOptions } from './options.ts'
import { createPoolCalls } from './pool-owner.ts'
import type { PoolCalls } from './pool-owner.ts'
import type { ChangeOutcome, ShareContext } from './share-context.ts'
import type { RestCall, RestClient } from './rest-client.ts'
import { createShares, elementOf, textIn } from './shares.ts'
import type { Properties, Shares } from './shares.ts'
import { createVolumes } from './volumes.ts'

export interface ZfssaParts {
  readonly database: string
  readonly options: ZfssaOptions
  readonly client: RestClient
  readonly clock: Clock
  readonly logger: Logger
}

/** Longest name that every release takes. */
const maxNameLength = 64
const safeName = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/
const defaultMountOptions = 'rw,bg,hard,nointr,tcp,vers=3,rsize=1048576,wsize=1048576,timeo=600'

const capabilities: StorageCapabilities = { atomic: true, atomicGroup: false, clones: true, thinClones: true, spaceAccounting: true, holds: false, labels: false, maxNameLength }

/** The contract over the REST API. Ids are names: of snapshots within the share, of clones within their project. */
export function createZfssaStorage({ database, options, client }: ZfssaParts): { readonly storage: SnapshotStorage; readonly calls: PoolCalls; readonly shares: Shares } {
  const { pool, project } = options
  const share = options.share ?? database
  const cloneProject = options.cloneProject ?? project
  const calls = createPoolCalls(client, pool, options.peerUrl !== undefined)
  const shares = createShares(calls, pool, options.pageSize ?? 1000)
  const sharePath = shares.path(project, 'filesystems', share)
  const snapshotPath = (name: string, ...rest: readonly string[]): readonly string[] => [...sharePath, 'snapshots', name, ...rest]
  const clonePath = (name: string): readonly string[] => shares.path(cloneProject, 'filesystems', name)

  /** Changes to one share happen one after another. */
  let changes: Promise<unknown> = Promise.resolve()

  const attempt = async <T>(what: string, call: RestCall, { done, kind, lookUp, refused }: ChangeOutcome<T>): Promise<T> => {
    const found = async (): Promise<T | undefined> => {
      call.signal?.throwIfAborted()
      return lookUp().catch(() => undefined)
    }
    let answer
    try {
      answer = await calls.send(what, call)
    } catch (error) {
      // The answer was lost or is not readable: the change may have been made.
      if (!hasErrorCode(error, 'ICB_STORAGE_UNREACHABLE') && !hasErrorCode(error, 'ICB_STORAGE_PROTOCOL')) throw error
      const outcome = await found()
      if (outcome === undefined) throw error
      return outcome
    }
    if (answer.status >= 200 && answer.status < 300) {
      if (kind === undefined) return done({})
      try {
        return await done(elementOf(answer, kind, what))
      } catch (error) {
        const outcome = await found()
        if (outcome === undefined) throw error
        return outcome
      }
    }
    const fault = faultOf(answer.status, answer.body)
    const meant = await refused?.(fault)
    if (meant !== undefined) return meant
    // 409 on a creation means "exists" under any name; 500 may come after the change.
    if (fault.status >= 500 || fault.status === 409) {
      const outcome = await found()
      if (outcome !== undefined) return outcome
    }
    throw errorOfFault(what, fault)
  }
  const change: ShareContext['change'] = async (what, call, outcome) => {
    const turn = changes.then(() => attempt(what, call, outcome))
    changes = turn.catch(() => undefined)
    return turn
  }

  const mountOf = (filesystem: Properties): MountSource => {
    const path = textIn(filesystem, 'mountpoint')
    if (path?.startsWith('/') !== true) throw storageErrors.PROTOCOL(`share ${textIn(filesystem, 'name') ?? ''} has no mount point`)
    return { kind: 'nfs', server: options.nfsHost ?? new URL(options.url).hostname, path, options: options.mountOptions ?? defaultMountOptions }
  }

  const viewSnapshot = (raw: Properties): Snapshot => {
    const name = textIn(raw, 'name') ?? ''
    const clones = bytesIn(raw['numclones'])
    const [total, unique] = [bytesIn(raw['space_data']), bytesIn(raw['space_unique'])]
    return {
      id: name,
      name,
      createdAt: timeIn(raw['creation']),
      ours: isOurSnapshotName(name, database),
      ...(total === undefined ? {} : { spaceTotal: total }),
      ...(unique === undefined ? {} : { spaceUnique: unique }),
      hasClones: clones === undefined ? undefined : clones > 0n,
    }
  }

  const originOf = (filesystem: Properties): { readonly here: boolean; readonly snapshot: string } | undefined => {
    const { origin } = filesystem as { origin?: Properties | null }
    if (origin === undefined || origin === null || typeof origin !== 'object') return undefined
    const originPool = textIn(origin, 'pool')
    return { here: textIn(origin, 'project') === project && textIn(origin, 'share') === share && (originPool === undefined || originPool === pool), snapshot: textIn(origin, 'snapshot') ?? '' }
  }

  /** A clone of our share, and with a mark where one is configured. */
  const isOurClone = (filesystem: Properties): boolean => originOf(filesystem)?.here === true && (options.markProperty === undefined || filesystem[`custom:${options.markProperty}`] === database)

  const viewClone = (filesystem: Properties): Clone => {
    const name = textIn(filesystem, 'name') ?? ''
    return { id: name, name, snapshot: originOf(filesystem)?.snapshot ?? '', createdAt: timeIn(filesystem['creation']), mounts: [mountOf(filesystem)] }
  }

  const readSnapshot = async (name: string, signal: AbortSignal | undefined): Promise<Snapshot | undefined> => {
    const raw = await shares.get(`reading snapshot ${name}`, snapshotPath(name), 'snapshot', signal)
    return raw === undefined ? undefined : viewSnapshot(raw)
  }
  const readFilesystem = (name: string, signal: AbortSignal | undefined): Promise<Properties | undefined> => shares.get(`reading share ${name}`, clonePath(name), 'filesystem', signal)

  const missingShare = (): Error => storageErrors.NOT_FOUND(`there is no share ${share} in project ${project} of pool ${pool}`, { hint: 'Make it with "icb volume create", or correct "pool", "project" and "share". In a cluster set "peerUrl".' })

  /** A 404 below the share is only believed when the share itself is there. */
  const proveShare = async (signal: AbortSignal | undefined): Promise<void> => {
    if ((await shares.get(`reading share ${share}`, sharePath, 'filesystem', signal)) === undefined) throw missingShare()
  }

  const refuseCloned = async (name: string, signal: AbortSignal | undefined): Promise<never> => {
    const what = `listing dependents of snapshot ${name}`
    const answer = await calls.send(what, { method: 'GET', path: snapshotPath(name, 'dependents'), signal })
    const list = (answer.body as { dependents?: unknown } | undefined)?.dependents
    const names = (Array.isArray(list) ? (list as Properties[]) : []).map((entry) => `${textIn(entry, 'project') ?? ''}/${textIn(entry, 'share') ?? ''}`)
    throw storageErrors.HAS_CLONES(`snapshot ${name} has clones${names.length > 0 ? `: ${names.join(', ')}` : ''}`, { hint: 'Delete the clones first.', details: { clones: names } })
  }

  const context: ShareContext = { options, share, calls, shares, mountOf, change }

  const storage: SnapshotStorage = {
    capabilities,

    createSnapshot: async (name, { signal } = {}) => {
      if (!safeName.test(name)) throw storageErrors.UNSUPPORTED(`"${name}" cannot be a name here`, { hint: `Use letters, digits and _ . : - (at most ${maxNameLength}), beginning with a letter or digit.` })
      const made = await change(`creating snapshot ${name}`, { method: 'POST', path: [...sharePath, 'snapshots'], body: { name }, signal }, {
        kind: 'snapshot',
        done: viewSnapshot,
        lookUp: () => readSnapshot(name, signal),
        refused: ({ status }) => {
          if (status === 404) throw missingShare()
          return undefined
        },
      })
      if (!made.ours) throw storageErrors.EXISTS(`a snapshot ${name} that this tool did not make exists`)
      return made
    },

    listSnapshots: async function* ({ signal } = {}) {
      const raw = await shares.list('listing snapshots', [...sharePath, 'snapshots'], 'snapshots', signal)
      // The appliance's times have whole seconds: its own order decides within one.
      yield* raw.map(viewSnapshot).sort((a, b) => a.createdAt.toMillis() - b.createdAt.toMillis())
    },

    deleteSnapshot: async (id, { signal } = {}) => {
      if (!isOurSnapshotName(id, database)) {
        // What begins with a dot or has a name of somebody else (.auto, .rr, .ndmp) is not even looked at.
        throw storageErrors.FOREIGN(`snapshot ${id} was not made by this tool for ${database}`)
      }
      const present = await readSnapshot(id, signal)
      if (present === undefined) return proveShare(signal)
      if (present.hasClones === true) await refuseCloned(id, signal)
      await change(`deleting snapshot ${id}`, { method: 'DELETE', path: snapshotPath(id), signal }, {
        done: () => true,
        lookUp: async () => ((await readSnapshot(id, signal)) === undefined ? true : undefined),
        refused: ({ status, name, text }) => {
          if (status === 404) return true
          if (/\bhold\b|\bheld\b|retention/i.test(text)) throw storageErrors.LOCKED(`snapshot ${id}: ${text}`, { hint: 'A retention hold of the appliance; it ends there.' })
          // 409 is overloaded; on a deletion anything but a change on the way means dependents.
          if (status === 409 && name !== 'ERR_STATE_CHANGED') return refuseCloned(id, signal)
          return undefined
        },
      })
    },

    createClone: async (snapshot, name, { signal } = {}) => {
      if (!safeName.test(name)) throw storageErrors.UNSUPPORTED(`"${name}" cannot be the name of a clone here`, { hint: `Use letters, digits and _ . : - (at most ${maxNameLength}), beginning with a letter or digit.` })
      const body = {
        project: cloneProject, share: name,
        ...(options.cloneShareNfs === undefined ? {} : { sharenfs: options.cloneShareNfs }),
        ...(options.markProperty === undefined ? {} : { [`custom:${options.markProperty}`]: database }),
      }
      const made = await change(`creating clone ${name} of ${snapshot}`, { method: 'PUT', path: snapshotPath(snapshot, 'clone'), body, signal }, {
        kind: 'filesystem',
        done: (filesystem): Properties => filesystem,
        lookUp: () => readFilesystem(name, signal),
        refused: ({ status, text }) => {
          if (status === 404) throw storageErrors.NOT_FOUND(`there is no snapshot ${snapshot} of share ${share}: ${text}`, { hint: `Or no project ${cloneProject}.` })
          return undefined
        },
      })
      if (!isOurClone(made) || originOf(made)?.snapshot !== snapshot) throw storageErrors.EXISTS(`share ${name} in project ${cloneProject} exists and is not this tool's clone of ${snapshot}`)
      return viewClone(made)
    },

    listClones: async function* ({ signal } = {}) {
      const filesystems = await shares.list('listing clones', shares.path(cloneProject, 'filesystems'), 'filesystems', signal)
      yield* filesystems.filter(isOurClone).map(viewClone).sort((a, b) => a.createdAt.toMillis() - b.createdAt.toMillis())
    },

    deleteClone: async (id, { signal } = {}) => {
      if (!safeName.test(id)) throw storageErrors.FOREIGN(`"${id}" is no name that this tool gives`)
      const present = await readFilesystem(id, signal)
      if (present === undefined) return proveShare(signal)
      if (!isOurClone(present)) throw storageErrors.FOREIGN(`share ${id} in project ${cloneProject} is no clone that this tool made of ${project}/${share}`)
      const own = await shares.list(`listing snapshots of clone ${id}`, [...clonePath(id), 'snapshots'], 'snapshots', signal)
      const kept = own.map((snapshot) => textIn(snapshot, 'name') ?? '').filter((name) => !name.startsWith('.auto'))
      if (kept.length > 0) throw storageErrors.LOCKED(`clone ${id} has snapshots of its own: ${kept.join(', ')}`, { hint: 'Somebody made them; delete them on the appliance first.' })
      await change(`deleting clone ${id}`, { method: 'DELETE', path: clonePath(id), signal }, {
        done: () => true,
        lookUp: async () => ((await readFilesystem(id, signal)) === undefined ? true : undefined),
        refused: ({ status }) => (status === 404 ? true : undefined),
      })
    },

    ...createVolumes(context, client),
    close: () => client.close(),
  }
  return { storage, calls, shares }
}
