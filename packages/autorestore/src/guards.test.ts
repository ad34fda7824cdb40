import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseMountTable, silentLogger, systemClock } from '@icb/runtime'
import type { PathProbe } from '@icb/runtime'
import { createMemoryStorage } from '@icb/storage-core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardAreaNotMounted, guardClones, guardDiskGroups, guardInstances, guardNotRoot, guardSidName, guardSourcePaths, guardWithin } from './guards.ts'
import { systemHostView } from './host-view.ts'
import type { HostView } from './host-view.ts'

let base: string
let host: HostView

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'icb-guards-'))
  host = { ...systemHostView({ hostname: 'sandbox1', hostId: '1', uid: 1000, homeDirectory: '/home/oracle', clock: systemClock }), runningSids: () => Promise.resolve([]), mounts: () => Promise.resolve([]) }
})
afterEach(async () => {
  await rm(base, { recursive: true, force: true })
})

const code = (name: string): unknown => expect.objectContaining({ code: `ICB_AUTORESTORE_${name}` })

it('[H17] refuses root', () => {
  expect(() => { guardNotRoot({ ...host, uid: 0 }) }).toThrow(code('REFUSED_ROOT'))
  expect(() => { guardNotRoot(host) }).not.toThrow()
})

it('[M:dorado-softnas] refuses a storage without clones, with the way out', () => {
  const memory = (clones: boolean) => createMemoryStorage({ database: 'orcl', clock: systemClock, capabilities: { clones } })
  expect(() => { guardClones(memory(false), 'orcl') }).toThrow(expect.objectContaining({ code: 'ICB_AUTORESTORE_NO_CLONES', remedy: 'fix', hint: expect.stringContaining('restore-script orcl') as unknown }))
  expect(() => { guardClones(memory(true), 'orcl') }).not.toThrow()
})

it.each(['', '1ABC', 'TOOLONGSID', 'A B', 'A;B'])('refuses the SID "%s"', (sid) => {
  expect(() => { guardSidName(sid) }).toThrow(code('SETTINGS'))
})

describe('guardInstances', () => {
  const ask = (sids: readonly string[], dbids: Readonly<Record<string, string>>) =>
    guardInstances({ host: { ...host, runningSids: () => Promise.resolve(sids) }, sid: 'ICB01', dbid: '42', dbidOf: (sid) => Promise.resolve(dbids[sid]), logger: silentLogger })

  it('[H1] refuses a SID that runs, whatever its case', async () => {
    await expect(ask(['ICB01'], {})).rejects.toThrow(code('REFUSED_INSTANCE'))
    await expect(ask(['icb01'], {})).rejects.toThrow(code('REFUSED_INSTANCE'))
  })
  it('refuses when another instance has the tested DBID', async () => {
    await expect(ask(['prod'], { prod: '42' })).rejects.toThrow(/DBID 42/)
  })
  it('lists instances of other databases, ASM, and those that do not answer', async () => {
    expect(await ask(['other', '+ASM', 'silent'], { other: '43' })).toEqual({ others: [{ sid: 'other', dbid: '43' }, { sid: 'silent', dbid: undefined }] })
  })
})

describe('guardSourcePaths', () => {
  const guard = (paths: readonly string[], own: readonly string[] = [], view = host) => guardSourcePaths(paths.map((path) => ({ path, what: 'data file' })), { host: view, own })

  it('passes when none of the paths exists', async () => {
    expect(await guard([join(base, 'system01.dbf'), join(base, 'no', 'such', 'dir.dbf'), join(base, 'system01.dbf')])).toBe(2)
  })
  it('[H2] refuses a file, a directory, and a dangling link of that name', async () => {
    await writeFile(join(base, 'system01.dbf'), '')
    await mkdir(join(base, 'dir.dbf'))
    await symlink(join(base, 'nowhere'), join(base, 'dangling.dbf'))
    for (const name of ['system01.dbf', 'dir.dbf', 'dangling.dbf']) await expect(guard([join(base, name)])).rejects.toThrow(code('REFUSED_PATH'))
  })
  it('refuses a file behind a linked directory and tells where it really is', async () => {
    await mkdir(join(base, 'real'))
    await writeFile(join(base, 'real', 'x.dbf'), '')
    await symlink(join(base, 'real'), join(base, 'u01'))
    await expect(guard([join(base, 'u01', 'x.dbf')])).rejects.toThrow(join(base, 'real', 'x.dbf'))
  })
  it('accepts what really lies in the own directories, not what only seems to', async () => {
    await mkdir(join(base, 'own'))
    await writeFile(join(base, 'own', 'a.dbf'), '')
    await writeFile(join(base, 'outside.dbf'), '')
    await symlink(join(base, 'outside.dbf'), join(base, 'own', 'b.dbf'))
    expect(await guard([join(base, 'own', 'a.dbf')], [join(base, 'own')])).toBe(1)
    await expect(guard([join(base, 'own', 'b.dbf')], [join(base, 'own')])).rejects.toThrow(code('REFUSED_PATH'))
  })
  it('refuses what cannot be told: no permission, or a file system that does not answer', async () => {
    const unknown: PathProbe = { state: 'unknown', reason: 'the file system does not answer' }
    await expect(guard(['/u01/x.dbf'], [], { ...host, probe: () => Promise.resolve(unknown) })).rejects.toThrow(/cannot be told/)
  })
  it('refuses disk groups when an ASM instance runs, and passes them when none does', async () => {
    expect(await guard(['+DATA/orcl/system.256.1'])).toBe(1)
    await expect(guard(['+DATA/orcl/system.256.1'], [], { ...host, runningSids: () => Promise.resolve(['+ASM1']) })).rejects.toThrow(/ASM/)
  })
})

