import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nextRuns, parseCalendar } from '@icb/calendar'
import type { LedgerEntry, ProofLedger } from '@icb/ledger'
import { appendPoint, choosePoint, joinPoints, readPoints } from '@icb/recovery-point'
import { newRunId, silentLogger } from '@icb/runtime'
import { ManualClock, recordingEvents } from '@icb/runtime/testing'
import { parseSnapshotName, snapshotName } from '@icb/storage-core'
import { createMemoryStorage } from '@icb/storage-core/testing'
import { DateTime } from 'luxon'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cleanSnapshots, snapshotAge } from '../src/index.ts'
import type { BackupSettings } from '../src/index.ts'

/**
 * One year, 2028, with its leap day and both changes of the clocks. The database lives in Berlin; this host thinks it is in Auckland and
 * its clock jumps back for two days; the storage keeps true time. Every day a backup at 02:30 by the database's clock, which one night
 * does not exist and one night comes twice; every hour the checks.
 */

const berlin = 'Europe/Berlin'
const hour = 3_600_000
const day = 24 * hour
const database = 'orcl'
const start = Date.parse('2028-01-01T00:00:00Z')
const zoneBefore = process.env['TZ']

const local = (at: number): string => DateTime.fromMillis(at, { zone: berlin }).toFormat('yyyy-MM-dd HH:mm:ss')
const offset = (at: number): string => DateTime.fromMillis(at, { zone: berlin }).toFormat('ZZ')
/** One SCN a second. */
const scnAt = (at: number): bigint => BigInt(Math.floor((at - start) / 1000) + 1_000_000)

interface Point { readonly name: string; readonly min: number; readonly last: number; readonly takenAt: number }

class Year {
  /** True time, which the storage and the database go by. */
  readonly time = new ManualClock(start)
  /** Of the host that runs the backups. */
  readonly host = new ManualClock(start)
  hostBehind = 0
  readonly storage = createMemoryStorage({ database, clock: this.time, pageSize: 1000 })
  readonly points: Point[] = []
  readonly ledgerEntries: LedgerEntry[] = []
  readonly settings: BackupSettings
  refreshed: { readonly min: number } | undefined
  readonly areaPath: string

  constructor(areaPath: string) {
    this.areaPath = areaPath
    this.settings = {
      name: database, dbid: '7', areaPath, parallel: 1, recoveryWindowDays: 2, hasDataGuard: false, role: 'primary', snapshots: true, restoreTests: true,
      retention: { keepDays: 31, keepMonths: 6, minRedundancy: 2, zone: berlin },
    }
  }

  moveTo(at: number): void {
    this.time.setWall(at)
    this.host.setWall(at - this.hostBehind)
  }

  deps(): Parameters<typeof cleanSnapshots>[0] {
    const ledger: ProofLedger = { description: 'year', shared: true, open: async () => undefined, close: async () => undefined, list: async () => this.ledgerEntries, find: async () => undefined }
    return { settings: this.settings, clock: this.host, logger: silentLogger, events: recordingEvents(), signal: new AbortController().signal, storage: this.storage, ledger }
  }

  /** As a backup does: the snapshot of what the last refresh left, then a refresh of twenty minutes. */
  async backup(at: number): Promise<void> {
    this.moveTo(at)
    if (this.refreshed !== undefined) {
      const runId = newRunId(this.host, 'cafe0001')
      const name = snapshotName(database, DateTime.fromMillis(this.host.now(), { zone: 'utc' }), runId)
      const { min } = this.refreshed
      await appendPoint(this.areaPath, {
        snapshot: name, createdAt: new Date(this.host.now()).toISOString(), runId, manifestDigest: 'd', state: 'refreshed', resetlogsId: '1', dbid: '7',
        redoFrom: scnAt(min - 20 * 60_000), minScn: scnAt(min), lastScn: scnAt(at), logsFrom: scnAt(min - day), minTime: local(min), minUtcOffset: offset(min), lastTime: local(at), utcOffset: offset(at),
      })
      await this.storage.createSnapshot(name)
      this.points.push({ name, min, last: at, takenAt: at })
    }
    this.moveTo(at + 20 * 60_000)
    this.refreshed = { min: at + 20 * 60_000 }
  }

  /** A restore test on another host, whose verdict retention sees. */
  prove(point: Point): void {
    const finishedAt = new Date(this.time.now()).toISOString()
    this.ledgerEntries.unshift({ runId: `t-${point.name}`, database, snapshot: point.name, startedAt: finishedAt, host: 'sandbox', state: 'closed', verdict: { schema: 1, runId: `t-${point.name}`, database, outcome: 'passed', reasons: [], warnings: [], startedAt: finishedAt, finishedAt, host: 'sandbox' } })
  }

