import { hasErrorCode, isIcbError, pollUntil } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { Clone, SnapshotStorage } from '@icb/storage-core'
import type { DatasetReader } from './dataset-reader.ts'
import { creationOf, ownerProperty } from './marks.ts'
import { isSafeName, leafOf, longestFullName, parentOf } from './names.ts'
import type { OpenZfsParts } from './parts.ts'
import { numberOf, ownText, textOf } from './properties.ts'
import type { ZfsTable } from './properties.ts'
import type { SnapshotFacts } from './snapshot-view.ts'
import { mountSource } from './volumes.ts'
import { errorOf } from './zfs-errors.ts'

export interface CloneTools {
  readonly ourFacts: (name: string, signal: AbortSignal | undefined) => Promise<SnapshotFacts | undefined>
  readonly destroy: (what: string, name: string, signal: AbortSignal | undefined) => Promise<void>
  readonly change: (what: string, args: readonly string[], signal: AbortSignal | undefined, fine?: readonly string[]) => Promise<void>
}

const markDeadlineMs = 3000

type CloneCalls = Pick<SnapshotStorage, 'createClone' | 'listClones' | 'deleteClone'>

/** Clones: one dataset per dataset of the area, marked with the database, below the clone parent. */
export function createClones({ database, datasets, options, zfs, clock }: OpenZfsParts, reader: DatasetReader, { ourFacts, destroy, change }: CloneTools): CloneCalls {
  const parent = (dataset: string): string => options.cloneParent ?? parentOf(dataset)
  /** With several datasets a clone `x` is `x.<leaf>` of each. */
  const targetOf = (dataset: string, name: string): string => `${parent(dataset)}/${datasets.length === 1 ? name : `${name}.${leafOf(dataset)}`}`
  const parents = [...new Set(datasets.map(parent))]

  const isOurClone = (table: ZfsTable, dataset: string, target: string): boolean => {
    const entry = table.get(target)
    return entry !== undefined && ownText(entry, ownerProperty) === database && textOf(entry, 'origin')?.startsWith(`${dataset}@`) === true
  }

  /** The clone of that name if it is whole, ours and of one snapshot. */
  const viewOf = (table: ZfsTable, name: string): Clone | undefined => {
    const rows = datasets.map((dataset) => ({ dataset, target: targetOf(dataset, name) }))
    const origins = new Set(rows.map(({ target, dataset }) => (isOurClone(table, dataset, target) ? textOf(table.get(target) ?? new Map(), 'origin')?.slice(dataset.length + 1) : undefined)))
    const [snapshot] = origins
    if (origins.size !== 1 || snapshot === undefined) return undefined
    const entries = rows.map(({ target }) => ({ target, entry: table.get(target) ?? new Map() }))
    return {
      id: name,
      name,
      snapshot,
      createdAt: creationOf(`clone ${name}`, entries.map(({ entry }) => numberOf(entry, 'creation'))),
      mounts: entries.map(({ target, entry }) => mountSource(target, entry, options)),
    }
  }

  const makePart = async (dataset: string, snapshot: string, name: string, signal: AbortSignal | undefined): Promise<void> => {
    const target = targetOf(dataset, name)
    const place = options.cloneMountRoot === undefined ? [] : ['-o', `mountpoint=${options.cloneMountRoot.replace(/\/+$/, '')}/${leafOf(target)}`]
    const { failure } = await zfs(['clone', '-o', `${ownerProperty}=${database}`, ...place, `${dataset}@${snapshot}`, target], signal)
    if (failure === undefined || failure.kind === 'exists' || failure.kind === 'not-mounted') return
    if (/parent does not exist/.test(failure.text)) throw storageErrors.NOT_FOUND(`creating clone ${name}: ${failure.text}`, { hint: 'Make the dataset that "cloneParent" names.' })
    throw errorOf(`creating clone ${name}`, failure)
  }

  /** These datasets. Old releases show a clone for a moment without its mark, while another caller makes it; what is somebody else's stays without. */
  const readMarked = async (targets: readonly string[], signal: AbortSignal | undefined): Promise<ZfsTable> => {
    let table = await reader.named(targets, signal)
    const allMarked = (): boolean => targets.every((target) => ownText(table.get(target) ?? new Map(), ownerProperty) !== undefined)
    if (allMarked()) return table
    try {
      await pollUntil({ clock, what: 'a clone to be marked', deadlineMs: markDeadlineMs, signal }, async () => {
        table = await reader.named(targets, signal)
        return allMarked() ? true : undefined
      })
    } catch (error) {
      if (!hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) throw error
    }
    return table
  }

  return {
    createClone: async (snapshot, name, callOptions) => {
      const signal = callOptions?.signal
      const targets = datasets.map((dataset) => targetOf(dataset, name))
      if (!isSafeName(name) || targets.some((target) => target.length > longestFullName)) throw storageErrors.UNSUPPORTED(`"${name}" cannot be the name of a clone here`, { hint: 'Use letters, digits and _ . : -, beginning with a letter or digit.' })
      const facts = isSafeName(snapshot) ? await ourFacts(snapshot, signal) : undefined
      if (facts?.complete !== true) throw storageErrors.NOT_FOUND(`there is no snapshot ${snapshot} of ${datasets.join(', ')}`)
      for (const dataset of datasets) {
        try {
          await makePart(dataset, snapshot, name, signal)
        } catch (error) {
          if (!isIcbError(error) || error.code !== 'ICB_STORAGE_UNREACHABLE') throw error
          // Its outcome is unknown: look.
          const found = await reader.named([targetOf(dataset, name)], signal).catch(() => new Map() as ZfsTable)
          if (!isOurClone(found, dataset, targetOf(dataset, name))) throw error
        }
      }
      const table = await readMarked(targets, signal)
      for (const target of targets) {
        if (table.get(target)?.get('mounted')?.value === 'no') await change(`mounting clone ${name}`, ['mount', target], signal, ['not-mounted', 'busy', 'other'])
      }
      const clone = viewOf(table, name)
      if (clone?.snapshot !== snapshot) throw storageErrors.EXISTS(clone === undefined ? `${targets.join(', ')} exists and was not made by this tool from ${snapshot}` : `clone ${name} is of snapshot ${clone.snapshot}`)
      return clone
    },

    listClones: async function* (callOptions) {
      const table = await reader.children(parents, callOptions?.signal)
      const [first] = datasets
      if (first === undefined) return
      const suffix = datasets.length === 1 ? '' : `.${leafOf(first)}`
      const names = [...table.keys()].filter((name) => parentOf(name) === parent(first) && name.endsWith(suffix)).map((name) => leafOf(name).slice(0, leafOf(name).length - suffix.length))
      const clones = names.flatMap((name) => viewOf(table, name) ?? [])
      yield* clones.sort((a, b) => a.createdAt.toMillis() - b.createdAt.toMillis() || (a.name < b.name ? -1 : 1))
    },

    deleteClone: async (id, callOptions) => {
      const signal = callOptions?.signal
      if (!isSafeName(id)) throw storageErrors.FOREIGN(`"${id}" is no name that this tool gives`)
      const targets = datasets.map((dataset) => ({ dataset, target: targetOf(dataset, id) }))
      const table = await reader.named(targets.map(({ target }) => target), signal)
      for (const { dataset, target } of targets) {
        if (table.has(target) && !isOurClone(table, dataset, target)) throw storageErrors.FOREIGN(`${target} is not a clone that this tool made of ${dataset} for ${database}`)
      }
      for (const { target } of targets) if (table.has(target)) await destroy(`deleting clone ${id}`, target, signal)
    },
  }
}
