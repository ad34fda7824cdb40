import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createDirectoryEngine, createZfsEngine, makeCertificate, makeZfsPool, startAppliance, zfsPoolLacks } from '../../lab/src/appliance-zfssa/index.ts'
import type { Appliance, Right } from '../../lab/src/appliance-zfssa/index.ts'
import { SoftnasArray } from '../../lab/src/array-softnas/array.ts'
import { startSoftnas } from '../../lab/src/array-softnas/server.ts'
import { createDirectoryEngine as createVolumeEngine } from '../../lab/src/volume-engine/directory-engine.ts'
import { makeNetworkHosts } from './network-hosts.ts'
import type { NetworkHosts, NetworkHostsOptions } from './network-hosts.ts'
import { makeOwnedPlace } from './owned-places.ts'
import { startOntapFiler } from './ontap-filer.ts'
import type { OntapFiler } from './ontap-filer.ts'
import type { StageHost, StagePlace, StageStorage } from './stage.ts'

/** What docs/storage/zfssa.md asks for in the role of the service user. */
const leastRights: readonly Right[] = ['takeSnap', 'destroySnap', 'clone', 'destroy', 'createShare', 'changeGeneralProps', 'changeSpaceProps']

/** The original's names: project of the backups, clone of the restore tests. */
const project = 'db-backup1'
const cloneName = 'autorestore'

export interface ArrayStageStorage extends StageStorage {
  /** What stands for the array's file system here. */
  readonly description: string
  readonly hosts: NetworkHosts<StageHost>
}

export type ZfssaStageStorage = ArrayStageStorage & { readonly appliance: Appliance }
export type SoftnasStageStorage = ArrayStageStorage & { readonly array: SoftnasArray }
export type OntapStageStorage = ArrayStageStorage & { readonly filer: OntapFiler }

/**
 * A simulated ZFS Storage Appliance below a stage's backup area: a real ZFS (zfs-fuse), or directories where there is none or with
 * `engine: 'directory'`. The hosts mount its shares, from `server`. With `mount: 'sudo'` nothing lets the sandbox mount a clone yet: its sudoers file and
 * the place of the helper are empty until somebody installs them.
 */
export function zfssaStage(options: { readonly engine?: 'auto' | 'directory'; readonly mount?: 'fstab' | 'sudo'; readonly server?: string } = {}): (place: StagePlace) => Promise<ZfssaStageStorage> {
  return async (place) => {
    const { directory, database, user } = place
    const { server = 'zfssa-nfs' } = options
    const undo: (() => Promise<void>)[] = []
    const dispose = async (): Promise<void> => { for (const step of undo.splice(0).reverse()) await step() }
    try {
      const lacking = options.engine === 'directory' ? 'not asked for' : zfsPoolLacks()
      const zpool = lacking === undefined ? await makeZfsPool({ sizeBytes: 8 * 1024 ** 3 }) : undefined
      if (zpool !== undefined) undo.push(() => zpool.dispose())
      const engine = zpool === undefined ? createDirectoryEngine({ directory: join(directory, 'shares') }) : await createZfsEngine(zpool, 'pool-0')
      await engine.createProject(project)
      await engine.createShare({ project, share: database })
      if (user !== undefined) chownSync(await engine.pathOf({ project, share: database }), user.uid, user.gid)
      const password = randomBytes(12).toString('hex')
      const certificate = await makeCertificate(secretPlace(directory), ['localhost'])
      const appliance = await startAppliance({ engine, certificate, users: [{ name: 'icb', password, rights: leastRights }] })
      undo.push(async () => { await appliance[Symbol.asyncDispose]() })
      const inNamespace = zpool === undefined ? '' : `/proc/${String(zpool.pid)}/root`
      const parts = await connectHosts(place, undo, {
        server, live: `/export/${project}/${database}`, clone: `/export/${project}/${cloneName}`, mount: options.mount ?? 'fstab',
        ...(zpool === undefined ? {} : { holder: zpool.pid }),
        exportsOf: async (path) => {
          const found = (await appliance.mounts())[path]
          return found === undefined ? [] : [{ path, directory: found.slice(inNamespace.length) }]
        },
      })
      return {
        ...parts, appliance, description: `${engine.description}${lacking === undefined ? '' : ` (${lacking})`}`,
        config: { adapter: 'zfssa', url: appliance.urls[0], pool: appliance.pool, project, nfsHost: server, ca: certificate.caFile, credentials: { user: 'icb', password: { file: passwordFile(place, password) } } },
        dispose,
      }
    } catch (error) {
      await dispose()
      throw error
    }
  }
}

