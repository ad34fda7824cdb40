import type { Clock, ProcessRunner } from '@icb/runtime'
import { pollUntil } from '@icb/runtime'
import type { Clone, MountSource } from '@icb/storage-core'
import { autorestoreErrors as errors } from './errors.ts'
import type { HostView } from './host-view.ts'
import type { RestoreTestSettings } from './settings.ts'

export interface MounterDependencies {
  readonly settings: RestoreTestSettings
  readonly host: HostView
  readonly runProcess: ProcessRunner
  readonly clock: Clock
}

/** A way to make a clone's files visible on this host. */
export interface CloneMounter {
  readonly name: RestoreTestSettings['mount']
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
        if (source.kind !== 'path') throw errors.MOUNT(`the clone ${clone.name} is exported by NFS and must be mounted`, { hint: 'Set the mount strategy of restore tests: fstab or already-mounted.' })
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
  if (entry === undefined) throw errors.MOUNT(`nothing is mounted at ${mountPoint}`, { hint: 'Check its line in /etc/fstab (options noauto,user).' })
  if (!clone.mounts.some((source) => isSourceOf(entry.source, source))) {
    throw errors.REFUSED_CLONE(`${mountPoint} is a mount of ${entry.source}, not of the clone ${clone.name}`, { hint: 'Unmount it; the line in /etc/fstab must name the clone.', details: { source: entry.source } })
  }
  return realDirectory(mountPoint, host)
}

function fstabMounter(dependencies: MounterDependencies, mountPoint: string): CloneMounter {
  const { host, runProcess, clock, settings } = dependencies
  const isMounted = async (): Promise<boolean> => (await host.mounts()).some((mount) => mount.mountPoint === mountPoint)
  const run = async (file: string, signal: AbortSignal): Promise<string> => {
    const result = await runProcess({ file, args: [mountPoint], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' }, deadlineMs: 120_000 }, { signal })
    return result.exitCode === 0 ? '' : result.tail.join(' ')
  }
  return {
    name: 'fstab',
    ...(settings.cloneName === undefined ? {} : { fixedCloneName: settings.cloneName }),
    async mount(clone, { signal }) {
      if (!(await isMounted())) {
        const problem = await run('mount', signal)
        if (problem !== '') throw errors.MOUNT(`mount ${mountPoint}: ${problem}`, { hint: 'The mount point needs a line in /etc/fstab with the options noauto,user.' })
      }
      return [await provenMount(mountPoint, clone, host)]
    },
    async unmount({ signal }) {
      // Busy for a moment after an instance ended; a lasting refusal is reported, never forced.
      await pollUntil({ clock, what: `unmounting ${mountPoint}`, deadlineMs: 120_000, intervalMs: 500, signal }, async () => {
        if (!(await isMounted())) return true
        await run('umount', signal)
        return (await isMounted()) ? undefined : true
      })
    },
  }
}

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
    case 'already-mounted': {
      const mountPoint = needMountPoint()
      return { name: 'already-mounted', mount: async (clone) => [await provenMount(mountPoint, clone, host)], unmount: () => Promise.resolve() }
    }
    case 'sudo':
      throw errors.SETTINGS('the mount strategy sudo is not available in this release', { hint: 'Use fstab with the options noauto,user, or already-mounted.' })
  }
}
