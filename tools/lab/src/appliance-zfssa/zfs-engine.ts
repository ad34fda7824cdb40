import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { EngineError } from './engine.ts'
import type { EngineFault, EngineScan, ProjectFacts, ShareFacts, ShareKey, SnapshotFacts, StorageEngine } from './engine.ts'
import type { ZfsPool } from './zfs-fuse.ts'

const run = promisify(execFile)

const faults: readonly (readonly [RegExp, EngineFault])[] = [
  [/has dependent clones|dependent clones/, 'has-clones'],
  [/more recent snapshots/, 'newer-snapshots'],
  [/already exists/, 'exists'],
  [/does not exist/, 'missing'],
  [/invalid character|name too long|missing dataset|empty component|bad property/, 'invalid'],
  [/is busy/, 'busy'],
  [/out of space|no space/, 'no-space'],
]

/** Shares as datasets `<zpool>/<pool>/local/<project>/<share>` of a real ZFS. */
export async function createZfsEngine(zpool: ZfsPool, poolName: string): Promise<StorageEngine> {
  const root = `${zpool.name}/${poolName}/local`
  const once = async (args: readonly string[]): Promise<string> => {
    try {
      return (await run(zpool.zfs, args, { maxBuffer: 256 * 1024 * 1024 })).stdout
    } catch (error) {
      const text = String((error as { stderr?: unknown }).stderr ?? error).trim()
      throw new EngineError(faults.find(([wording]) => wording.test(text))?.[1] ?? 'invalid', text)
    }
  }
  /** zfs-fuse says "busy" to the first destroy of a mounted dataset, every time. */
  const zfs = async (...args: readonly string[]): Promise<string> => {
    for (let pause = 25; ; pause *= 2) {
      try {
        return await once(args)
      } catch (error) {
        if (!(error instanceof EngineError) || error.kind !== 'busy' || pause > 2000) throw error
        await delay(pause)
      }
    }
  }
  const dataset = ({ project, share }: ShareKey): string => `${root}/${project}/${share}`

  const read = async (): Promise<EngineScan> => {
    const properties = 'creation,createtxg,guid,used,referenced,available,usedbydataset,usedbysnapshots,quota,reservation,compressratio,origin'
    const rows = new Map<string, Map<string, string>>()
    for (const line of (await zfs('get', '-H', '-p', '-r', '-o', 'name,property,value', properties, root)).split('\n')) {
      const [name, property, value] = line.split('\t')
      if (name === undefined || property === undefined || value === undefined) continue
      let row = rows.get(name)
      if (row === undefined) rows.set(name, (row = new Map<string, string>()))
      row.set(property, value)
    }
    return scanOf(rows, root)
  }

  // Only this engine changes datasets; what files take may be some moments old.
  let known: { readonly until: number; readonly scan: Promise<EngineScan> } | undefined
  const scan = (): Promise<EngineScan> => {
    if (known === undefined || known.until < performance.now()) known = { until: performance.now() + 500, scan: read() }
    return known.scan
  }
  const change = async (...args: readonly string[]): Promise<void> => {
    try {
      await zfs(...args)
    } finally {
      known = undefined
    }
  }

  await zfs('create', `${zpool.name}/${poolName}`).catch(ignoreExisting)
  await zfs('create', root).catch(ignoreExisting)

  return {
    description: 'a real ZFS (zfs-fuse, pool in a file)',
    now: () => Math.floor(Date.now() / 1000),
    scan,
    createProject: async (project) => { await change('create', `${root}/${project}`) },
    destroyProject: async (project) => { await change('destroy', '-r', `${root}/${project}`) },
    createShare: async (key) => { await change('create', dataset(key)) },
    setLimits: async (key, limits) => {
      for (const [property, value] of Object.entries(limits)) await change('set', `${property}=${value === 0n ? 'none' : String(value)}`, dataset(key))
    },
    renameShare: async (from, to) => { await change('rename', dataset(from), dataset(to)) },
    destroyShare: async (key) => { await change('destroy', '-r', dataset(key)) },
    createSnapshot: async (key, name) => { await change('snapshot', `${dataset(key)}@${name}`) },
    renameSnapshot: async (key, name, newName) => { await change('rename', `${dataset(key)}@${name}`, `${dataset(key)}@${newName}`) },
    destroySnapshot: async (key, name, { withClones }) => { await change('destroy', ...(withClones ? ['-R'] : []), `${dataset(key)}@${name}`) },
    clone: async (key, name, target) => { await change('clone', `${dataset(key)}@${name}`, dataset(target)) },
    rollback: async (key, name, { withNewer }) => { await change('rollback', ...(withNewer ? ['-R'] : []), `${dataset(key)}@${name}`) },
    pathOf: async (key) => zpool.pathOf((await zfs('get', '-H', '-p', '-o', 'value', 'mountpoint', dataset(key))).trim()),
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof EngineError) || error.kind !== 'exists') throw error
}

function scanOf(rows: ReadonlyMap<string, ReadonlyMap<string, string>>, root: string): EngineScan {
  const clones = new Map<string, number>()
  for (const row of rows.values()) {
    const origin = row.get('origin')
    if (origin !== undefined && origin !== '-') clones.set(origin, (clones.get(origin) ?? 0) + 1)
  }
  const projects: ProjectFacts[] = []
  const shares: ShareFacts[] = []
  const snapshots: (SnapshotFacts & { readonly txg: number })[] = []
  for (const [name, row] of rows) {
    const number = (property: string): bigint => BigInt(/^\d+$/.exec(row.get(property) ?? '')?.[0] ?? '0')
    const [path = '', snapshot] = name.slice(root.length + 1).split('@')
    const [project = '', share, ...deeper] = path.split('/')
    const common = { id: idOf(row.get('guid') ?? name), createdAt: Number(number('creation')) }
    if (project === '' || deeper.length > 0) continue
    if (share === undefined) {
      if (snapshot === undefined) projects.push({ project, ...common })
    } else if (snapshot === undefined) {
      shares.push({
        project, share, ...common,
        spaceData: number('usedbydataset'), spaceSnapshots: number('usedbysnapshots'), spaceTotal: number('used'), spaceAvailable: number('available'),
        quota: number('quota'), reservation: number('reservation'), compressratio: Math.round(parseFloat(row.get('compressratio') ?? '1') * 100),
        ...originOf(row.get('origin'), root),
      })
    } else {
      snapshots.push({ project, share, name: snapshot, ...common, spaceData: number('referenced'), spaceUnique: number('used'), clones: clones.get(name) ?? 0, txg: Number(number('createtxg')) })
    }
  }
  snapshots.sort((a, b) => a.txg - b.txg)
  const top = rows.get(root)
  const used = BigInt(top?.get('used') ?? '0')
  const available = BigInt(top?.get('available') ?? '0')
  return { pool: { total: used + available, used, available }, projects, shares, snapshots }
}

function originOf(origin: string | undefined, root: string): Pick<ShareFacts, 'origin'> {
  if (origin === undefined || origin === '-') return {}
  const [path = '', snapshot = ''] = origin.slice(root.length + 1).split('@')
  const [project = '', share = ''] = path.split('/')
  return { origin: { project, share, snapshot } }
}

/** Like the appliance's ids: the guid in hexadecimal, in the form of a UUID. */
export function idOf(guid: string): string {
  const hex = (/^\d+$/.test(guid) ? BigInt(guid).toString(16) : Buffer.from(guid).toString('hex')).padStart(16, '0').slice(-16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-0000-000000000000`
}