  async kept(): Promise<readonly Point[]> {
    const names = new Set<string>()
    for await (const snapshot of this.storage.listSnapshots()) names.add(snapshot.name)
    return this.points.filter((point) => names.has(point.name))
  }
}

let root: string
let year: Year
beforeEach(async () => {
  process.env['TZ'] = 'Pacific/Auckland'
  root = await mkdtemp(join(tmpdir(), 'icb-year-'))
  await mkdir(join(root, 'area'))
  year = new Year(join(root, 'area'))
})
afterEach(async () => {
  if (zoneBefore === undefined) delete process.env['TZ']
  else process.env['TZ'] = zoneBefore
  await rm(root, { recursive: true, force: true })
})

describe('a year of backups', () => {
  it('keeps what it must, names what it makes, warns when it should, and finds every minute', async () => {
    expect(new Date(start).getHours()).toBe(13)
    const levels: { readonly at: number; readonly status: string }[] = []
    const shown: string[] = []
    const runAt = (ordinal: number): DateTime => DateTime.fromObject({ year: 2028, ordinal, hour: 2, minute: 30 }, { zone: berlin })
    for (let ordinal = 1; ordinal <= 366; ordinal += 1) {
      const date = runAt(ordinal)
      // Three nights without a backup in August; the host's clock is three hours behind on the 18th and 19th of July.
      const outage = date.month === 8 && date.day >= 10 && date.day <= 12
      year.hostBehind = date.month === 7 && (date.day === 18 || date.day === 19) ? 3 * hour : 0
      const at = date.toMillis()
      if (!outage) {
        await year.backup(at)
        const newest = year.points.at(-1)
        if (newest !== undefined) {
          const parts = parseSnapshotName(newest.name, database)
          expect(parts?.createdAt.toMillis()).toBe(at - year.hostBehind)
          shown.push(newest.name)
          if (date.day % 3 === 0) year.prove(newest)
        }
        if (ordinal % 2 === 0 || date.month === 7) await cleanAndCheck(year)
      }
      if (year.points.length === 0) continue
      const snapshots = [{ name: year.points.at(-1)!.name, createdAt: DateTime.fromMillis(year.points.at(-1)!.takenAt, { zone: 'utc' }), ours: true }]
      for (let check = at + hour; check < (ordinal === 366 ? at + day : runAt(ordinal + 1).toMillis()); check += hour) {
        year.moveTo(check)
        levels.push({ at: check, status: snapshotAge(snapshots, { now: DateTime.fromMillis(year.host.now(), { zone: 'utc' }), warningHours: 26, criticalHours: 32, database }).status })
      }
      const clocksChange = ['03-26', '03-27', '10-29', '10-30'].includes(date.toFormat('MM-dd'))
      if (!outage && (clocksChange || ordinal % 9 === 0 || date.day === 20)) await findMinutes(year, at, clocksChange ? 7 : 61)
    }
    // 366 days, less the first (nothing to keep yet) and three of the outage.
    expect(year.points).toHaveLength(366 - 1 - 3)
    expect(new Set(shown).size).toBe(shown.length)
    expect(shown.some((name) => name.includes('20280229T'))).toBe(true)
    // Names sort by time, but for the two days of the wrong clock.
    expect(shown.filter((name, i) => i > 0 && name < shown[i - 1]!)).toEqual([])
    // Nobody was woken but in the outage, and then from the 27th hour on, whatever the clocks did.
    const woken = levels.filter((level) => level.status !== 'OK')
    expect(woken[0]).toMatchObject({ status: 'WARNING', at: year.points.find((point) => local(point.takenAt).startsWith('2028-08-09'))!.takenAt + 26 * hour })
    expect(woken.every((level) => local(level.at) > '2028-08-10 04' && local(level.at) < '2028-08-13 02:31')).toBe(true)
    expect(woken.filter((level) => level.status === 'WARNING')).toHaveLength(6)
  }, 120_000)
})

