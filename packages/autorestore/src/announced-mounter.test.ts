import { ManualClock } from '@icb/runtime/testing'
import type { Clone } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { expect, it } from 'vitest'
import { announcedMounter } from './clone-mounter.ts'
import type { HostView } from './host-view.ts'

const clone: Clone = { id: 'c', name: 'orcl-rs-1', snapshot: 's', createdAt: DateTime.utc(), mounts: [{ kind: 'nfs', server: 'filer', path: '/export/orcl-rs-1', options: 'rw,hard' }] }

function host(mounts: { source: string; mountPoint: string }[]): HostView {
  return {
    hostname: 'sandbox', hostId: 'x', uid: 1000, homeDirectory: '/home/oracle',
    probe: (path: string) => Promise.resolve({ state: 'present', facts: { realPath: path, device: 1n, inode: 1n, isDirectory: true, isLink: false, ownerUid: 1000 } }),
    mounts: () => Promise.resolve(mounts.map((mount) => ({ ...mount, type: 'nfs', root: '/', options: 'rw', writable: true }))),
    runningSids: () => Promise.resolve([]),
  } as unknown as HostView
}

const { signal } = new AbortController()

it('[M:printed-commands] tells the command and waits until somebody has mounted the clone', async () => {
  const mounts: { source: string; mountPoint: string }[] = []
  const clock = new ManualClock()
  const told: string[] = []
  const mounter = announcedMounter({ host: host(mounts), clock, mountPoint: '/restore', tell: (line) => told.push(line) })
  const mounted = mounter.mount(clone, { signal })
  await clock.advance(10_000)
  expect(told).toEqual(['as root: mkdir -p /restore && mount -t nfs -o rw,hard filer:/export/orcl-rs-1 /restore'])
  mounts.push({ source: 'filer:/export/orcl-rs-1', mountPoint: '/restore' })
  await clock.advance(10_000)
  expect(await mounted).toEqual(['/restore'])
  const unmounted = mounter.unmount({ signal })
  await clock.advance(10_000)
  expect(told.at(-1)).toBe('as root: umount /restore')
  mounts.length = 0
  await clock.advance(10_000)
  await unmounted
})

it('refuses what is mounted there but is not the clone, and gives up in the end', async () => {
  const clock = new ManualClock()
  const other = announcedMounter({ host: host([{ source: 'filer:/export/orcl', mountPoint: '/restore' }]), clock, mountPoint: '/restore', tell: () => undefined })
  await expect(other.mount(clone, { signal })).rejects.toMatchObject({ code: 'ICB_AUTORESTORE_REFUSED_CLONE' })
  const nobody = announcedMounter({ host: host([]), clock, mountPoint: '/restore', waitMs: 5000, tell: () => undefined }).mount(clone, { signal })
  const refused = expect(nobody).rejects.toMatchObject({ code: 'ICB_DEADLINE_EXPIRED' })
  await clock.advance(20_000)
  await refused
  await expect(announcedMounter({ host: host([]), clock, mountPoint: undefined, tell: () => undefined }).mount(clone, { signal })).rejects.toMatchObject({ code: 'ICB_AUTORESTORE_SETTINGS' })
})

it('has nothing to do for a clone that has a path', async () => {
  const told: string[] = []
  const mounter = announcedMounter({ host: host([]), clock: new ManualClock(), mountPoint: undefined, tell: (line) => told.push(line) })
  expect(await mounter.mount({ ...clone, mounts: [{ kind: 'path', path: '/clones/a' }] }, { signal })).toEqual(['/clones/a'])
  await mounter.unmount({ signal })
  expect(told).toEqual([])
})
