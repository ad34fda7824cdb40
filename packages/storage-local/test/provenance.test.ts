import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loopFilesystemLacks } from '@icb/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapter, checks } from '../src/index.ts'
import { validateAdapterOptions } from '@icb/storage-core'
import { makeBench, rootOf } from './local-harness.ts'
import type { Bench, LocalStorage } from './local-harness.ts'

const name = 'orcl-20260101T000000Z-x1'
let bench: Bench
let storage: LocalStorage
beforeEach(async () => {
  bench = await makeBench({ options: { mode: 'copy' } })
  storage = await bench.open()
})
afterEach(() => bench.destroy())

describe('provenance', () => {
  it('a snapshot directory belongs to one database and area', async () => {
    await storage.createSnapshot(name)
    const other = await makeBench({ database: 'orcl2', options: { snapshotDirectory: bench.snapshotDirectory } })
    try {
      const stranger = await other.open()
      await expect(stranger.createSnapshot('orcl2-20260101T000000Z-x1')).rejects.toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
      await expect(stranger.deleteSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
    } finally {
      await rm(other.base, { recursive: true })
    }
    for await (const snapshot of storage.listSnapshots()) expect(snapshot.ours).toBe(true)
  })

  it('a snapshot that was copied in from another volume is foreign', async () => {
    await storage.createSnapshot(name)
    const place = join(bench.snapshotDirectory, 'snapshots', name)
    const document = JSON.parse(await readFile(join(place, 'snapshot.json'), 'utf8')) as object
    await writeFile(join(place, 'snapshot.json'), JSON.stringify({ ...document, volumeId: 'another' }))
    await expect(storage.deleteSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
    await writeFile(join(place, 'snapshot.json'), JSON.stringify(document))
  })

  it('ids cannot leave the snapshot directory', async () => {
    const victim = join(bench.base, 'victim')
    await mkdir(victim)
    for (const id of ['../../../victim', '..', '.', '', '.partial-x', 'a/b']) {
      await storage.deleteSnapshot(id)
      await storage.deleteClone(id)
      await expect(storage.createClone(id, 'probe')).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
      await expect(storage.createSnapshot(id)).rejects.toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED' })
    }
    await rmdir(victim)
  })

  it('deleting a clone follows no symbolic link', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'icb-outside-'))
    try {
      await writeFile(join(outside, 'precious'), 'x')
      const { id } = await storage.createSnapshot(name)
      const clone = await storage.createClone(id, 'probe')
      await symlink(outside, join(rootOf(clone), 'way-out'))
      await storage.deleteClone(clone.id)
      expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('x')
    } finally {
      await rm(outside, { recursive: true })
    }
  })

  it('a clone that is a symbolic link to elsewhere is not touched', async () => {
    await storage.createSnapshot(name)
    await mkdir(join(bench.snapshotDirectory, 'clones'), { recursive: true })
    await symlink(bench.area, join(bench.snapshotDirectory, 'clones/probe'))
    await expect(storage.deleteClone('probe')).rejects.toMatchObject({ code: 'ICB_STORAGE_FOREIGN' })
    await rm(join(bench.snapshotDirectory, 'clones/probe'))
  })

  it.skipIf(loopFilesystemLacks('xfs') === 'needs root')('deleting a clone refuses while something is mounted inside (root only)', async () => {
    const { id } = await storage.createSnapshot(name)
    const clone = await storage.createClone(id, 'probe')
    const mountPoint = join(rootOf(clone), 'inner dir')
    await mkdir(mountPoint)
    const source = join(bench.base, 'elsewhere')
    await mkdir(source)
    await writeFile(join(source, 'precious'), 'x')
    // A bind mount has the device number of its surroundings: only the mount table shows it.
    execFileSync('mount', ['--bind', source, mountPoint])
    try {
      await expect(storage.deleteClone(clone.id)).rejects.toMatchObject({ code: 'ICB_STORAGE_BUSY' })
      expect(await readFile(join(source, 'precious'), 'utf8')).toBe('x')
    } finally {
      execFileSync('umount', [mountPoint])
    }
    await storage.deleteClone(clone.id)
  })
})

describe('without the area', () => {
  it('snapshots are listed and deleted, new ones are refused', async () => {
    await storage.createSnapshot(name)
    await rename(bench.area, `${bench.area}-away`)
    const without = await bench.open()
    const found: string[] = []
    for await (const snapshot of without.listSnapshots()) found.push(snapshot.name)
    expect(found).toEqual([name])
    await expect(without.createSnapshot('orcl-20260102T000000Z-x1')).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    await expect(without.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    await without.deleteSnapshot(name)
    await rename(`${bench.area}-away`, bench.area)
  })
})

describe('options', () => {
  it('a snapshot directory inside the area is refused', async () => {
    await expect(bench.open({ snapshotDirectory: join(bench.area, 'snapshots') })).rejects.toMatchObject({ code: 'ICB_STORAGE_OPTIONS' })
    await expect(bench.open({ snapshotDirectory: bench.base })).rejects.toMatchObject({ code: 'ICB_STORAGE_OPTIONS' })
  })

  it('an unknown key is named with the nearest one', () => {
    expect(() => validateAdapterOptions(adapter, { snapshotdirectory: '/x' })).toThrow(expect.objectContaining({ code: 'ICB_STORAGE_OPTIONS', hint: 'Did you mean "snapshotDirectory"?' }))
    expect(validateAdapterOptions(adapter, { settleSeconds: '5' })).toEqual({ settleSeconds: 5 })
  })

  it('a mode that the place cannot do is reported by the first call, not by open', async () => {
    const impossible = await bench.open({ mode: 'btrfs' })
    await expect(impossible.createSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED' })
  })
})

describe('checks', () => {
  it('warn about plain copies and report a missing area', async () => {
    const signal = new AbortController().signal
    const results = async (): Promise<Record<string, string>> => {
      const found: Record<string, string> = {}
      for (const check of checks(storage)) found[check.id] = (await check.run({ signal })).status
      return found
    }
    expect(await results()).toEqual({ 'storage.local.reachable': 'ok', 'storage.local.mechanism': 'warning', 'storage.local.space': 'ok' })
    await rename(bench.area, `${bench.area}-away`)
    expect(await results()).toMatchObject({ 'storage.local.reachable': 'failed' })
    await rename(`${bench.area}-away`, bench.area)
  })
})
