import { storageErrors } from '@icb/storage-core'
import type { MountSource, SnapshotStorage } from '@icb/storage-core'
import { missingVolume } from './dataset-reader.ts'
import type { DatasetReader } from './dataset-reader.ts'
import type { OpenZfsParts } from './parts.ts'
import type { OpenZfsOptions } from './options.ts'
import { numberOf, textOf } from './properties.ts'
import type { ZfsValue } from './properties.ts'
import { errorOf } from './zfs-errors.ts'

const defaultMountOptions = 'rw,hard,tcp,vers=3,rsize=1048576,wsize=1048576,timeo=600,nointr'

/** What a new backup dataset needs: the merge of an increment rewrites single blocks, written by the database in large runs. */
const volumeProperties = { recordsize: '32K', logbias: 'throughput', atime: 'off' } as const

/** What a host mounts to see a dataset. @throws ICB_STORAGE_UNSUPPORTED when ZFS does not mount it */
export function mountSource(dataset: string, entry: ReadonlyMap<string, ZfsValue>, options: OpenZfsOptions): MountSource {
  const path = textOf(entry, 'mountpoint')
  if (path === undefined || !path.startsWith('/')) throw storageErrors.UNSUPPORTED(`${dataset} has mountpoint ${entry.get('mountpoint')?.value ?? '-'}`, { hint: `Give it one: zfs set mountpoint=/… ${dataset}` })
  const server = options.nfsHost ?? options.host
  return server === undefined ? { kind: 'path', path } : { kind: 'nfs', server, path, options: options.mountOptions ?? defaultMountOptions }
}

/** The dataset(s) of the area themselves. */
export function createVolumes({ datasets, options, zfs }: OpenZfsParts, reader: DatasetReader): Pick<SnapshotStorage, 'createVolume' | 'describe'> {
  const name = datasets.join(',')
  return {
    createVolume: async (spec, callOptions) => {
      const [only] = datasets
      if (spec.name !== name && !(datasets.length === 1 && only?.endsWith(`/${spec.name}`) === true)) {
        throw storageErrors.UNSUPPORTED(`the options name the dataset ${name}, not ${spec.name}`, { hint: 'Change "dataset" in the configuration.' })
      }
      const properties = { ...volumeProperties, ...(spec.size === undefined ? {} : { quota: String(spec.size) }), ...spec.options }
      for (const [key, value] of Object.entries(properties)) {
        if (!/^[a-z][a-z0-9:_.-]*$/.test(key) || /[\0\n]/.test(value)) throw storageErrors.UNSUPPORTED(`"${key}" is no property of a dataset`)
      }
      const settings = Object.entries(properties).flatMap(([key, value]) => ['-o', `${key}=${value}`])
      for (const dataset of datasets) {
        const { failure } = await zfs(['create', ...settings, dataset], callOptions?.signal)
        if (failure !== undefined && failure.kind !== 'exists') throw errorOf(`creating ${dataset}`, failure)
      }
      const table = await reader.named(datasets, callOptions?.signal)
      return { id: name, name, mounts: datasets.map((dataset) => mountSource(dataset, table.get(dataset) ?? new Map(), options)) }
    },

    describe: async (callOptions) => {
      const table = await reader.named(datasets, callOptions?.signal)
      const entries = datasets.map((dataset) => {
        const entry = table.get(dataset)
        if (entry === undefined) throw missingVolume(dataset)
        return { dataset, entry }
      })
      const free = entries.map(({ entry }) => numberOf(entry, 'available') ?? 0n).reduce((a, b) => (a < b ? a : b))
      const used = entries.reduce((total, { entry }) => total + (numberOf(entry, 'used') ?? 0n), 0n)
      const modern = await reader.isModern(callOptions?.signal)
      return {
        name,
        mounts: entries.map(({ dataset, entry }) => mountSource(dataset, entry, options)),
        sizeBytes: free + used,
        freeBytes: free,
        mechanism: `${modern ? 'OpenZFS' : 'ZFS (old command set)'} ${datasets.length === 1 ? 'dataset' : 'datasets'} ${datasets.join(', ')}${options.host === undefined ? '' : ` on ${options.host}`}`,
        warnings: entries.flatMap(({ dataset, entry }) => warningsOf(dataset, entry, options)),
      }
    },
  }
}

function warningsOf(dataset: string, entry: ReadonlyMap<string, ZfsValue>, options: OpenZfsOptions): string[] {
  const value = (property: string): string => entry.get(property)?.value ?? '-'
  const remote = options.nfsHost ?? options.host
  return [
    ...(value('mounted') === 'yes' ? [] : [`${dataset} is not mounted`]),
    ...(value('readonly') === 'on' ? [`${dataset} is read-only`] : []),
    ...(textOf(entry, 'origin') === undefined ? [] : [`${dataset} is itself a clone of ${value('origin')}: after a promote its snapshots belong to another dataset`]),
    ...(remote !== undefined && value('sharenfs') === 'off' ? [`${dataset} is not shared over NFS (sharenfs=off)`] : []),
  ]
}
