import { storageErrors } from '@icb/storage-core'
import type { SnapshotStorage, Volume } from '@icb/storage-core'
import { bytesIn } from './exact-json.ts'
import type { RestClient } from './rest-client.ts'
import type { Properties } from './shares.ts'
import { textIn } from './shares.ts'
import type { ShareContext } from './share-context.ts'

/**
 * What a backup share needs: the merge of an increment rewrites single blocks of the copies (small records), which arrive in large
 * synchronous runs (throughput), and nobody asks when a copy was read last.
 */
const volumeProperties: Readonly<Record<string, string | number | boolean>> = { recordsize: 32_768, logbias: 'throughput', atime: false }

/** The share of the backup area itself. */
export function createVolumes({ options, share, shares, mountOf, change }: ShareContext, client: RestClient): Pick<SnapshotStorage, 'createVolume' | 'describe'> {
  const path = shares.path(options.project, 'filesystems', share)
  const volumeOf = (filesystem: Properties): Volume => ({ id: textIn(filesystem, 'canonical_name') ?? share, name: share, mounts: [mountOf(filesystem)] })
  const read = (signal: AbortSignal | undefined): Promise<Properties | undefined> => shares.get(`reading share ${share}`, path, 'filesystem', signal)

  return {
    createVolume: async (spec, { signal } = {}) => {
      if (spec.name !== share) throw storageErrors.UNSUPPORTED(`the options name the share ${share}, not ${spec.name}`, { hint: 'Change "share" in the configuration.' })
      const body = {
        name: share, ...volumeProperties,
        ...(spec.size === undefined ? {} : { quota: exactNumber(spec.size) }),
        ...Object.fromEntries(Object.entries(spec.options ?? {}).map(([key, value]) => [key, typedValue(value)])),
      }
      return change(`creating share ${share}`, { method: 'POST', path: shares.path(options.project, 'filesystems'), body, signal }, {
        kind: 'filesystem',
        done: volumeOf,
        lookUp: async () => {
          const present = await read(signal)
          return present === undefined ? undefined : volumeOf(present)
        },
        refused: ({ status, text }) => {
          if (status === 404) throw storageErrors.NOT_FOUND(`there is no project ${options.project} in pool ${options.pool}: ${text}`, { hint: 'Make the project on the appliance and export it to the database hosts.' })
          return undefined
        },
      })
    },

    describe: async ({ signal } = {}) => {
      const filesystem = await read(signal)
      if (filesystem === undefined) throw storageErrors.NOT_FOUND(`there is no share ${share} in project ${options.project} of pool ${options.pool}`, { hint: 'Make it with "icb volume create", or correct "pool", "project" and "share". In a cluster set "peerUrl".' })
      const free = bytesIn(filesystem['space_available'])
      const used = bytesIn(filesystem['space_total'])
      const quota = bytesIn(filesystem['quota']) ?? 0n
      const size = quota > 0n ? quota : free === undefined || used === undefined ? undefined : free + used
      return {
        name: share,
        mounts: [mountOf(filesystem)],
        ...(size === undefined ? {} : { sizeBytes: size }),
        ...(free === undefined ? {} : { freeBytes: free }),
        mechanism: `share ${textIn(filesystem, 'canonical_name') ?? share} of the ZFS Storage Appliance ${client.host} (API v${await client.version()})`,
        warnings: warningsOf(filesystem, share, options.insecure === true),
      }
    },
  }
}

function warningsOf(filesystem: Properties, share: string, insecure: boolean): string[] {
  return [
    ...(insecure ? ['the certificate of the appliance is not verified (insecure)'] : []),
    ...(filesystem['readonly'] === true ? [`share ${share} is read-only`] : []),
    ...(filesystem['exported'] === false || filesystem['sharenfs'] === 'off' ? [`share ${share} is not exported over NFS`] : []),
    ...(filesystem['origin'] === undefined ? [] : [`share ${share} is itself a clone`]),
  ]
}

/** A JSON number, refused where it would not be exact. */
function exactNumber(bytes: bigint): number {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw storageErrors.UNSUPPORTED(`${bytes} bytes are more than this adapter can set as a quota`)
  return Number(bytes)
}

/** Options are texts; the API wants booleans and numbers. */
function typedValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^\d{1,15}$/.test(text) ? Number(text) : text
}
