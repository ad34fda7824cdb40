import { storageErrors } from '@icb/storage-core'
import { holdProperty, labelsProperty, ownerProperty } from './marks.ts'
import { columns, readTable } from './properties.ts'
import type { ZfsTable } from './properties.ts'
import type { RunZfs } from './zfs-command.ts'
import { errorOf } from './zfs-errors.ts'

/** The questions that this adapter asks, each one command whatever the number of snapshots. */
export interface DatasetReader {
  /** True for OpenZFS; false for zfs-fuse and other old ones (no `get -t`, no `clones`, one snapshot a command). */
  isModern(signal?: AbortSignal): Promise<boolean>
  /** Every snapshot of these datasets. @throws ICB_STORAGE_NOT_FOUND when a dataset is missing */
  snapshots(datasets: readonly string[], signal?: AbortSignal): Promise<ZfsTable>
  /** These snapshots (`dataset@name`), as far as they exist. */
  namedSnapshots(names: readonly string[], signal?: AbortSignal): Promise<ZfsTable>
  /** The datasets directly below these. */
  children(parents: readonly string[], signal?: AbortSignal): Promise<ZfsTable>
  /** These datasets, as far as they exist. */
  named(datasets: readonly string[], signal?: AbortSignal): Promise<ZfsTable>
}

const datasetProperties = ['creation', 'createtxg', 'origin', 'mountpoint', 'mounted', 'readonly', 'sharenfs', 'used', 'available', ownerProperty]
const snapshotProperties = ['creation', 'createtxg', 'used', 'referenced', 'userrefs', ownerProperty, labelsProperty, holdProperty]

export function createDatasetReader(zfs: RunZfs, datasets: readonly string[]): DatasetReader {
  let modern: Promise<boolean> | undefined

  const probe = async (signal: AbortSignal | undefined): Promise<boolean> => {
    const { failure } = await zfs(['list', '-H', '-p', '-o', 'name', '-d', '0', datasets[0] ?? ''], signal)
    return failure?.kind !== 'usage'
  }

  /** What exists of the names asked for; anything but a missing one is an error. */
  const get = async (what: string, args: readonly string[], signal: AbortSignal | undefined, missing: 'fails' | 'is-left-out'): Promise<ZfsTable> => {
    const { lines, failure } = await zfs(['get', '-H', '-p', ...args], signal)
    if (failure !== undefined && (failure.kind !== 'missing' || missing === 'fails')) throw errorOf(what, failure)
    return readTable(lines)
  }

  const isModern = async (signal?: AbortSignal): Promise<boolean> => {
    modern ??= probe(signal)
    try {
      return await modern
    } catch (error) {
      modern = undefined
      throw error
    }
  }
  const snapshotColumns = async (signal: AbortSignal | undefined): Promise<string> => [...snapshotProperties, (await isModern(signal)) ? 'clones' : 'numclones'].join(',')

  return {
    isModern,
    snapshots: async (of, signal) => {
      const only = (await isModern(signal)) ? ['-t', 'snapshot'] : []
      const table = await get('listing snapshots', ['-r', '-d', '1', ...only, '-o', columns, await snapshotColumns(signal), ...of], signal, 'fails')
      return filtered(table, (name) => of.some((dataset) => name.startsWith(`${dataset}@`)))
    },
    namedSnapshots: async (names, signal) => {
      const table = await get('reading snapshots', ['-o', columns, await snapshotColumns(signal), ...names], signal, 'is-left-out')
      return filtered(table, (name) => names.includes(name))
    },
    children: async (parents, signal) => {
      const only = (await isModern(signal)) ? ['-t', 'filesystem'] : []
      const table = await get('listing clones', ['-r', '-d', '1', ...only, '-o', columns, datasetProperties.join(','), ...parents], signal, 'fails')
      return filtered(table, (name) => !name.includes('@') && parents.some((parent) => name.startsWith(`${parent}/`)))
    },
    named: async (names, signal) => get('reading datasets', ['-o', columns, datasetProperties.join(','), ...names], signal, 'is-left-out'),
  }
}

function filtered(table: ZfsTable, keep: (name: string) => boolean): ZfsTable {
  return new Map([...table].filter(([name]) => keep(name)))
}

/** @throws ICB_STORAGE_NOT_FOUND for a volume that is not there */
export function missingVolume(dataset: string): Error {
  return storageErrors.NOT_FOUND(`there is no dataset ${dataset}`, { hint: 'Make it with "icb volume create", or correct "dataset".' })
}
