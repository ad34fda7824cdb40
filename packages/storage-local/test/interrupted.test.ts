import { execFile, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ownProcess, pollUntil, systemClock } from '@icb/runtime'
import type { Snapshot, SnapshotStorage } from '@icb/storage-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeBench, rootOf } from './local-harness.ts'
import type { Bench } from './local-harness.ts'

const run = promisify(execFile)
const program = ['--conditions=@icb/source', '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./child-snapshot.ts', import.meta.url))]
const name = 'orcl-20260101T000000Z-x1'

let bench: Bench
beforeEach(async () => {
  bench = await makeBench({ options: { mode: 'copy' } })
})
afterEach(() => bench.destroy())

async function list(storage: SnapshotStorage): Promise<Snapshot[]> {
  const found: Snapshot[] = []
  for await (const snapshot of storage.listSnapshots()) found.push(snapshot)
  return found
}

const entries = (kind: 'snapshots' | 'clones'): Promise<string[]> => readdir(join(bench.snapshotDirectory, kind)).catch(() => [])

describe('a process killed in the middle of a copy', () => {
  it('leaves nothing that is listed, removeLeftovers names and removes it, and the name can be made again', async () => {
    // Large enough that the kill falls into the copy: zeros would be skipped as holes.
    for (let file = 0; file < 8; file++) await writeFile(join(bench.area, `data-${file}`), Buffer.alloc(24 * 1024 * 1024, file + 1))
    const child = spawn(process.execPath, [...program, bench.base, 'orcl', name], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    await pollUntil({ clock: systemClock, what: 'the copy to be under way', deadlineMs: 20_000, intervalMs: 5, maxIntervalMs: 5 }, async () => {
      const [partial] = (await entries('snapshots')).filter((entry) => entry.startsWith('.partial-'))
      return partial !== undefined && (await readdir(join(bench.snapshotDirectory, 'snapshots', partial, 'tree')).catch(() => [])).length > 1 ? true : undefined
    })
    const storage = await bench.open()
    expect(await storage.removeLeftovers?.(), 'a snapshot that a living process is making is left alone').toEqual([])
    child.kill('SIGKILL')
    await ended

    expect(await list(storage)).toEqual([])
    expect(await storage.removeLeftovers?.()).toEqual([name])
    expect(await entries('snapshots')).toEqual([])
    await storage.createSnapshot(name)
    expect((await list(storage)).map((snapshot) => snapshot.name)).toEqual([name])
  })
})

describe('two processes', () => {
  it('that create the same snapshot at once make one', async () => {
    for (let file = 0; file < 20; file++) await writeFile(join(bench.area, `data-${file}`), Buffer.alloc(64 * 1024, file + 1))
    const outputs = await Promise.all([1, 2, 3].map(() => run(process.execPath, [...program, bench.base, 'orcl', name])))
    expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1)
    expect(await entries('snapshots')).toEqual([name])
    expect(await list(await bench.open())).toHaveLength(1)
  })
})

