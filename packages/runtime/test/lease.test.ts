import { copyFile, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLease, breakLease, createProcessRunner, readLease, silentLogger, systemClock } from '../src/index.ts'
import type { AcquireLeaseOptions, Lease } from '../src/index.ts'
import { encodeLeaseFile, leaseFileBytes, writeLeaseRecord } from '../src/lease-record.ts'
import type { LeaseRecord } from '../src/lease-record.ts'
import { ManualClock } from '../src/testing.ts'

let dir: string
let path: string
const leases: Lease[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'icb-lease-'))
  path = join(dir, '.icb', 'lease')
})
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.release().catch(() => undefined)))
  await rm(dir, { recursive: true, force: true })
})

let runs = 0
const options = (clock: AcquireLeaseOptions['clock'], more: Partial<AcquireLeaseOptions> = {}): AcquireLeaseOptions => {
  runs += 1
  return { path, boundTo: 'area-1', runId: `run-${String(runs)}`, purpose: 'backup orcl', ttlMs: 60_000, waitMs: 0, clock, logger: silentLogger, ...more }
}
const take = async (clock: AcquireLeaseOptions['clock'], more: Partial<AcquireLeaseOptions> = {}): Promise<Lease> => {
  const lease = await acquireLease(options(clock, more))
  leases.push(lease)
  return lease
}
/** A lease of a host that nobody here knows anything about. */
const foreign = (more: Partial<LeaseRecord> = {}): LeaseRecord => ({
  owner: { host: 'elsewhere', pid: 1, bootId: 'b', runId: 'foreign', purpose: 'backup orcl' },
  token: 7,
  heartbeat: 3,
  ttlMs: 60_000,
  boundTo: 'area-1',
  acquiredAt: '2026-01-01T00:00:00.000Z',
  released: false,
  ...more,
})
const plant = async (record: LeaseRecord): Promise<void> => {
  await (await take(new ManualClock())).release()
  await writeFile(path, encodeLeaseFile(record))
}
/** File operations take real time: waits until the work sleeps on the clock, or is over. */
const asleep = async (clock: ManualClock, over: () => boolean = () => false): Promise<void> => {
  while (clock.sleeping === 0 && !over()) await stat(dir)
}
/** Turns the clock until the promise settles. */
const turning = async <T>(clock: ManualClock, work: Promise<T>, stepMs = 500, limitMs = 300_000): Promise<T> => {
  let settled = false
  const watched = work.finally(() => {
    settled = true
  })
  watched.catch(() => undefined)
  for (let turned = 0; !(settled as boolean) && turned < limitMs; turned += stepMs) {
    await asleep(clock, () => settled)
    await clock.advance(stepMs)
  }
  return watched
}

