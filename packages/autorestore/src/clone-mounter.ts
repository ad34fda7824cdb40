import { posix } from 'node:path'
import type { Clock, ProcessRunner } from '@icb/runtime'
import { pollUntil } from '@icb/runtime'
import type { Clone, MountSource } from '@icb/storage-core'
import { autorestoreErrors as errors } from './errors.ts'
import type { HostView } from './host-view.ts'
import { defaultMountHelper } from './mount-helper.ts'
import type { RestoreTestSettings } from './settings.ts'

export interface MounterDependencies {
  readonly settings: RestoreTestSettings
  readonly host: HostView
  readonly runProcess: ProcessRunner
  readonly clock: Clock
}

/** A way to make a clone's files visible on this host. */
export interface CloneMounter {
  readonly name: RestoreTestSettings['mount'] | 'announced'
  /** Where it will be mounted, where the strategy has one place. */
  readonly mountPoint?: string
  /** The clone name this strategy needs, where it needs a fixed one. */
  readonly fixedCloneName?: string
  /** Directories of the clone, one per volume, links resolved. Idempotent. @throws ICB_AUTORESTORE_MOUNT, ICB_AUTORESTORE_REFUSED_CLONE */
  mount(clone: Clone, options: { readonly signal: AbortSignal }): Promise<readonly string[]>
  /** Idempotent; returns when nothing of it is mounted any more. @throws ICB_AUTORESTORE_MOUNT */
  unmount(options: { readonly signal: AbortSignal }): Promise<void>
}

async function realDirectory(path: string, host: HostView): Promise<string> {
  const probe = await host.probe(path)
  if (probe.state !== 'present' || !probe.facts.isDirectory) throw errors.MOUNT(`the clone's directory ${path} is not there on this host`, { hint: 'Check the storage and the mount strategy of restore tests.' })
  return probe.facts.realPath
}

function pathMounter(host: HostView): CloneMounter {
  return {
    name: 'path',
    async mount(clone) {
      const paths: string[] = []
      for (const source of clone.mounts) {
        if (source.kind !== 'path') throw errors.MOUNT(`the clone ${clone.name} is exported by NFS and must be mounted`, { hint: 'Set the mount strategy of restore tests: fstab, sudo or already-mounted.' })
        paths.push(await realDirectory(source.path, host))
      }
      return paths
    },
    unmount: () => Promise.resolve(),
  }
}

function isSourceOf(entrySource: string, source: MountSource): boolean {
  return source.kind === 'nfs' ? entrySource === `${source.server}:${source.path}` || entrySource.endsWith(`:${source.path}`) : entrySource === source.path
}

/** The mount at this point must be the clone, read back from the kernel's table, before a byte of it is used. */
async function provenMount(mountPoint: string, clone: Clone, host: HostView): Promise<string> {
  const entry = (await host.mounts()).filter((mount) => mount.mountPoint === mountPoint).at(-1)
  if (entry === undefined) throw errors.MOUNT(`nothing is mounted at ${mountPoint}`, { hint: 'Check its line in /etc/fstab (options noauto,user), or the automounter.' })
  const [main, ...further] = clone.mounts
  if (main === undefined || !isSourceOf(entry.source, main)) {
    throw errors.REFUSED_CLONE(`${mountPoint} is a mount of ${entry.source}, not of the clone ${clone.name}`, { hint: 'Unmount it; a line in /etc/fstab must name the clone.', details: { source: entry.source } })
  }
  for (const volume of further) await provenBelow(mountPoint, main, volume, clone, host)
  return realDirectory(mountPoint, host)
}

/** A client mounts what is exported below by itself when it is looked at; a volume that is missing there would look like a damaged point. */
async function provenBelow(mountPoint: string, main: MountSource, volume: MountSource, clone: Clone, host: HostView): Promise<void> {
  const place = posix.join(mountPoint, posix.relative(main.path, volume.path))
  await realDirectory(place, host)
  const entry = (await host.mounts()).filter((mount) => mount.mountPoint === place).at(-1)
  if (entry !== undefined && !isSourceOf(entry.source, volume)) throw errors.REFUSED_CLONE(`${place} is a mount of ${entry.source}, not of a volume of the clone ${clone.name}`, { hint: 'Unmount it.', details: { source: entry.source } })
}

