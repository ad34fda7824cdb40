import { chmod, mkdir, open, readFile, readdir, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loopFilesystemLacks, makeLoopFilesystem } from '@icb/testing'
import type { LoopFilesystem } from '@icb/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createBtrfs } from '../src/btrfs.ts'
import { makeBench, rootOf } from './local-harness.ts'
import type { Bench, LocalStorage } from './local-harness.ts'

const name = 'orcl-20260101T000000Z-x1'
let bench: Bench
let storage: LocalStorage

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(bench.area, path)), { recursive: true })
  await writeFile(join(bench.area, path), content)
}

async function cloneRoot(): Promise<string> {
  return rootOf(await storage.createClone((await storage.createSnapshot(name)).id, 'probe'))
}

function contentTests(): void {
  it('keeps odd names, links, empty directories, permission bits and times', async () => {
    const names = ['with space', `quote's "and" \`more\``, 'new\nline', '-rf', 'ünïcödé 数据', '$(touch x)', '.hidden']
    for (const odd of names) await put(odd, odd)
    await mkdir(join(bench.area, 'empty/inner'), { recursive: true })
    await symlink('../outside of it', join(bench.area, 'link'))
    await put('modes/group', 'x')
    await chmod(join(bench.area, 'modes/group'), 0o664)
    await put('modes/read-only', 'x')
    await chmod(join(bench.area, 'modes/read-only'), 0o440)
    await put('modes/usual', 'x')
    await chmod(join(bench.area, 'modes/usual'), 0o640)
    await utimes(join(bench.area, 'modes/usual'), 1_700_000_000.123456, 1_700_000_001.654321)

    const root = await cloneRoot()
    for (const odd of names) expect(await readFile(join(root, odd), 'utf8')).toBe(odd)
    expect(await readdir(join(root, 'empty/inner'))).toEqual([])
    expect(await readlink(join(root, 'link'))).toBe('../outside of it')
    for (const file of ['group', 'read-only', 'usual']) {
      const [copy, original] = [await stat(join(root, 'modes', file)), await stat(join(bench.area, 'modes', file))]
      expect([file, (copy.mode & 0o7777).toString(8), copy.uid]).toEqual([file, (original.mode & 0o7777).toString(8), original.uid])
    }
    expect(Math.abs((await stat(join(root, 'modes/usual'))).mtimeMs - 1_700_000_001_654.321)).toBeLessThan(0.01)
  })

  it('counts the bytes of the files', async () => {
    await put('a', Buffer.alloc(10_000, 1))
    await put('b/c', Buffer.alloc(2345, 2))
    expect((await storage.createSnapshot(name)).spaceTotal).toBe(12_345n)
  })

  it('lets nobody but root write to a snapshot', async () => {
    await put('data/one', 'first')
    await storage.createSnapshot(name)
    const file = join(bench.snapshotDirectory, 'snapshots', name, 'tree/data/one')
    if (storage.capabilities.atomic) await expect(writeFile(file, 'changed')).rejects.toMatchObject({ code: 'EROFS' })
    else expect([(await stat(file)).mode & 0o222, (await stat(dirname(file))).mode & 0o222]).toEqual([0, 0])
  })
}

