import type { OntapStageStorage, ZfssaStageStorage } from '@icb/testing'

/** How a request fails. `down`: from this request on the connection is always cut, until the command has ended. */
export type FaultKind = 'cut-before' | 'cut-after' | '503' | '500' | 'html' | 'slow' | 'down'

/** What the array really holds. */
export interface ArrayTruth {
  /** Names of snapshots, one list per volume. */
  readonly snapshots: readonly (readonly string[])[]
  /** Names of clones of the area's volumes, whoever made them. */
  readonly clones: readonly string[]
}

/** A simulated array as the trial of faults sees it. */
export interface ArrayUnderFaults {
  /** Plans faults: the kind, and how many requests go well first. */
  plan(faults: readonly { readonly kind: FaultKind; readonly after: number }[]): Promise<void>
  clear(): Promise<void>
  /** Requests answered or cut so far, and how many of them failed as planned. */
  counts(): Promise<{ readonly requests: number; readonly injected: number }>
  truth(): Promise<ArrayTruth>
}

/** Requests that `down` cuts at most; no command sends as many. */
const forGood = 100_000

export function zfssaUnderFaults({ appliance }: ZfssaStageStorage, database: string): ArrayUnderFaults {
  return {
    plan: async (faults) => {
      for (const { kind, after } of faults) {
        const effect = kind === '503' || kind === '500' ? Number(kind) : kind === 'html' || kind === 'slow' ? kind : 'reset'
        appliance.addFault({ match: /./, skip: after, when: kind === 'cut-after' || kind === 'html' ? 'after' : 'before', effect, ...(kind === 'down' ? { times: forGood } : {}) })
      }
    },
    clear: async () => { appliance.faults.clear() },
    counts: async () => ({ requests: appliance.requests().length, injected: appliance.requests().filter(({ fault }) => fault !== undefined).length }),
    truth: async () => {
      const { shares, snapshots } = await appliance.engine.scan()
      return {
        snapshots: [snapshots.filter(({ share }) => share === database).map(({ name }) => name)],
        clones: shares.filter(({ origin }) => origin?.share === database).map(({ share }) => share),
      }
    },
  }
}

interface VolumeRecord {
  readonly uuid: string
  readonly name: string
  readonly clone?: { readonly is_flexclone?: boolean }
}

export function ontapUnderFaults({ filer }: OntapStageStorage, database: string): ArrayUnderFaults {
  const records = async <T>(path: string): Promise<readonly T[]> => ((await filer.rest('GET', path))['records'] ?? []) as readonly T[]
  return {
    plan: async (faults) => {
      for (const { kind, after } of faults) {
        const fault = kind === '503' ? { kind: 'status', status: 503 } : kind === '500' ? { kind: 'status', status: 500 } : kind === 'html' ? { kind: 'html' } : kind === 'slow' ? { kind: 'slow', delayMs: 1000 } : { kind: kind === 'cut-after' ? 'after' : 'before' }
        await filer.control({ do: 'fault', fault: { ...fault, path: '.', skip: after, ...(kind === 'down' ? { times: forGood } : {}) } })
      }
    },
    clear: async () => { await filer.control({ do: 'clear-faults' }) },
    counts: async () => {
      const { count, injected } = (await filer.control({ do: 'log' })) as { readonly count: number; readonly injected: number }
      return { requests: count, injected }
    },
    truth: async () => {
      const volumes = await records<VolumeRecord>('/storage/volumes?fields=uuid,name,clone.is_flexclone')
      const area = volumes.filter(({ name, clone }) => clone?.is_flexclone !== true && name.startsWith(`oc1_${database}`))
      const snapshots = await Promise.all(area.map(async ({ uuid }) => (await records<{ readonly name: string }>(`/storage/volumes/${uuid}/snapshots`)).map(({ name }) => name)))
      return { snapshots, clones: volumes.filter(({ clone }) => clone?.is_flexclone === true).map(({ name }) => name) }
    },
  }
}