describe('a sweep while a snapshot begins', () => {
  it('never takes it away', async () => {
    const [maker, sweeper] = [await bench.open(), await bench.open()]
    const made = new AbortController()
    const swept: string[] = []
    const sweeping = (async () => {
      while (!made.signal.aborted) swept.push(...((await sweeper.removeLeftovers?.()) ?? []))
    })()
    try {
      for (let round = 0; round < 20; round++) {
        const { id } = await maker.createSnapshot(name)
        await maker.deleteSnapshot(id)
      }
    } finally {
      made.abort()
      await sweeping
    }
    // What is being deleted may be finished by the sweep.
    expect(swept.filter((each) => each !== name)).toEqual([])
  })

  it('takes away what was begun by a process that has ended, or long ago elsewhere', async () => {
    const storage = await bench.open()
    const { id } = await storage.createSnapshot(name)
    const digest = (host: string): string => createHash('sha256').update(host).digest('hex').slice(0, 8)
    const { pid } = spawnSync('true')
    const ended = join(bench.snapshotDirectory, `.icb-making-${digest(hostname())}-${String(pid)}-00000000`)
    const own = join(bench.snapshotDirectory, `.icb-making-${digest(hostname())}-${String(process.pid)}-00000000`)
    const [young, old] = [1, 2].map((each) => join(bench.snapshotDirectory, `.icb-making-${digest('elsewhere')}-4711-0000000${each}`)) as [string, string]
    const reused = own.replace(/0{8}$/, '00000003')
    for (const place of [ended, own, young, old, reused]) await mkdir(place)
    for (const place of [old, reused]) await utimes(place, 1e9, 1e9)
    expect([...((await storage.removeLeftovers?.()) ?? [])].sort()).toEqual([ended, old, reused].map((place) => basename(place)).sort())
    expect((await readdir(bench.snapshotDirectory)).filter((entry) => entry.startsWith('.icb-making-')).sort()).toEqual([own, young].map((place) => basename(place)).sort())
    await storage.deleteSnapshot(id)
  })

  it('tells a maker from a later process with its number', async () => {
    const storage = await bench.open()
    const { id } = await storage.createSnapshot(name)
    const self = ownProcess()
    const makers = {
      runs: self, reused: { ...self, startTicks: '1' }, 'before-the-boot': { ...self, bootId: 'another' }, 'in-a-container': { ...self, pidNamespace: 'pid:[1]', startTicks: '1' },
      'of-an-older-version': { host: self.host, pid: self.pid }, 'ended-of-an-older-version': { host: self.host, pid: spawnSync('true').pid },
    }
    for (const [each, owner] of Object.entries(makers)) {
      const partial = join(bench.snapshotDirectory, 'snapshots', `.partial-${each}-0123abcd`)
      await mkdir(partial)
      await writeFile(join(partial, 'owner.json'), JSON.stringify({ ...owner, startedAt: Date.now() }))
    }
    expect([...((await storage.removeLeftovers?.()) ?? [])].sort()).toEqual(['before-the-boot', 'ended-of-an-older-version', 'reused'])
    await storage.deleteSnapshot(id)
  })
})

describe('an aborted call', () => {
  it('stops inside a file and leaves no partial behind', async () => {
    await writeFile(join(bench.area, 'data'), Buffer.alloc(64 * 1024 * 1024, 7))
    const storage = await bench.open()
    const abort = new AbortController()
    const reason = new Error('stop')
    const call = storage.createSnapshot(name, { signal: abort.signal })
    const rejection = expect(call).rejects.toBe(reason)
    await pollUntil({ clock: systemClock, what: 'the copy to start', deadlineMs: 10_000, intervalMs: 1, maxIntervalMs: 2 }, async () => ((await entries('snapshots')).length > 0 ? true : undefined))
    abort.abort(reason)
    await rejection
    expect(await entries('snapshots')).toEqual([])
  })
})

describe('deleting and cloning at once', () => {
  it('never leaves a clone without its snapshot', async () => {
    await mkdir(join(bench.area, 'archivelog'))
    for (let file = 0; file < 10; file++) await writeFile(join(bench.area, 'archivelog', `log-${file}`), `log ${file}`)
    for (let round = 0; round < 10; round++) {
      const [one, other] = [await bench.open(), await bench.open()]
      const { id } = await one.createSnapshot(name)
      const [deleted, cloned] = await Promise.allSettled([one.deleteSnapshot(id), other.createClone(id, `clone-${round}`)])
      const listed = (await list(one)).length
      if (cloned.status === 'fulfilled') {
        expect(deleted.status, 'the clone holds its snapshot').toBe('rejected')
        expect(listed).toBe(1)
        expect(await readFile(join(rootOf(cloned.value), 'archivelog/log-9'), 'utf8')).toBe('log 9')
        await one.deleteClone(cloned.value.id)
        await one.deleteSnapshot(id)
      } else {
        expect((cloned.reason as { code: string }).code).toBe('ICB_STORAGE_NOT_FOUND')
        // Both may have given way to the other.
        if (deleted.status === 'fulfilled') expect(listed).toBe(0)
        else await one.deleteSnapshot(id)
      }
      for await (const clone of one.listClones()) expect.fail(`${clone.name} is left`)
    }
  })
})
