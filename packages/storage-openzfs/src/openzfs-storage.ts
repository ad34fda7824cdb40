import { isIcbError, pollUntil } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { SnapshotHolds, SnapshotLabels, SnapshotStorage, StorageCapabilities } from '@icb/storage-core'
import { createClones } from './clones.ts'
import { createDatasetReader } from './dataset-reader.ts'
import { holdProperty, holdTag, holdText, labelsProperty, labelsText, ownerProperty, readLabels } from './marks.ts'
import { isSafeName, longestFullName } from './names.ts'
import type { OpenZfsParts } from './parts.ts'
import { snapshotFacts } from './snapshot-view.ts'
import type { SnapshotFacts } from './snapshot-view.ts'
import { createVolumes } from './volumes.ts'
import { errorOf } from './zfs-errors.ts'

export type OpenZfsStorage = SnapshotStorage & SnapshotHolds & SnapshotLabels

/** The contract over `zfs`. Ids of snapshots and clones are their names. */
export function createOpenZfsStorage(parts: OpenZfsParts): OpenZfsStorage {
  const { database, datasets, zfs, clock, logger } = parts
  const reader = createDatasetReader(zfs, datasets)
  const longestDataset = Math.max(...datasets.map((dataset) => dataset.length))
  const capabilities: StorageCapabilities = {
    atomic: true,
    atomicGroup: datasets.length > 1,
    clones: true,
    thinClones: true,
    spaceAccounting: true,
    holds: true,
    labels: true,
    maxNameLength: longestFullName - longestDataset - 1,
  }
  const fullNames = (name: string): readonly string[] => datasets.map((dataset) => `${dataset}@${name}`)

  const checkName = (name: string): void => {
    if (!isSafeName(name) || name.length > capabilities.maxNameLength) {
      throw storageErrors.UNSUPPORTED(`"${name}" cannot be a name here`, { hint: `Use letters, digits and _ . : - (at most ${capabilities.maxNameLength}), beginning with a letter or digit.` })
    }
  }

  const factsOf = async (name: string, signal: AbortSignal | undefined): Promise<SnapshotFacts | undefined> =>
    snapshotFacts(await reader.namedSnapshots(fullNames(name), signal), datasets, database).get(name)

  /** @throws ICB_STORAGE_NOT_FOUND, ICB_STORAGE_FOREIGN */
  const ourFacts = async (id: string, signal: AbortSignal | undefined): Promise<SnapshotFacts> => {
    const facts = isSafeName(id) ? await factsOf(id, signal) : undefined
    if (facts === undefined) throw storageErrors.NOT_FOUND(`there is no snapshot ${id} of ${datasets.join(', ')}`)
    if (!facts.view.ours) throw storageErrors.FOREIGN(`snapshot ${id} was not made by this tool for ${database}`)
    return facts
  }

  /** Runs one change; failures of the kinds in `fine` mean that it is as wanted. */
  const change = async (what: string, args: readonly string[], signal: AbortSignal | undefined, fine: readonly string[] = []): Promise<void> => {
    const { failure } = await zfs(args, signal)
    if (failure !== undefined && !fine.includes(failure.kind)) throw errorOf(what, failure)
  }

  /** Destroys one snapshot or dataset, never recursively. A mounted or just unmounted one may be busy for a moment. */
  const destroy = async (what: string, name: string, signal: AbortSignal | undefined): Promise<void> => {
    let last: Error | undefined
    try {
      await pollUntil({ clock, what, deadlineMs: 5000, intervalMs: 50, maxIntervalMs: 800, signal }, async () => {
        const { failure } = await zfs(['destroy', name], signal)
        if (failure === undefined || failure.kind === 'missing') return true
        last = errorOf(what, failure)
        if (failure.kind !== 'busy') throw last
        return undefined
      })
    } catch (error) {
      throw isIcbError(error) && error.code === 'ICB_DEADLINE_EXPIRED' && last !== undefined ? last : error
    }
  }

  const destroyParts = async (name: string, facts: SnapshotFacts, signal: AbortSignal | undefined): Promise<void> => {
    for (const dataset of facts.datasets) await destroy(`deleting snapshot ${name}`, `${dataset}@${name}`, signal)
  }

  /** One command for all datasets: one transaction of the pool. */
  const takeSnapshot = async (name: string, labels: Readonly<Record<string, string>> | undefined, signal: AbortSignal | undefined): Promise<void> => {
    if (datasets.length > 1 && !(await reader.isModern(signal))) {
      throw storageErrors.UNSUPPORTED('this ZFS cannot snapshot several datasets at one instant', { hint: 'Put the backup area into one dataset, or use OpenZFS.' })
    }
    const marks = ['-o', `${ownerProperty}=${database}`, ...(labels === undefined ? [] : ['-o', `${labelsProperty}=${labelsText(labels)}`])]
    const { failure } = await zfs(['snapshot', ...marks, ...fullNames(name)], signal)
    if (failure !== undefined && failure.kind !== 'exists') throw errorOf(`creating snapshot ${name}`, failure)
  }

  const createSnapshot: SnapshotStorage['createSnapshot'] = async (name, options) => {
    const signal = options?.signal
    checkName(name)
    for (let attempt = 1; ; attempt++) {
      try {
        await takeSnapshot(name, options?.labels, signal)
      } catch (error) {
        // Its outcome is unknown: look.
        if (!isIcbError(error) || error.code !== 'ICB_STORAGE_UNREACHABLE') throw error
        const found = await factsOf(name, signal).catch(() => undefined)
        if (found?.complete !== true) throw error
      }
      const facts = await factsOf(name, signal)
      if (facts === undefined) throw storageErrors.BUSY(`snapshot ${name} was deleted while it was being made`)
      if (!facts.view.ours) throw storageErrors.EXISTS(`a snapshot ${name} that this tool did not make exists`)
      if (facts.complete) return facts.view
      if (attempt > 1) throw storageErrors.BUSY(`snapshot ${name} is being deleted by somebody else`)
      // A deletion over several datasets that was interrupted: finish it, then take the snapshot.
      await destroyParts(name, facts, signal)
    }
  }

  const deleteSnapshot: SnapshotStorage['deleteSnapshot'] = async (id, options) => {
    const signal = options?.signal
    if (!isSafeName(id)) throw storageErrors.FOREIGN(`"${id}" is no name that this tool gives`)
    const facts = await factsOf(id, signal)
    if (facts === undefined) return
    if (!facts.view.ours) throw storageErrors.FOREIGN(`snapshot ${id} was not made by this tool for ${database}`)
    if (facts.view.hasClones === true) {
      throw storageErrors.HAS_CLONES(`snapshot ${id} has clones${facts.clones.length > 0 ? `: ${facts.clones.join(', ')}` : ''}`, { hint: 'Delete the clones first.', details: { clones: facts.clones } })
    }
    if (facts.held) {
      const { hold } = facts
      if (hold?.until === undefined || hold.until > clock.now()) throw storageErrors.LOCKED(`snapshot ${id} is held${hold === undefined ? ' by somebody else' : `: ${hold.reason}`}`, { hint: '"zfs holds" shows who holds it.' })
      await change(`releasing snapshot ${id}`, ['release', holdTag, ...fullNames(id)], signal, ['no-tag', 'missing'])
    }
    await destroyParts(id, facts, signal)
  }

  const volumes = createVolumes(parts, reader)
  const clones = createClones(parts, reader, { ourFacts: factsOf, destroy, change })
  // Labels are one property: two changes of one process must not overwrite each other.
  let labelling: Promise<unknown> = Promise.resolve()

  return {
    capabilities,
    createSnapshot,
    deleteSnapshot,

    listSnapshots: async function* (options) {
      const facts = [...snapshotFacts(await reader.snapshots(datasets, options?.signal), datasets, database).values()].filter(({ complete }) => complete)
      facts.sort((a, b) => a.view.createdAt.toMillis() - b.view.createdAt.toMillis() || Number(a.txg - b.txg) || (a.view.name < b.view.name ? -1 : 1))
      for (const { view } of facts) yield view
    },

    removeLeftovers: async (options) => {
      if (datasets.length === 1) return []
      const removed: string[] = []
      for (const [name, facts] of snapshotFacts(await reader.snapshots(datasets, options?.signal), datasets, database)) {
        if (facts.complete || !facts.view.ours || facts.held || facts.view.hasClones === true) continue
        await destroyParts(name, facts, options?.signal)
        removed.push(name)
      }
      if (removed.length > 0) logger.info({ removed }, 'halves of interrupted deletions removed')
      return removed
    },

    hold: async (id, { reason, until, signal }) => {
      const facts = await ourFacts(id, signal)
      await change(`noting the hold of snapshot ${id}`, ['set', `${holdProperty}=${holdText(reason, until)}`, ...facts.datasets.slice(0, 1).map((dataset) => `${dataset}@${id}`)], signal)
      await change(`holding snapshot ${id}`, ['hold', holdTag, ...fullNames(id)], signal, ['held'])
    },

    releaseHold: async (id, options) => {
      const facts = isSafeName(id) ? await factsOf(id, options?.signal) : undefined
      if (facts === undefined) return
      if (!facts.view.ours) throw storageErrors.FOREIGN(`snapshot ${id} was not made by this tool for ${database}`)
      await change(`releasing snapshot ${id}`, ['release', holdTag, ...fullNames(id)], options?.signal, ['no-tag', 'missing'])
      if (facts.hold !== undefined) await change(`releasing snapshot ${id}`, ['inherit', holdProperty, `${facts.datasets[0] ?? ''}@${id}`], options?.signal, ['missing'])
    },

    setLabels: async (id, added, options) => {
      const turn = labelling.then(async () => {
        const facts = await ourFacts(id, options?.signal)
        const text = labelsText({ ...readLabels(JSON.stringify(facts.view.labels ?? {})), ...added })
        await change(`labelling snapshot ${id}`, ['set', `${labelsProperty}=${text}`, ...facts.datasets.slice(0, 1).map((dataset) => `${dataset}@${id}`)], options?.signal)
      })
      labelling = turn.catch(() => undefined)
      await turn
    },

    ...clones,
    ...volumes,
  }
}