describe('plain copies', () => {
  beforeEach(async () => {
    bench = await makeBench({ options: { mode: 'copy', settleSeconds: 0.2 } })
    storage = await bench.open()
  })
  afterEach(() => bench.destroy())
  contentTests()

  it('keeps holes', async () => {
    await put('sparse', Buffer.concat([Buffer.alloc(8 << 20), Buffer.from('end'), Buffer.alloc(8 << 20)]))
    const copy = join(await cloneRoot(), 'sparse')
    expect((await readFile(copy)).equals(await readFile(join(bench.area, 'sparse')))).toBe(true)
    expect((await stat(copy)).blocks * 512).toBeLessThan(4 << 20)
  })

  it('fails with BUSY when a file keeps changing, and takes it when it rests', async () => {
    await put('archivelog/1_7.arc', Buffer.alloc(4 << 20, 1))
    const writer = await keepWriting(join(bench.area, 'archivelog/1_7.arc'))
    try {
      await expect(storage.createSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_BUSY', details: { path: 'archivelog/1_7.arc' } })
      for await (const snapshot of storage.listSnapshots()) expect.fail(`${snapshot.name} is listed`)
    } finally {
      await writer.stop()
    }
    await storage.createSnapshot(name)
  })

  it('leaves out what it is told to, and takes logs of its own runs as they are', async () => {
    await put('archivelog/1_6.arc', 'complete')
    await put('archivelog/1_7.arc', Buffer.alloc(4 << 20, 1))
    await put('backup_logs/run.log', Buffer.alloc(4 << 20, 2))
    const writers = [await keepWriting(join(bench.area, 'archivelog/1_7.arc')), await keepWriting(join(bench.area, 'backup_logs/run.log'))]
    try {
      const snapshot = await storage.createSnapshot(name, { omit: ['archivelog/1_7.arc'] })
      const root = rootOf(await storage.createClone(snapshot.id, 'probe'))
      expect(await readdir(join(root, 'archivelog'))).toEqual(['1_6.arc'])
      expect(await readdir(join(root, 'backup_logs'))).toEqual(['run.log'])
    } finally {
      for (const writer of writers) await writer.stop()
    }
  })

  it('refuses a file name that is not UTF-8 instead of losing the file', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${bench.area}/bad-`), Buffer.from([0xff])]), 'x')
    await expect(storage.createSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED' })
  })
})

for (const type of ['xfs', 'btrfs'] as const) {
  const lacking = loopFilesystemLacks(type)
  describe.skipIf(lacking !== undefined)(`on a ${type} image${lacking === undefined ? '' : ` (${lacking})`}`, () => {
    let filesystem: LoopFilesystem
    beforeAll(async () => {
      filesystem = await makeLoopFilesystem({ type })
    })
    afterAll(() => filesystem.dispose())
    beforeEach(async () => {
      bench = await makeBench({ parent: filesystem.path })
      storage = await bench.open()
    })
    afterEach(() => bench.destroy())
    contentTests()

    const on = (wanted: typeof type, title: string, body: () => Promise<void>): void => {
      if (type === wanted) it(title, body)
    }

    on('xfs', 'plain copies without room are refused before the first byte', async () => {
      const { freeBytes = 0n } = await storage.describe()
      await put('more-than-half', Buffer.alloc(Number((freeBytes * 3n) / 5n), 1))
      const copying = await bench.open({ mode: 'copy' })
      await expect(copying.createSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_NO_SPACE', message: expect.stringMatching(/takes \d+ bytes, and \d+ are free/) })
      // The same area has room as reflinks.
      await storage.createSnapshot(name)
    })

    on('btrfs', 'an area with a subvolume inside is refused, because a snapshot would leave it out', async () => {
      const btrfs = createBtrfs(bench.context.runProcess)
      await mkdir(join(bench.area, 'data'))
      await btrfs.createSubvolume(join(bench.area, 'data/nested'))
      await expect(storage.createSnapshot(name)).rejects.toMatchObject({ code: 'ICB_STORAGE_UNSUPPORTED', message: expect.stringContaining('data/nested') })
      expect(await readdir(join(bench.snapshotDirectory, 'snapshots'))).toEqual([])
      await btrfs.remove(join(bench.area, 'data/nested'))
    })

    it('snapshots and clones share their blocks', async () => {
      await put('data', Buffer.alloc(32 << 20, 3))
      // Blocks that are still to be written are not counted yet.
      const written = await open(join(bench.area, 'data'), 'r+')
      await written.sync()
      await written.close()
      const { freeBytes: before = 0n } = await storage.describe()
      const snapshot = await storage.createSnapshot(name)
      await storage.createClone(snapshot.id, 'probe')
      const { freeBytes: after = 0n } = await storage.describe()
      expect(before - after).toBeLessThan(16n << 20n)
    })
  })
}

/** Rewrites the file's beginning without pause until told to stop. */
async function keepWriting(path: string): Promise<{ stop(): Promise<void> }> {
  const handle = await open(path, 'r+')
  const writing = new AbortController()
  const loop = (async () => {
    for (let round = 0; !writing.signal.aborted; round++) await handle.write(Buffer.from(String(round)), 0, undefined, 0)
  })()
  return {
    stop: async () => {
      writing.abort()
      await loop
      await handle.close()
    },
  }
}