/** How a strategy asks the operating system: the words of its commands. */
interface MountCommands {
  mount(clone: Clone): readonly string[]
  readonly unmount: readonly string[]
  readonly hint: string
}

/** A mount point that this user may mount something at, by one command or another. */
function commandMounter({ host, runProcess, clock }: MounterDependencies, mountPoint: string, commands: MountCommands): Pick<CloneMounter, 'mountPoint' | 'mount' | 'unmount'> {
  const isMounted = async (): Promise<boolean> => (await host.mounts()).some((mount) => mount.mountPoint === mountPoint)
  /** What it complained of; empty: done. */
  const run = async ([file = '', ...args]: readonly string[], signal: AbortSignal): Promise<string> => {
    const result = await runProcess({ file, args, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' }, deadlineMs: 120_000 }, { signal })
    return result.exitCode === 0 ? '' : result.tail.join(' ') || `exit code ${String(result.exitCode)}`
  }
  return {
    mountPoint,
    async mount(clone, { signal }) {
      if (!(await isMounted())) {
        const problem = await run(commands.mount(clone), signal)
        if (problem !== '') throw errors.MOUNT(`mount ${mountPoint}: ${problem}`, { hint: commands.hint })
      }
      return [await provenMount(mountPoint, clone, host)]
    },
    async unmount({ signal }) {
      let problem = ''
      // Busy for a moment after an instance ended; a lasting refusal is reported, never forced.
      await pollUntil({ clock, what: `unmounting ${mountPoint}`, deadlineMs: 120_000, intervalMs: 500, signal }, async () => {
        if (!(await isMounted())) return true
        problem = await run(commands.unmount, signal)
        return (await isMounted()) ? undefined : true
      }).catch((error: unknown) => {
        if (signal.aborted || problem === '') throw error
        throw errors.MOUNT(`unmount ${mountPoint}: ${problem}`, { hint: 'Find out who uses it (fuser -vm), then unmount it.', cause: error })
      })
    },
  }
}

function fstabMounter(dependencies: MounterDependencies, mountPoint: string): CloneMounter {
  const { cloneName } = dependencies.settings
  return {
    name: 'fstab',
    ...(cloneName === undefined ? {} : { fixedCloneName: cloneName }),
    ...commandMounter(dependencies, mountPoint, { mount: () => ['mount', mountPoint], unmount: ['umount', mountPoint], hint: 'The mount point needs a line in /etc/fstab with the options noauto,user.' }),
  }
}

/** The helper knows the options; it is told the mount point and the export, and judges both. */
function sudoMounter(dependencies: MounterDependencies, mountPoint: string): CloneMounter {
  const helper = ['sudo', '-n', '--', dependencies.settings.mountHelper ?? defaultMountHelper]
  return {
    name: 'sudo',
    ...commandMounter(dependencies, mountPoint, {
      mount: (clone) => {
        const [main] = clone.mounts
        if (main?.kind !== 'nfs') throw errors.MOUNT(`the clone ${clone.name} is not exported: there is nothing to mount`, { hint: 'Set the mount strategy of restore tests to path.' })
        return [...helper, 'mount', mountPoint, `${main.server}:${main.path}`]
      },
      unmount: [...helper, 'unmount', mountPoint],
      hint: 'Install the mount helper and its line in sudoers: icb sandbox mount-helper --help',
    }),
  }
}

/** The clone comes by itself where it is looked for: an automounter, or a server's root that shows what is exported below. */
function standingMounter(mountPoint: string, host: HostView): CloneMounter {
  const byName = mountPoint.includes(clonePlaceholder)
  return {
    name: 'already-mounted',
    ...(byName ? {} : { mountPoint }),
    mount: async (clone) => {
      const place = mountPoint.replaceAll(clonePlaceholder, clone.name)
      // An automounter waits to be asked for a file.
      if (byName) await realDirectory(place, host)
      return [await provenMount(place, clone, host)]
    },
    unmount: () => Promise.resolve(),
  }
}

/** In a mount point: the name of the clone. */
const clonePlaceholder = '{clone}'

/** The strategy that the settings name. @throws ICB_AUTORESTORE_SETTINGS */
export function createCloneMounter(dependencies: MounterDependencies): CloneMounter {
  const { settings, host } = dependencies
  const needMountPoint = (): string => {
    if (settings.mountPoint === undefined) throw errors.SETTINGS(`the mount strategy ${settings.mount} needs a mount point`, { hint: 'Set autorestoremountpoint (restoreTest.mountPoint).' })
    return settings.mountPoint
  }
  switch (settings.mount) {
    case 'path':
      return pathMounter(host)
    case 'fstab':
      return fstabMounter(dependencies, needMountPoint())
    case 'already-mounted':
      return standingMounter(needMountPoint(), host)
    case 'sudo':
      return sudoMounter(dependencies, needMountPoint())
  }
}

export interface AnnouncedMounterDependencies extends Pick<MounterDependencies, 'host' | 'clock'> {
  /** Where the first volume goes; further ones to `<mount point>-2` and so on. */
  readonly mountPoint: string | undefined
  readonly tell: (line: string) => void
  /** How long to wait for whoever mounts it. Default 30 minutes. */
  readonly waitMs?: number
}

/**
 * For a restore that a DBA asked for: a clone that has a path is just there; one that is exported has to be mounted by root. The
 * command is told, and the kernel's table is watched until it is done.
 */
export function announcedMounter(dependencies: AnnouncedMounterDependencies): CloneMounter {
  const { host, clock, mountPoint, tell } = dependencies
  const deadlineMs = dependencies.waitMs ?? 1_800_000
  const byPath = pathMounter(host)
  const isMounted = async (place: string): Promise<boolean> => (await host.mounts()).some((mount) => mount.mountPoint === place)
  const placeOf = (index: number): string => {
    if (mountPoint === undefined) throw errors.SETTINGS('the storage exports its clones, so the restore needs to know where to mount them', { hint: 'Add --mount <directory>.' })
    return index === 0 ? mountPoint : `${mountPoint}-${String(index + 1)}`
  }
  return {
    name: 'announced',
    ...(mountPoint === undefined ? {} : { mountPoint }),
    async mount(clone, { signal }) {
      if (clone.mounts.every((source) => source.kind === 'path')) return byPath.mount(clone, { signal })
      const paths: string[] = []
      for (const [index, source] of clone.mounts.entries()) {
        const place = placeOf(index)
        if (!(await isMounted(place)) && source.kind === 'nfs') {
          tell(`as root: mkdir -p ${place} && mount -t nfs -o ${source.options} ${source.server}:${source.path} ${place}`)
          await pollUntil({ clock, what: `somebody to mount the clone ${clone.name} at ${place}`, deadlineMs, intervalMs: 1000, signal }, async () => ((await isMounted(place)) ? true : undefined))
        }
        paths.push(await provenMount(place, { ...clone, mounts: [source] }, host))
      }
      return paths
    },
    async unmount({ signal }) {
      if (mountPoint === undefined) return
      const places = (await host.mounts()).map((mount) => mount.mountPoint).filter((place) => place === mountPoint || (place.startsWith(`${mountPoint}-`) && /^\d+$/.test(place.slice(mountPoint.length + 1))))
      for (const place of places) {
        tell(`as root: umount ${place}`)
        await pollUntil({ clock, what: `somebody to unmount ${place}`, deadlineMs, intervalMs: 1000, signal }, async () => ((await isMounted(place)) ? undefined : true))
      }
    },
  }
}
