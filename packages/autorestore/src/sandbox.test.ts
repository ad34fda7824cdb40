import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@icb/runtime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemHostView } from './host-view.ts'
import type { HostView } from './host-view.ts'
import { checkSandbox, guardSandbox, prepareSandbox, removeRunDirectory, runDirectory, sandboxMarkerName } from './sandbox.ts'

let base: string
let host: HostView

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'icb-sandbox-'))
  host = systemHostView({ hostname: 'sandbox1', hostId: '00000001', uid: process.getuid?.() ?? -1, homeDirectory: homedir(), clock: systemClock })
})
afterEach(async () => {
  await rm(base, { recursive: true, force: true })
})

const prepare = (directory: string, view: HostView = host, keepAway: readonly string[] = []) => prepareSandbox(directory, { host: view, clock: systemClock, bounds: { keepAway } })
const refused = expect.objectContaining({ code: 'ICB_AUTORESTORE_REFUSED_SCRATCH' })

describe('prepareSandbox', () => {
  it('makes and marks a directory, and a second time finds it marked', async () => {
    const directory = join(base, 'scratch')
    expect(await prepare(directory)).toEqual({ directory, created: true })
    expect(await prepare(directory)).toEqual({ directory, created: false })
    expect(await readdir(directory)).toEqual([sandboxMarkerName])
    expect(await checkSandbox(directory, host, { keepAway: [] })).toMatchObject({ status: 'ok' })
  })

  it('[H3] refuses a directory that somebody uses', async () => {
    await writeFile(join(base, 'precious.txt'), 'x')
    await expect(prepare(base)).rejects.toThrow(refused)
    expect(await readdir(base)).toEqual(['precious.txt'])
  })

  it.each(['/', '/tmp', 'relative/dir'])('refuses %s', async (directory) => {
    await expect(prepare(directory)).rejects.toThrow(refused)
  })

  it('refuses the home directory, and what contains it', async () => {
    const home = join(base, 'home', 'oracle')
    await mkdir(home, { recursive: true })
    const view = { ...host, homeDirectory: home }
    await expect(prepare(home, view)).rejects.toThrow(refused)
    await expect(prepare(join(base, 'home'), view)).rejects.toThrow(refused)
  })

  it('refuses a link, and a place behind a link', async () => {
    await mkdir(join(base, 'real', 'inner'), { recursive: true })
    await symlink(join(base, 'real'), join(base, 'link'))
    await expect(prepare(join(base, 'link'))).rejects.toThrow(refused)
    await expect(prepare(join(base, 'link', 'inner'))).rejects.toThrow(/reached through a link/)
  })

  it('refuses a mount point and a directory with a mount below it', async () => {
    const directory = join(base, 'scratch')
    await mkdir(directory)
    const mounted = (mountPoint: string): HostView => ({ ...host, mounts: () => Promise.resolve([{ mountPoint, source: 'x', type: 'nfs', writable: true, root: '/' }]) })
    await expect(prepare(directory, mounted(directory))).rejects.toThrow(/mount point/)
    await expect(prepare(directory, mounted(join(directory, 'inner')))).rejects.toThrow(/mounted below/)
  })

  it('refuses what overlaps a backup area in either direction, also when the area is reached through a link', async () => {
    await mkdir(join(base, 'area', 'inner'), { recursive: true })
    await symlink(join(base, 'area'), join(base, 'area-link'))
    await expect(prepare(join(base, 'area', 'inner'), host, [join(base, 'area')])).rejects.toThrow(/overlaps/)
    await expect(prepare(join(base, 'area'), host, [join(base, 'area', 'inner')])).rejects.toThrow(/overlaps/)
    await expect(prepare(join(base, 'area', 'inner'), host, [join(base, 'area-link')])).rejects.toThrow(/overlaps/)
  })

  it("refuses somebody else's directory", async () => {
    const directory = join(base, 'scratch')
    await mkdir(directory)
    await expect(prepare(directory, { ...host, uid: host.uid + 1 })).rejects.toThrow(/another user/)
  })
})

describe('guardSandbox', () => {
  it('[H2] refuses an unmarked directory and a marker of another host or place', async () => {
    const directory = join(base, 'scratch')
    await mkdir(directory)
    await expect(guardSandbox(directory, host, { keepAway: [] })).rejects.toThrow(/no sandbox marker/)
    await prepare(directory, { ...host, hostId: 'ffffffff' })
    await expect(guardSandbox(directory, host, { keepAway: [] })).rejects.toThrow(/host ffffffff/)
  })

  it('refuses a marker that somebody wrote by hand', async () => {
    const directory = join(base, 'scratch')
    await mkdir(directory)
    await writeFile(join(directory, sandboxMarkerName), JSON.stringify({ version: 1, directory, hostId: host.hostId, preparedAt: '', digest: '0' }))
    await expect(guardSandbox(directory, host, { keepAway: [] })).rejects.toThrow(/no sandbox marker/)
  })

  it('refuses a marker that is a link', async () => {
    const [directory, other] = [join(base, 'scratch'), join(base, 'other')]
    await prepare(other)
    await mkdir(directory)
    await symlink(join(other, sandboxMarkerName), join(directory, sandboxMarkerName))
    await expect(guardSandbox(directory, host, { keepAway: [] })).rejects.toThrow(refused)
  })
})

describe('removeRunDirectory', () => {
  it('removes one test and nothing beside it, and is idempotent', async () => {
    const scratch = join(base, 'scratch')
    await prepare(scratch)
    await mkdir(join(runDirectory(scratch, '00000001-abc'), 'deep'), { recursive: true })
    await mkdir(runDirectory(scratch, '00000001-def'))
    await removeRunDirectory(runDirectory(scratch, '00000001-abc'), host)
    await removeRunDirectory(runDirectory(scratch, '00000001-abc'), host)
    expect((await readdir(scratch)).sort()).toEqual([sandboxMarkerName, 'run-00000001-def'])
  })

  it('[H3] does not follow links out of the scratch directory', async () => {
    const [scratch, other] = [join(base, 'scratch'), join(base, 'other')]
    await prepare(scratch)
    await mkdir(other)
    await writeFile(join(other, 'keep'), 'x')
    await mkdir(runDirectory(scratch, '1-a'))
    await symlink(other, join(runDirectory(scratch, '1-a'), 'link'))
    await removeRunDirectory(runDirectory(scratch, '1-a'), host)
    expect(await readdir(other)).toEqual(['keep'])
    await symlink(other, runDirectory(scratch, '1-b'))
    await expect(removeRunDirectory(runDirectory(scratch, '1-b'), host)).rejects.toThrow(refused)
    expect(await readdir(other)).toEqual(['keep'])
  })

  it('refuses other names, unmarked parents and mounts inside', async () => {
    const scratch = join(base, 'scratch')
    await mkdir(join(scratch, 'run-1-a'), { recursive: true })
    await expect(removeRunDirectory(join(scratch, 'run-1-a'), host)).rejects.toThrow(refused)
    await expect(removeRunDirectory(scratch, host)).rejects.toThrow(refused)
    await rm(join(scratch, 'run-1-a'), { recursive: true })
    await prepare(scratch)
    await mkdir(join(scratch, 'run-1-a'))
    const mounted: HostView = { ...host, mounts: () => Promise.resolve([{ mountPoint: join(scratch, 'run-1-a', 'm'), source: 'x', type: 'nfs', writable: true, root: '/' }]) }
    await expect(removeRunDirectory(join(scratch, 'run-1-a'), mounted)).rejects.toThrow(/mounted inside/)
  })
})