/** A simulated ONTAP filer below a stage's backup area, which is three volumes. */
export function ontapStage(options: { readonly release?: string; readonly volumes?: number; readonly jobMs?: number } = {}): (place: StagePlace) => Promise<OntapStageStorage> {
  return async (place) => {
    const { directory, database, user } = place
    const undo: (() => Promise<void>)[] = []
    const dispose = async (): Promise<void> => { for (const step of undo.splice(0).reverse()) await step() }
    try {
      const filer = await startOntapFiler({ ...(options.release === undefined ? {} : { release: options.release }), jobMs: options.jobMs ?? 20, directory: join(directory, 'filer') })
      undo.push(() => filer.dispose())
      const suffixes = Array.from({ length: (options.volumes ?? 3) - 1 }, (_, index) => `_${String(index + 2)}`)
      const volume = `oc1_${database}`
      for (const name of [volume, ...suffixes.map((suffix) => volume + suffix)]) {
        await filer.rest('POST', '/storage/volumes?return_timeout=30', {
          name, svm: { name: filer.svm }, aggregates: [{ name: 'aggr1' }], size: 8 * 1024 ** 3, guarantee: { type: 'none' }, snapshot_policy: { name: 'none' },
          nas: { path: name === volume ? `/${volume}` : `/${volume}/${name.slice(volume.length + 1)}`, uid: user?.uid, gid: user?.gid, unix_permissions: 770 },
        })
      }
      const parts = await connectHosts(place, undo, {
        server: 'filer-nfs', live: `/${volume}`, clone: `/${cloneName}`,
        exportsOf: async (path) => ((await filer.control({ do: 'exports', svm: filer.svm, path })) as { exports: readonly { path: string; directory: string }[] }).exports,
      })
      return {
        ...parts, filer, description: `a simulated ONTAP ${options.release ?? '9.16'}, ${String(suffixes.length + 1)} volumes, copies of directories`,
        config: {
          adapter: 'ontap', filer: filer.url, svm: filer.svm, mounthost: 'filer-nfs', volumeprefix: 'oc1_', cacert: filer.caFile,
          ...(suffixes.length === 0 ? {} : { additionalvolumesuffixes: suffixes }), credentials: { user: 'vsadmin', password: { file: passwordFile(place, filer.password) } },
        },
        dispose,
      }
    } catch (error) {
      await dispose()
      throw error
    }
  }
}

/** A simulated SoftNAS server below a stage's backup area. It makes no clones, so its stage has none to mount. */
export function softnasStage(): (place: StagePlace) => Promise<SoftnasStageStorage> {
  return async (place) => {
    const { directory, database, user } = place
    const undo: (() => Promise<void>)[] = []
    const dispose = async (): Promise<void> => { for (const step of undo.splice(0).reverse()) await step() }
    try {
      const password = randomBytes(12).toString('hex')
      const engine = createVolumeEngine(join(directory, 'volumes'))
      const array = new SoftnasArray({ engine, users: new Map([['softnas', password]]), pool: 'pool1' })
      array.createVolume(database)
      if (user !== undefined) chownSync(engine.volume(database), user.uid, user.gid)
      const certificate = await makeCertificate(secretPlace(directory), ['localhost'])
      const server = await startSoftnas(array, { certificate })
      undo.push(async () => { await server[Symbol.asyncDispose]() })
      const live = `/${array.pool}/${database}`
      const parts = await connectHosts(place, undo, {
        server: 'softnas-nfs', live, clone: `/${array.pool}/${cloneName}`,
        exportsOf: (path) => Promise.resolve(path === live ? [{ path, directory: engine.volume(database) }] : []),
      })
      return {
        ...parts, array, description: engine.description,
        config: { adapter: 'softnas', serveraddress: server.address, pool: array.pool, mounthost: 'softnas-nfs', ca: certificate.caFile, credentials: { user: 'softnas', password: { file: passwordFile(place, password) } } },
        dispose,
      }
    } catch (error) {
      await dispose()
      throw error
    }
  }
}

interface Exports extends Pick<NetworkHostsOptions<StageHost>, 'server' | 'holder' | 'exportsOf'> {
  /** Export paths of the area and of a restore test's clone. */
  readonly live: string
  readonly clone: string
  readonly mount?: 'fstab' | 'sudo'
}

/** The area is mounted on prod; the sandbox has a line for the clone in its fstab, as docs/storage/*.md tell. */
async function connectHosts(place: StagePlace, undo: (() => Promise<void>)[], { live, clone, mount = 'fstab', ...server }: Exports): Promise<Omit<ArrayStageStorage, 'config' | 'description' | 'dispose'>> {
  const { directory, database, user, node } = place
  // Whoever may change what lies above a mount point could have root mount over something else.
  const hostsDirectory = mount === 'sudo' ? makeOwnedPlace('icb-stage-hosts-') : join(directory, 'hosts')
  if (mount === 'sudo') {
    chmodSync(hostsDirectory, 0o755)
    undo.push(() => rm(hostsDirectory, { recursive: true, force: true }))
  }
  const mountPoint = join(hostsDirectory, 'sandbox', 'autorestore')
  const hosts = await makeNetworkHosts<StageHost>({
    directory, hostsDirectory, node, user, hosts: ['prod', 'sandbox'], ...server,
    fstab: mount === 'sudo' ? {} : { sandbox: [`${server.server}:${clone} ${mountPoint} nfs rw,hard,noauto,users 0 0`] },
    ...(mount === 'sudo' ? { sudoers: { sandbox: [] } } : {}),
  })
  undo.push(() => hosts.dispose())
  mkdirSync(mountPoint)
  const areaPath = join(hosts.root('prod'), 'backup', database)
  mkdirSync(areaPath, { recursive: true })
  await hosts.mount('prod', live, areaPath)
  if (mount === 'sudo') chownSync(hosts.root('sandbox'), 0, 0)
  return {
    hosts, areaPath, areaView: hosts.seen(areaPath), enter: (host) => hosts.enter(host, directory),
    restoreTest: mount === 'sudo' ? { mount, mountPoint, mountHelper: join(hosts.etc('sandbox'), 'icb-mount') } : { mount, mountPoint, cloneName },
  }
}

function secretPlace(directory: string): string {
  const place = join(directory, 'certificate')
  mkdirSync(place, { recursive: true })
  return place
}

function passwordFile({ directory, user }: StagePlace, password: string): string {
  const path = join(directory, 'storage.password')
  writeFileSync(path, `${password}\n`, { mode: 0o600 })
  if (user !== undefined) chownSync(path, user.uid, user.gid)
  return path
}