describe('guardAreaNotMounted', () => {
  const table = (options: string): HostView => ({ ...host, mounts: () => Promise.resolve(parseMountTable(`36 35 0:42 / /mnt/orcl ${options} shared:1 - nfs 10.0.0.1:/export/orcl rw,vers=3\n`)) })
  const area = [{ kind: 'nfs', server: 'zfs1', path: '/export/orcl', options: '' }] as const

  it('refuses a writable mount of the area, under whatever server name', async () => {
    await expect(guardAreaNotMounted(area, table('rw,relatime'))).rejects.toThrow(code('REFUSED_AREA_MOUNTED'))
  })
  it('accepts a read-only one, another export, and local areas', async () => {
    await guardAreaNotMounted(area, table('ro,relatime'))
    await guardAreaNotMounted([{ ...area[0], path: '/export/other' }], table('rw'))
    await guardAreaNotMounted([{ kind: 'path', path: '/mnt/orcl' }], table('rw'))
  })
})

describe('guardWithin', () => {
  it('[H4] accepts files of the clone and names that do not exist yet; refuses others, links out, and the live area', async () => {
    for (const directory of ['clone', 'area']) await mkdir(join(base, directory))
    for (const file of ['clone/a.dbf', 'area/a.dbf']) await writeFile(join(base, file), '')
    await symlink(join(base, 'area', 'a.dbf'), join(base, 'clone', 'link.dbf'))
    const guard = (path: string) => guardWithin([{ path, what: 'data file' }], { host, own: [join(base, 'clone')], area: join(base, 'area') })
    await guard(join(base, 'clone', 'a.dbf'))
    await guard(join(base, 'clone', 'temp01.dbf'))
    for (const path of ['/u01/x.dbf', join(base, 'area', 'a.dbf'), join(base, 'clone', 'link.dbf'), join(base, 'clone', '..', 'area', 'b.dbf')]) {
      await expect(guard(path)).rejects.toThrow(code('REFUSED_LIVE_AREA'))
    }
  })
})

it('a probe of a file system that hangs ends as unknown', async () => {
  const view = systemHostView({ hostname: 'h', hostId: '1', uid: 1, homeDirectory: '/', clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() }, probeDeadlineMs: 1 })
  expect(await view.probe('/')).toEqual({ state: 'unknown', reason: 'the file system does not answer', hangs: true })
})

describe('disk groups', () => {
  const paths = [{ path: '/u01/a.dbf', what: 'data file' }, { path: '+data/orcl/datafile/users.259.1', what: 'data file' }]

  it('[H2] refuses an instance that could open files of a group of that name, though no ASM runs here', () => {
    expect(() => { guardDiskGroups(paths, [{ name: 'DATA', state: 'MOUNTED' }]) }).toThrow(/users\.259\.1 is in disk group DATA, which this host can use \(mounted\)/)
    expect(() => { guardDiskGroups(paths, [{ name: 'DATA', state: 'MOUNTED' }]) }).toThrow(code('REFUSED_PATH'))
    guardDiskGroups(paths, [{ name: 'DATA2', state: 'MOUNTED' }])
    guardDiskGroups(paths, [])
  })
  it('[H4] a file of the copy is never in a disk group, wherever this process happens to run', async () => {
    // As a path it would be one below the working directory.
    await expect(guardWithin([{ path: '+DATA/orcl/onlinelog/group_1.262.1', what: 'online log' }], { host, own: [process.cwd()], area: join(base, 'area') })).rejects.toThrow(code('REFUSED_LIVE_AREA'))
  })
})