describe('lease', () => {
  it('is a file of fixed size, readable, and free again after release with a growing token', async () => {
    const clock = new ManualClock()
    const first = await take(clock)
    expect((await stat(path)).size).toBe(leaseFileBytes)
    expect(leaseFileBytes).toBe(4096)
    expect(await readLease(path)).toMatchObject({ path, token: 1, boundTo: 'area-1', released: false, owner: { pid: process.pid, purpose: 'backup orcl' } })
    await first.assertHeld()
    await first.release()
    await first.release()
    expect(await readLease(path)).toMatchObject({ token: 1, released: true })
    await expect(first.assertHeld()).rejects.toMatchObject({ code: 'ICB_LEASE_LOST' })
    expect((await take(clock)).token).toBe(2)
    expect((await readdir(join(dir, '.icb'))).sort()).toEqual(['lease'])
  })

  it('does not make the area itself', async () => {
    await expect(acquireLease(options(new ManualClock(), { path: join(dir, 'area', '.icb', 'lease') }))).rejects.toMatchObject({ code: 'ICB_LEASE_STORE' })
    expect(await readdir(dir)).toEqual([])
  })

  it('refuses at once when the owner is seen alive on this host, naming it', async () => {
    const clock = new ManualClock()
    const first = await take(clock)
    await expect(acquireLease(options(clock))).rejects.toMatchObject({ code: 'ICB_LEASE_HELD', remedy: 'wait', details: { token: first.token, owner: { pid: process.pid } } })
  })

  it('waits for a release as long as it may', async () => {
    const first = await take(systemClock)
    const second = take(systemClock, { waitMs: 20_000, ttlMs: 500 })
    await first.release()
    expect((await second).token).toBe(2)
  })

  it('gives up on a foreign owner when its heartbeat moves', async () => {
    await plant(foreign())
    const clock = new ManualClock()
    const attempt = acquireLease(options(clock))
    attempt.catch(() => undefined)
    await asleep(clock)
    await clock.advance(5000)
    await writeLeaseRecord(path, foreign({ heartbeat: 4 }), 'next')
    await expect(turning(clock, attempt)).rejects.toMatchObject({ code: 'ICB_LEASE_HELD' })
    expect(clock.monotonic()).toBeLessThan(60_000)
  })

  it('[H34] takes over from a foreign owner only after a whole TTL of stillness by its own clock', async () => {
    await plant(foreign())
    const clock = new ManualClock('1999-01-01T00:00:00Z')
    const attempt = take(clock)
    attempt.catch(() => undefined)
    for (let at = 0; at < 55_000; at += 5000) {
      await asleep(clock)
      await clock.advance(5000)
    }
    expect(await readLease(path)).toMatchObject({ token: 7 })
    const lease = await turning(clock, attempt)
    expect(clock.monotonic()).toBeGreaterThanOrEqual(60_000)
    expect(lease.token).toBe(8)
  })

  it('[H33] is void when bound to another area', async () => {
    await plant(foreign({ boundTo: 'area-2' }))
    expect((await take(new ManualClock())).token).toBe(8)
  })

  it('goes to exactly one of many contenders', async () => {
    await plant(foreign({ released: true }))
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => take(systemClock)))
    const winners = results.filter((result) => result.status === 'fulfilled')
    expect(winners).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ICB_LEASE_HELD' })
    await winners[0]!.value.assertHeld()
  })

  it('also when there was no file yet', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => take(systemClock)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  })

  it('passes over the claim of a contender that died', async () => {
    await plant(foreign({ released: true }))
    await writeFile(`${path}.claim-8`, JSON.stringify({ owner: { host: 'elsewhere', pid: 1, bootId: 'b', runId: 'dead', purpose: 'x' }, boundTo: 'area-1' }))
    const clock = new ManualClock()
    const lease = await turning(clock, take(clock))
    expect(lease.token).toBe(9)
    expect(clock.monotonic()).toBeGreaterThanOrEqual(60_000)
    expect(await readdir(join(dir, '.icb'))).toEqual(['lease'])
  })

  it('cleans private files that dead contenders left, and no others', async () => {
    await plant(foreign({ released: true }))
    const old = join(dir, '.icb', '.lease.1-aa.tmp')
    const young = join(dir, '.icb', '.lease.2-bb.tmp')
    await writeFile(old, '')
    await writeFile(young, '')
    await utimes(old, 1, 1)
    await writeFile(join(dir, '.icb', 'area-id'), 'x')
    await take(systemClock)
    expect((await readdir(join(dir, '.icb'))).sort()).toEqual(['.lease.2-bb.tmp', 'area-id', 'lease'])
  })

  it('renews in the background while held', async () => {
    const clock = new ManualClock()
    const lease = await take(clock)
    for (let i = 0; i < 60; i += 1) {
      await clock.advance(5000)
      await lease.assertHeld()
    }
    expect((await readLease(path))?.heartbeat).toBeGreaterThan(10)
    await lease.release()
    await clock.advance(0)
    expect(clock.sleeping).toBe(0)
  })

  it('[H34] is lost, with its signal aborted, when it was taken, broken or removed', async () => {
    for (const act of [() => writeFile(path, encodeLeaseFile(foreign({ token: 99 }))), () => breakLease(path, { clock: systemClock, logger: silentLogger }), () => rm(path)]) {
      const lease = await take(new ManualClock())
      await act()
      await expect(lease.assertHeld()).rejects.toMatchObject({ code: 'ICB_LEASE_LOST' })
      expect(lease.signal.aborted).toBe(true)
      expect(lease.signal.reason).toMatchObject({ code: 'ICB_LEASE_LOST' })
      const before = await readFile(path).catch(() => undefined)
      await lease.release()
      expect(await readFile(path).catch(() => undefined)).toEqual(before)
      await rm(path, { force: true })
    }
  })

  it('is lost when it could not be renewed for two thirds of its time', async () => {
    const clock = new ManualClock()
    const lease = await take(clock)
    await copyFile(path, join(dir, 'kept'))
    await rm(path)
    // A directory in its place: reading fails, but nobody else has it.
    await rm(path, { force: true })
    await (await import('node:fs/promises')).mkdir(path)
    for (let at = 0; at < 45_000 && !lease.signal.aborted; at += 1000) {
      await clock.advance(1000)
      await stat(dir)
    }
    expect(lease.signal.reason).toMatchObject({ code: 'ICB_LEASE_LOST' })
    expect(clock.monotonic()).toBeLessThanOrEqual(41_000)
    await rm(path, { recursive: true })
  })

  it('a holder that slept through its end notices before it acts', async () => {
    const clock = new ManualClock()
    const jumping = { now: () => clock.now(), monotonic: () => clock.monotonic() + jump, sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal) }
    let jump = 0
    const lease = await take(jumping)
    jump = 50_000
    await expect(lease.assertHeld()).rejects.toMatchObject({ code: 'ICB_LEASE_LOST' })
  })

  it('the late write of an earlier holder hides the present one from nobody', async () => {
    const clock = new ManualClock()
    await plant(foreign({ released: true }))
    const lease = await take(clock)
    await writeLeaseRecord(path, foreign({ heartbeat: 4 }), 'next')
    expect(await readLease(path)).toMatchObject({ token: lease.token })
    await writeLeaseRecord(path, foreign({ heartbeat: 5 }), 'next')
    await lease.assertHeld()
    for (let i = 0; i < 10; i += 1) {
      await clock.advance(5000)
      await lease.assertHeld()
    }
    expect(await readLease(path)).toMatchObject({ token: lease.token })
  })

  it('survives a torn write: the other slot is there', async () => {
    const lease = await take(new ManualClock())
    const content = await readFile(path)
    content.fill(0, 100, 2048)
    await writeFile(path, content)
    expect(await readLease(path)).toMatchObject({ token: lease.token })
  })

  it('damage is an error that break repairs', async () => {
    await (await take(systemClock)).release()
    await writeFile(path, 'not a lease')
    await expect(acquireLease(options(systemClock))).rejects.toMatchObject({ code: 'ICB_LEASE_DAMAGED' })
    expect(await breakLease(path, { clock: systemClock, logger: silentLogger })).toBeUndefined()
    expect((await take(systemClock)).token).toBeGreaterThan(1_000_000)
  })

  it('break answers what was there, and nothing when it was free', async () => {
    const broken = { clock: systemClock, logger: silentLogger }
    expect(await breakLease(join(dir, 'none'), broken)).toBeUndefined()
    const lease = await take(systemClock)
    expect(await breakLease(path, broken)).toMatchObject({ token: lease.token, owner: { pid: process.pid } })
    expect(await breakLease(path, broken)).toBeUndefined()
    expect((await take(systemClock)).token).toBe(lease.token + 2)
  })

  it('is taken at once from a process that was killed on this host', async () => {
    const runner = createProcessRunner({ clock: systemClock, logger: silentLogger })
    const kill = new AbortController()
    await runner(
      {
        file: process.execPath,
        args: ['--conditions=@icb/source', join(import.meta.dirname, 'fixtures', 'hold-lease.ts'), path, 'area-1'],
        env: {},
        deadlineMs: 20_000,
        // It is killed, not asked: nothing is released.
        onLine: (line) => {
          if (line.startsWith('held')) kill.abort()
        },
      },
      { signal: kill.signal },
    ).catch(() => undefined)
    const clock = new ManualClock()
    await import('node:fs/promises').then(({ mkdir }) => mkdir(join(dir, '.icb'), { recursive: true }))
    expect(await readLease(path)).toMatchObject({ token: 1, released: false })
    expect((await take(clock)).token).toBe(2)
    expect(clock.monotonic()).toBe(0)
  })
})