describe('a year of calendars', () => {
  const runs = (text: string, count: number): readonly DateTime[] => nextRuns(parseCalendar(text), { start: DateTime.fromISO('2028-01-01T00:00:00', { zone: berlin }), count })

  it('runs a daily job once each day, also in the nights without and with two half past two', () => {
    const found = runs('FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0', 366)
    expect(found.map((run) => run.toISODate())).toEqual(Array.from({ length: 366 }, (_, index) => DateTime.fromObject({ year: 2028, ordinal: index + 1 }).toISODate()))
    const at = (date: string): string | undefined => found.find((run) => run.toISODate() === date)?.toISO({ suppressMilliseconds: true }) ?? undefined
    expect(['2028-02-29', '2028-03-26', '2028-03-27', '2028-10-29', '2028-10-30'].map(at)).toEqual(['2028-02-29T02:30:00+01:00', '2028-03-26T03:30:00+02:00', '2028-03-27T02:30:00+02:00', '2028-10-29T02:30:00+02:00', '2028-10-30T02:30:00+01:00'])
  })

  it('leaves no more than an hour without an hourly check beyond its own, all year', () => {
    const found = runs('FREQ=HOURLY;BYMINUTE=0;BYSECOND=0', 366 * 24 - 1)
    const gaps = found.slice(1).map((run, index) => (run.toMillis() - found[index]!.toMillis()) / hour)
    expect(Math.min(...gaps)).toBe(1)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2)
    expect(found.at(-1)!.toISO({ suppressMilliseconds: true })).toBe('2028-12-31T23:00:00+01:00')
  })

  it('knows the leap day and the last Sundays', () => {
    expect(runs('FREQ=YEARLY;BYMONTH=FEB;BYMONTHDAY=29;BYHOUR=4;BYMINUTE=0;BYSECOND=0', 2).map((run) => run.toISODate())).toEqual(['2028-02-29', '2032-02-29'])
    expect(runs('FREQ=MONTHLY;BYDAY=-1SUN;BYHOUR=2;BYMINUTE=30;BYSECOND=0', 12).map((run) => run.toISODate())).toEqual(['2028-01-30', '2028-02-27', '2028-03-26', '2028-04-30', '2028-05-28', '2028-06-25', '2028-07-30', '2028-08-27', '2028-09-24', '2028-10-29', '2028-11-26', '2028-12-31'])
  })
})

async function cleanAndCheck(it: Year): Promise<void> {
  const before = await it.kept()
  const result = await cleanSnapshots(it.deps())
  expect(result.failed).toBe(0)
  const kept = await it.kept()
  const names = new Set(kept.map((point) => point.name))
  const now = it.time.now()
  // By calendar days of the business, so an hour more or less is no reason to drop.
  const young = before.filter((point) => now - point.takenAt < 31 * day - hour)
  expect(young.filter((point) => !names.has(point.name))).toEqual([])
  expect(kept.length).toBeGreaterThanOrEqual(Math.min(2, before.length))
  expect(kept.length).toBeLessThanOrEqual(32 + 7 + 1)
  // One of each of the last six full months, and the newest proven one.
  const months = new Set(kept.map((point) => local(point.takenAt).slice(0, 7)))
  for (let back = 0; back <= 5; back += 1) {
    const month = DateTime.fromMillis(now, { zone: berlin }).minus({ months: back }).toFormat('yyyy-MM')
    if (it.points.some((point) => local(point.takenAt).startsWith(month))) expect(months).toContain(month)
  }
  const proven = it.ledgerEntries[0]
  if (proven !== undefined) expect(names).toContain(proven.snapshot)
}

/** Targets all over the last day: found by the true time, whatever the clocks showed. */
async function findMinutes(it: Year, at: number, minutes: number): Promise<void> {
  const snapshots: { id: string; name: string; createdAt: DateTime }[] = []
  for await (const snapshot of it.storage.listSnapshots()) snapshots.push(snapshot)
  const points = joinPoints(snapshots, await readPoints(it.areaPath))
  for (let target = at - day - 25 * 60_000; target <= at; target += minutes * 60_000) {
    if (target < (it.points.find((point) => points.some((kept) => kept.snapshot === point.name))?.min ?? Infinity)) continue
    const truth = it.points.find((point) => point.min <= target && target <= point.last)
    // A clock of this host that is behind must not take yesterday for tomorrow.
    const choice = choosePoint(points, { kind: 'time', time: new Date(target).toISOString() }, { now: new Date(it.host.now() - 40 * hour).toISOString() })
    const twice = DateTime.fromMillis(target, { zone: berlin }).toFormat('yyyy-MM-dd HH') === '2028-10-29 02' && offset(target) === '+01:00'
    if (twice) {
      expect(choice).toMatchObject({ kind: 'none', reason: expect.stringContaining('give an SCN') as unknown })
      continue
    }
    expect({ at: new Date(target).toISOString(), kind: choice.kind, time: 'targetTime' in choice ? choice.targetTime : choice }).toEqual({ at: new Date(target).toISOString(), kind: truth === undefined ? 'pair' : 'single', time: local(target) })
    if (choice.kind === 'single') expect(choice.point.snapshot).toBe(truth?.name)
    const bySeconds = choosePoint(points, { kind: 'scn', scn: scnAt(target) }, { now: new Date(it.host.now()).toISOString() })
    expect(bySeconds.kind).toBe(choice.kind)
  }
}
