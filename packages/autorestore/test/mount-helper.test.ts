import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProcessRunner, parseMountTable, silentLogger, systemClock } from '@icb/runtime'
import type { ProcessRunner } from '@icb/runtime'
import type { Clone } from '@icb/storage-core'
import { makeNetworkHosts, makeOwnedPlace, runProgram, sudoLacks, unprivilegedUser } from '@icb/testing'
import type { NetworkHosts, ProgramResult } from '@icb/testing'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checks, createCloneMounter, renderMountHelper, sudoersLine, systemHostView } from '../src/index.ts'
import type { RestoreTestSettings } from '../src/index.ts'

/**
 * The mount helper as root starts it for the user of restore tests: real sudo, real mount and umount, on a host with a mount table and
 * a sudoers file of its own. Everything is done as an unprivileged user.
 */

const lacking = sudoLacks()
const run = 'deadbeef-m4x'
const clone: Clone = { id: 'c', name: `orcl-rt-${run}`, snapshot: 's', createdAt: DateTime.utc(), mounts: [{ kind: 'nfs', server: 'filer', path: `/export/p/orcl-rt-${run}`, options: 'rw' }] }
const { signal } = new AbortController()

describe.skipIf(lacking !== undefined)(`the mount helper, through sudo as an unprivileged user${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  let directory: string
  let hosts: NetworkHosts<'sandbox'>
  let helper: string
  let place: string
  let asUser: ProcessRunner
  let settings: RestoreTestSettings
  const undo: (() => Promise<void>)[] = []

  const shell = (...args: readonly string[]): Promise<ProgramResult> => {
    const [file = '', ...words] = [...hosts.enter('sandbox', '/'), ...args]
    return runProgram(file, words, { cwd: '/', env: { PATH: `${directory}/evil:/usr/bin:/bin`, BASH_ENV: join(directory, 'evil', 'mount'), ENV: join(directory, 'evil', 'mount'), IFS: '/' } })
  }
  const sudo = (...args: readonly string[]): Promise<ProgramResult> => shell('sudo', '-n', '--', ...args)
  const mounted = (): readonly string[] => parseMountTable(hosts.mountTable('sandbox')).filter(({ source }) => source.startsWith('filer:')).map(({ source, mountPoint }) => `${source} at ${mountPoint}`)
  const hostView = (): ReturnType<typeof systemHostView> => ({
    ...systemHostView({ hostname: 'sandbox', hostId: 'deadbeef', uid: 65_534, homeDirectory: '/nonexistent', clock: systemClock }),
    mounts: () => Promise.resolve(parseMountTable(hosts.mountTable('sandbox'))),
    probe: async (path) => ({ state: 'present', facts: { realPath: (await shell('readlink', '-f', path)).stdout.trim(), device: 1n, inode: 1n, isDirectory: true, isLink: false, ownerUid: 65_534 } }),
  })
  const mounter = (): ReturnType<typeof createCloneMounter> => createCloneMounter({ settings, host: hostView(), runProcess: asUser, clock: systemClock })

  beforeAll(async () => {
    directory = makeOwnedPlace('icb-mount-helper-')
    chmodSync(directory, 0o755)
    undo.push(() => { rmSync(directory, { recursive: true, force: true }); return Promise.resolve() })
    const shares = join(directory, 'shares')
    for (const name of ['orcl', `orcl-rt-${run}`, `crm-rt-${run}`, 'orcl-rt-x', `orcl-rs-${run}-a`]) {
      mkdirSync(join(shares, name), { recursive: true })
      writeFileSync(join(shares, name, 'which'), name)
    }
    const user = unprivilegedUser()
    helper = join(directory, 'hosts', 'sandbox.etc', 'icb-mount')
    hosts = await makeNetworkHosts({
      directory, hosts: ['sandbox'], node: process.execPath, user, server: 'filer', fstab: {},
      exportsOf: (path) => Promise.resolve(existsSync(join(shares, path.replace('/export/p/', ''))) ? [{ path, directory: join(shares, path.replace('/export/p/', '')) }] : []),
      sudoers: { sandbox: ['Defaults env_reset', sudoersLine('nobody', helper)] },
    })
    undo.push(() => hosts.dispose())
    // Below a host's root everything belongs to the unprivileged user; mount points need a place that is root's.
    chownSync(hosts.root('sandbox'), 0, 0)
    place = join(hosts.root('sandbox'), 'icb01')
    for (const name of ['icb01', 'icb02', 'icb03', 'etc']) mkdirSync(hosts.seen(join(hosts.root('sandbox'), name)))
    mkdirSync(join(directory, 'evil'))
    writeFileSync(join(directory, 'evil', 'mount'), `#!/bin/sh\ntouch ${join(directory, 'evil', 'ran')}\n`, { mode: 0o755 })
    const mountPoint = join(hosts.root('sandbox'), '{slot}')
    writeFileSync(helper, renderMountHelper({ databases: ['orcl'], mountPoints: ['icb01', 'icb02', 'icb03'].map((slot) => mountPoint.replace('{slot}', slot)), exports: ['filer:/export/p/'], live: ['filer:/export/p/orcl'], options: 'rw,bg,hard,vers=3' }), { mode: 0o755 })
    chmodSync(helper, 0o755)
    const real = createProcessRunner({ clock: systemClock, logger: silentLogger })
    asUser = (request, options) => {
      const [file = '', ...words] = [...hosts.enter('sandbox', '/'), request.file, ...request.args]
      return real({ ...request, file, args: words }, options)
    }
    settings = { database: 'orcl', scratch: '/scratch', areaPath: '/area', mount: 'sudo', mountPoint: place, mountHelper: helper, slots: ['ICB01'] } as unknown as RestoreTestSettings
  })
  afterAll(async () => {
    for (const step of undo.reverse()) await step()
  })

  it('mounts the clone of a restore test and takes it away again', async () => {
    expect(await mounter().mount(clone, { signal })).toEqual([place])
    expect(mounted()).toEqual([`filer:/export/p/orcl-rt-${run} at ${place}`])
    expect((await shell('cat', join(place, 'which'))).stdout).toBe(`orcl-rt-${run}`)
    // Again: there it is. With another clone: refused by what reads the mount table back.
    expect(await mounter().mount(clone, { signal })).toEqual([place])
    expect((await sudo(helper, 'mount', place, `filer:/export/p/orcl-rt-${run}`)).exitCode).toBe(0)
    expect(await sudo(helper, 'mount', place, 'filer:/export/p/orcl-rt-deadbeef-zzz')).toMatchObject({ exitCode: 3 })
    await expect(mounter().mount({ ...clone, name: 'orcl-rt-deadbeef-2', mounts: [{ kind: 'nfs', server: 'filer', path: '/export/p/orcl-rt-deadbeef-2', options: 'rw' }] }, { signal })).rejects.toMatchObject({ code: 'ICB_AUTORESTORE_REFUSED_CLONE' })
    expect(mounted()).toHaveLength(1)
    await mounter().unmount({ signal })
    await mounter().unmount({ signal })
    expect((await sudo(helper, 'unmount', place)).exitCode).toBe(0)
    expect(mounted()).toEqual([])
    // What the server does not have is the server's refusal, not the helper's.
    await expect(mounter().mount({ ...clone, mounts: [{ kind: 'nfs', server: 'filer', path: '/export/p/orcl-rt-deadbeef-gone', options: 'rw' }] }, { signal })).rejects.toMatchObject({ code: 'ICB_AUTORESTORE_MOUNT', message: expect.stringContaining('access denied by server') as unknown })
  })

  const there = `filer:/export/p/orcl-rt-${run}`
  const refused: readonly (readonly [what: string, args: () => readonly string[]])[] = [
    ['a mount point that is not listed', () => ['mount', join(hosts.root('sandbox'), 'etc'), there]],
    ['/etc', () => ['mount', '/etc', there]],
    ['a mount point with ..', () => ['mount', `${place}/../icb02`, there]],
    ['a mount point with a slash at its end', () => ['mount', `${place}/`, there]],
    ['two mount points in one', () => ['mount', `${place}\n${join(hosts.root('sandbox'), 'icb02')}`, there]],
    ['no mount point', () => ['mount', '', there]],
    ['the live area', () => ['mount', place, 'filer:/export/p/orcl']],
    ['a clone of another database', () => ['mount', place, `filer:/export/p/crm-rt-${run}`]],
    ['a clone of a restore', () => ['mount', place, `filer:/export/p/orcl-rs-${run}-a`]],
    ['a name without a run', () => ['mount', place, 'filer:/export/p/orcl-rt-x']],
    ['another server', () => ['mount', place, `evil:/export/p/orcl-rt-${run}`]],
    ['another directory', () => ['mount', place, `filer:/export/q/orcl-rt-${run}`]],
    ['a directory below', () => ['mount', place, `filer:/export/p/sub/orcl-rt-${run}`]],
    ['an export with ..', () => ['mount', place, `filer:/export/p/orcl-rt-${run}-/../orcl`]],
    ['an option in the export', () => ['mount', place, `filer:/export/p/orcl-rt-${run},suid`]],
    ['a blank in the export', () => ['mount', place, `filer:/export/p/orcl-rt-${run} -o suid`]],
    ['a line more in the export', () => ['mount', place, `${there}\nfiler:/export/p/orcl`]],
    ['a local file system', () => ['mount', place, '/dev/sda1']],
    ['an option before', () => ['-o', 'suid', 'mount', place, there]],
    ['an option behind', () => ['mount', place, there, '-o', 'suid']],
    ['an option as mount point', () => ['mount', '-osuid', there]],
    ['an option as export', () => ['mount', place, '--bind']],
    ['patterns', () => ['mount', `${hosts.root('sandbox')}/*`, there]],
    ['a pattern in the export', () => ['mount', place, 'filer:/export/p/*']],
    ['to unmount something else', () => ['unmount', '/run']],
    ['to unmount with an option', () => ['unmount', '-l', place]],
    ['to unmount more', () => ['unmount', place, '/run']],
    ['nothing', () => []],
    ['another word', () => ['remount', place, there]],
  ]
  it.each(refused)('refuses %s', async (_, args) => {
    const before = hosts.mountTable('sandbox')
    const { exitCode, stderr } = await sudo(helper, ...args())
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringContaining('icb-mount: refused') as unknown })
    expect(hosts.mountTable('sandbox')).toBe(before)
  })

  it('refuses a mount point that others than root could put elsewhere', async () => {
    const root = hosts.root('sandbox')
    const at = (name: string): string => hosts.seen(join(root, name))
    const asked = (name: string): Promise<ProgramResult> => sudo(helper, 'mount', join(root, name), there)
    symlinkSync('/etc', at('link'))
    renameSync(at('icb02'), at('moved'))
    renameSync(at('link'), at('icb02'))
    expect(await asked('icb02')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('is no directory') as unknown })
    unlinkSync(at('icb02'))
    renameSync(at('moved'), at('icb02'))
    chownSync(root, 65_534, 65_534)
    expect(await asked('icb02')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('can be changed by others than root') as unknown })
    chownSync(root, 0, 0)
    chmodSync(root, 0o775)
    expect(await asked('icb02')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('can be changed by others than root') as unknown })
    chmodSync(root, 0o755)
    expect(mounted()).toEqual([])
    expect((await asked('icb02')).exitCode).toBe(0)
    expect((await sudo(helper, 'unmount', join(root, 'icb02'))).exitCode).toBe(0)
  })

  it('does not unmount what it would not mount', async () => {
    await hosts.mount('sandbox', '/export/p/orcl', join(hosts.root('sandbox'), 'icb03'))
    expect(await sudo(helper, 'unmount', join(hosts.root('sandbox'), 'icb03'))).toMatchObject({ exitCode: 3 })
    expect(mounted()).toHaveLength(1)
    await hosts.unmount(join(hosts.root('sandbox'), 'icb03'))
  })

  it('is all that sudo lets the user do, and runs nothing of his', async () => {
    for (const words of [['mount', '-t', 'tmpfs', 'tmpfs', place], ['/bin/sh', '-c', 'id'], ['cat', '/etc/shadow']]) expect(await sudo(...words)).toMatchObject({ exitCode: 1 })
    // It cannot be changed by him.
    expect((await shell('sh', '-c', `echo >> ${helper}`)).exitCode).not.toBe(0)
    expect(readFileSync(helper, 'utf8')).toContain("options='rw,fg,hard,vers=3,nosuid,nodev'")
    expect(existsSync(join(directory, 'evil', 'ran'))).toBe(false)
  })

  it('answers to doctor', async () => {
    const answer = async (changed: Partial<RestoreTestSettings> = {}): Promise<unknown> => checks({ settings: { ...settings, ...changed }, host: hostView(), runProcess: asUser }).find(({ id }) => id === 'sandbox.mount-helper.icb01')?.run({ signal })
    expect(await answer()).toMatchObject({ status: 'ok' })
    expect(await answer({ mountPoint: '/somewhere' })).toMatchObject({ status: 'failed', summary: expect.stringContaining('/somewhere is not a mount point of restore tests') as unknown })
    expect(await answer({ mountHelper: `${helper}.gone` })).toMatchObject({ status: 'failed', summary: expect.stringContaining('there is no mount helper') as unknown })
    chmodSync(helper, 0o775)
    expect(await answer()).toMatchObject({ status: 'failed', summary: expect.stringContaining('can be changed by others than root') as unknown })
    chmodSync(helper, 0o755)
  })
})
