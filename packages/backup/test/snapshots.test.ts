import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findManifest, readPoints } from '@icb/recovery-point'
import { hasErrorCode, IcbError, newRunId } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { proveAreaIsVolume } from '../src/area.ts'
import { cleanSnapshots, createManualSnapshot, deleteSnapshot, listPoints, openArea, overdueDrops, pinSnapshot, readPins, unpinSnapshot } from '../src/index.ts'
import type { ManualSnapshotResult } from '../src/index.ts'
import { makeStand } from './stand.ts'
import type { Stand } from './stand.ts'

let stand: Stand
beforeEach(async () => {
  stand = await makeStand()
})
afterEach(() => stand.remove())

const day = 86_400_000

async function storageDependencies(target: Stand = stand): Promise<Awaited<ReturnType<Stand['dependencies']>>> {
  const deps = await target.dependencies()
  await deps.journal.close()
  return deps
}

async function manual(options: { readonly database?: boolean; readonly reason?: string } = {}): Promise<ManualSnapshotResult> {
  const { sql, rman, ...deps } = await storageDependencies()
  return createManualSnapshot({ ...deps, ...(options.database === false ? {} : { database: { sql, rman } }), runId: newRunId(stand.clock, 'cafe0001') }, options.reason === undefined ? {} : { reason: options.reason })
}

describe('what was written without redo', () => {
  it('is told with the point that cannot have it, until a refresh has read it', async () => {
    await stand.backup()
    const users = stand.database.datafiles.find((each) => each.file === 4)!
    Object.assign(users, { unrecoverableScn: stand.database.scn + 1n, unrecoverableTime: stand.database.now })
    stand.database.scn += 2n
    const told = (warnings: readonly { readonly code: string; readonly message: string }[]): readonly string[] => warnings.filter(({ code }) => code === 'ICB_BACKUP_WARN_UNLOGGED').map(({ message }) => message)
    const made = await manual()
    expect(told(made.warnings)).toEqual([expect.stringMatching(/^changed without redo since the copies were refreshed: datafile 4 at SCN \d+ \(.*\); a restore of this point to later/) as unknown])
    // It is whole but for those blocks.
    expect([made.entry?.state, made.entry?.remarks ?? []]).toEqual(['refreshed', []])
    const backup = await stand.backup()
    expect(told(backup.warnings)).toHaveLength(1)
    expect(backup.point).toMatchObject({ state: 'refreshed' })
    expect(told((await stand.backup()).warnings)).toEqual([])
  })
})

describe('image copies without a snapshot', () => {
  it('refreshes, keeps the window open, and drops no snapshot', async () => {
    await stand.backup()
    const first = (await stand.backup()).snapshot
    const before = await readPoints(stand.areaPath)
    const result = await stand.backup({ snapshot: false })
    expect(result).toMatchObject({ outcome: 'done', refresh: { merged: [1, 2, 3, 4] } })
    expect(result.snapshot).toBeUndefined()
    expect(result.steps.find((step) => step.name === 'snapshot-create')?.summary).toBe('none is wanted this time')
    expect(await readPoints(stand.areaPath)).toEqual(before)
    const names: string[] = []
    for await (const snapshot of stand.storage.listSnapshots()) names.push(snapshot.name)
    expect(names).toEqual([first?.name])
    // The next one has all redo since the refresh without a snapshot.
    const next = await stand.backup()
    expect(next.point).toMatchObject({ state: 'refreshed' })
    expect(next.point!.minScn).toBeGreaterThan(before.at(-1)!.minScn!)
  })
})

describe('a snapshot on demand', () => {
  it('[H29] switches logs and closes the window of the live copies', async () => {
    await stand.backup()
    const made = await manual({ reason: 'before the upgrade' })
    expect(made.warnings).toEqual([])
    expect(made.entry).toMatchObject({ state: 'refreshed' })
    expect(made.entry!.lastScn).toBeGreaterThan(made.entry!.minScn!)
    expect((await findManifest(stand.areaPath))?.digest).toBe(made.entry!.manifestDigest)
    expect([...stand.memory.volume.snapshots.values()][0]?.labels).toMatchObject({ 'icb-reason': 'before the upgrade', 'icb-last-scn': String(made.entry!.lastScn) })
  })

  it('is made of a damaged area too, and says what is missing', async () => {
    await stand.backup()
    await stand.database.switchLog()
    const gone = stand.database.logs.findLast((l) => l.name.startsWith(stand.areaPath))!
    await rm(gone.name)
    const made = await manual()
    expect(made.entry).toMatchObject({ state: 'damaged', remarks: [`archived log 1/${String(gone.sequence)} is missing`] })
    expect(made.warnings.map((w) => w.code)).toEqual(['ICB_BACKUP_WARN_GAP'])
    // Nothing was repaired behind the back of who asks.
    expect(stand.database.sent.some((s) => s.startsWith('rman: BACKUP FORCE AS COPY'))).toBe(false)
    expect((await findManifest(stand.areaPath))!.manifest.logs.map((l) => l.sequence)).toContain(gone.sequence)
    const [point] = await listPoints(await storageDependencies())
    expect(point).toMatchObject({ state: 'damaged', restorable: false })
  })

  it('marks a copy that is gone', async () => {
    await stand.backup()
    await rm(stand.database.copies[0]!.name)
    const made = await manual()
    expect(made.entry?.state).toBe('damaged')
    expect(made.warnings[0]?.code).toBe('ICB_BACKUP_WARN_DAMAGED')
  })

  it('is made without a database, reaching as far as is known', async () => {
    await stand.backup()
    stand.database.unreachable = true
    const away = await manual()
    expect(away.warnings.map((w) => w.code)).toEqual(['ICB_BACKUP_WARN_NO_DATABASE'])
    expect(away.entry).toMatchObject({ state: 'refreshed' })
    expect(away.entry!.lastScn).toBeUndefined()
    expect((await listPoints(await storageDependencies()))[0]?.restorable).toBeUndefined()
    expect((await manual({ database: false })).warnings.map((w) => w.code)).toEqual(['ICB_BACKUP_WARN_NO_DATABASE'])
  })

  it('of an area in the middle of a refresh is no recovery point', async () => {
    stand.database.rmanFailures.push({ match: /^RECOVER COPY/, messages: [{ code: 'ORA-1', text: 'x' }] })
    await stand.backup()
    const made = await manual()
    expect(made.entry?.state).toBe('refreshing')
  })

  it('refuses another database', async () => {
    await stand.backup()
    stand.database.uniqueName = 'other'
    await expect(manual()).rejects.toMatchObject({ code: 'ICB_BACKUP_REFUSED_IDENTITY' })
    expect(stand.memory.volume.snapshots.size).toBe(0)
  })

  it('is made where the area is not mounted, without an entry', async () => {
    await stand.backup()
    const deps = await storageDependencies()
    const { sql, rman } = deps
    const made = await createManualSnapshot({ ...deps, settings: { ...stand.settings, areaPath: join(stand.root, 'elsewhere') }, database: { sql, rman } })
    expect(made.entry).toBeUndefined()
    expect(made.warnings.map((w) => w.code)).toEqual(['ICB_BACKUP_WARN_UNKNOWN_POINT'])
  })
})

describe('the listing', () => {
  it('[H37] joins snapshots with index, verdicts and pins in one listing', async () => {
    await stand.backup()
    await stand.backup()
    await stand.backup()
    stand.memory.volume.addSnapshot('daily.0', false)
    const names = [...stand.memory.volume.snapshots.values()].map((s) => s.name)
    const verdict = (snapshot: string, outcome: 'passed' | 'failed' | 'inconclusive', runId: string, finishedAt: string) => ({
      runId, database: 'orcl', startedAt: finishedAt, host: 'h', state: 'closed' as const, snapshot,
      verdict: { schema: 1 as const, runId, database: 'orcl', outcome, reasons: [], warnings: [], snapshot, startedAt: finishedAt, finishedAt, host: 'h' },
    })
    stand.ledgerEntries.push(verdict(names[1]!, 'inconclusive', 'r3', '2026-01-03T00:00:00Z'), verdict(names[1]!, 'failed', 'r2', '2026-01-02T00:00:00Z'), verdict(names[0]!, 'passed', 'r1', '2026-01-01T00:00:00Z'))
    const deps = await storageDependencies()
    const listings = (): number => stand.memory.requests.filter((r) => r === 'listSnapshots').length
    const before = listings()
    const points = await listPoints(deps)
    expect(listings() - before).toBe(1)
    expect(points.map((p) => [p.snapshot.ours, p.state, p.restorable, p.proof?.outcome, p.provenAt])).toEqual([
      [true, 'refreshed', true, 'passed', '2026-01-01T00:00:00Z'],
      // Nobody can restore what failed its test, whatever the index promised; an inconclusive test says nothing.
      [true, 'refreshed', false, 'failed', undefined],
      [false, 'unknown', undefined, undefined, undefined],
    ])
  })
})

describe('retention', () => {
  async function age(count: number): Promise<void> {
    await stand.backup()
    for (let i = 0; i < count; i++) {
      stand.clock.offset += day
      await stand.backup()
    }
  }

  it('drops nothing more once the lease is lost: its plan is of a state that another run may have changed', async () => {
    await age(6)
    let dropped = 0
    const storage: SnapshotStorage = { ...stand.storage, deleteSnapshot: async (id, options) => { dropped += 1; await stand.storage.deleteSnapshot(id, options) } }
    const assertHeld = async (): Promise<void> => { if (dropped > 0) throw new IcbError({ code: 'ICB_LEASE_LOST', message: 'taken', remedy: 'operator' }) }
    const deps = { ...(await storageDependencies()), storage, lease: { assertHeld }, settings: { ...stand.settings, retention: { keepDays: 1, keepMonths: 0, minRedundancy: 2 } } }
    expect((await cleanSnapshots(deps, { dryRun: true })).outcomes.filter((o) => o.outcome === 'expired').length).toBeGreaterThan(1)
    await expect(cleanSnapshots(deps)).rejects.toMatchObject({ code: 'ICB_LEASE_LOST' })
    expect(dropped).toBe(1)
  })

  it('[H22] drops what the plan gives up and keeps foreign snapshots', async () => {
    stand.memory.volume.addSnapshot('daily.0', false)
    await age(5)
    const deps = { ...(await storageDependencies()), settings: { ...stand.settings, retention: { keepDays: 2, keepMonths: 0, minRedundancy: 2 } } }
    const dry = await cleanSnapshots(deps, { dryRun: true })
    expect(dry.outcomes.filter((o) => o.outcome === 'expired')).toHaveLength(dry.plan.decisions.filter((d) => d.action === 'drop').length)
    expect(stand.memory.volume.snapshots.size).toBe(6)
    const cleaned = await cleanSnapshots(deps)
    expect(cleaned.dropped).toBeGreaterThan(0)
    expect(cleaned.outcomes.find((o) => o.snapshot === 'daily.0')?.outcome).toBe('foreign')
    expect(stand.memory.volume.snapshotNamed('daily.0')).toBeDefined()
  })

  it('[H14] [H21] freezes while backups are overdue, also when snapshots go on but refreshes fail', async () => {
    await age(4)
    stand.database.rmanFailures.push({ match: /^RECOVER COPY/, messages: [{ code: 'ORA-1', text: 'x' }] })
    for (let i = 0; i < 4; i++) {
      stand.clock.offset += day
      await stand.backup()
    }
    const deps = { ...(await storageDependencies()), settings: { ...stand.settings, retention: { keepDays: 1, keepMonths: 0, minRedundancy: 1 } } }
    const frozen = await cleanSnapshots(deps)
    expect(frozen).toMatchObject({ dropped: 0, plan: { frozen: true } })
    const overridden = await cleanSnapshots(deps, { overrideFreeze: true })
    expect(overridden.dropped).toBeGreaterThan(0)
    expect((await listPoints(deps)).some((p) => p.restorable === true)).toBe(true)
  })

  it('[H16] [M:clones-keep] keeps a pinned snapshot, one with a clone, and tells a failed deletion', async () => {
    await age(6)
    const [oldest, second, third] = [...stand.memory.volume.snapshots.values()]
    const deps = { ...(await storageDependencies()), settings: { ...stand.settings, retention: { keepDays: 1, keepMonths: 0, minRedundancy: 1 } } }
    await pinSnapshot(deps, { snapshot: oldest!.name, reason: 'audit' })
    await stand.memory.createClone(second!.id, 'test')
    stand.memory.faults.add({ operation: 'deleteSnapshot', when: 'before', error: storageErrors.BUSY('array is busy') })
    const cleaned = await cleanSnapshots(deps)
    const outcome = (name: string) => cleaned.outcomes.find((o) => o.snapshot === name)
    expect(outcome(oldest!.name)).toMatchObject({ outcome: 'valid', reasons: ['pinned'] })
    expect(outcome(second!.name)?.outcome).toBe('valid')
    expect(outcome(third!.name)).toMatchObject({ outcome: 'failed', error: { code: 'ICB_STORAGE_BUSY' } })
    expect(cleaned.warnings.join()).toContain('array is busy')
    expect(cleaned.dropped).toBeGreaterThan(0)
  })

  it('knows which snapshots have outlived it, and why', async () => {
    await age(6)
    const [oldest, second, third] = [...stand.memory.volume.snapshots.values()]
    const deps = { ...(await storageDependencies()), settings: { ...stand.settings, retention: { keepDays: 1, keepMonths: 0, minRedundancy: 1 } } }
    await pinSnapshot(deps, { snapshot: oldest!.name, reason: 'audit' })
    await stand.memory.createClone(second!.id, 'test')
    const now = DateTime.fromMillis(deps.clock.now(), { zone: 'utc' })
    const drops = async (days: number, at = now): Promise<readonly (readonly [string, string])[]> => overdueDrops(await listPoints(deps), deps.settings, { now: at, since: now.minus({ days }), proofs: 'known' }).map((drop) => [drop.snapshot, drop.why] as const)
    // Whatever was due two days ago and is there: a pin is meant to hold, a clone is not.
    expect(await drops(2)).toEqual([[second!.name, 'clone'], [third!.name, 'failed']])
    expect(await drops(5)).toEqual([])
    expect((await drops(2, now.plus({ days: 4 }))).map(([, why]) => why)).toEqual(['clone', 'frozen'])
    await cleanSnapshots(deps)
    expect(await drops(2)).toEqual([[second!.name, 'clone']])
  })

  it('stops when pins cannot be read', async () => {
    await age(2)
    await writeFile(join(stand.areaPath, '.icb', 'pins.json'), '{ torn')
    await expect(cleanSnapshots(await storageDependencies())).rejects.toMatchObject({ code: 'ICB_BACKUP_PINS' })
  })
})

describe('pins', () => {
  it.each([['a storage with holds', true], ['a storage without', false]])('on %s protect until they are removed', async (_, holds) => {
    const own = await makeStand({ capabilities: { holds } })
    try {
      await own.backup()
      await own.backup()
      const deps = await storageDependencies(own)
      const name = [...own.memory.volume.snapshots.values()][0]!.name
      const pin = await pinSnapshot(deps, { snapshot: name, reason: 'audit', until: '2999-01-01T00:00:00+02:00' })
      expect(pin).toMatchObject({ kept: holds ? 'storage' : 'file', until: '2998-12-31T22:00:00.000Z' })
      expect(await readPins(deps)).toEqual([pin])
      await expect(deleteSnapshot(deps, { snapshot: name })).rejects.toMatchObject({ code: 'ICB_BACKUP_REFUSED_PINNED' })
      await unpinSnapshot(deps, { snapshot: name })
      await unpinSnapshot(deps, { snapshot: name })
      await deleteSnapshot(deps, { snapshot: name })
      expect(own.memory.volume.snapshots.size).toBe(0)
    } finally {
      await own.remove()
    }
  })

  it('of an unknown snapshot or with a wrong time are refused', async () => {
    await stand.backup()
    const deps = await storageDependencies()
    await expect(pinSnapshot(deps, { snapshot: 'nothing', reason: 'x' })).rejects.toMatchObject({ code: 'ICB_BACKUP_SNAPSHOT_UNKNOWN' })
    await expect(pinSnapshot(deps, { snapshot: 'nothing', reason: 'x', until: 'tomorrow' })).rejects.toMatchObject({ code: 'ICB_BACKUP_PINS' })
  })
})

describe('the area', () => {
  const table = (line: string): string => `21 1 8:1 / / rw - ext4 /dev/sda1 rw\n${line}\n`
  const nfs = (path: string) => async () => ({ name: 'v', mounts: [{ kind: 'nfs' as const, server: 'filer', path, options: 'rw' }], mechanism: 'x', warnings: [] })

  it('is proven by the mount table for NFS, the export or a directory below it', async () => {
    const { settings, areaPath } = stand
    const parent = stand.root
    await expect(openArea({ settings, storage: { ...stand.storage, describe: nfs('/export/orcl') }, mountTable: table(`40 21 0:50 / ${areaPath} rw - nfs4 filer:/export/orcl rw`) })).resolves.toMatchObject({ created: true })
    await expect(openArea({ settings, storage: { ...stand.storage, describe: nfs('/export/area') }, mountTable: table(`40 21 0:50 / ${parent} rw - nfs filer:/export rw`) })).resolves.toMatchObject({ created: false })
  })

  it('of several volumes is proven volume by volume, and tells where the further ones are', async () => {
    const { settings, areaPath } = stand
    const describe = async () => ({ ...(await nfs('/orcl')()), mounts: ['/orcl', '/orcl/2'].map((path) => ({ kind: 'nfs' as const, server: 'filer', path, options: 'rw' })) })
    const prove = (line: string): Promise<readonly string[]> => proveAreaIsVolume({ settings, storage: { ...stand.storage, describe }, mountTable: table(`40 21 0:50 / ${areaPath} rw - fuse.client filer:/orcl rw\n${line}`) })
    await expect(prove('')).rejects.toMatchObject({ code: 'ICB_BACKUP_REFUSED_AREA' })
    await mkdir(join(areaPath, '2'))
    await expect(prove(`41 40 0:51 / ${areaPath}/2 rw - nfs4 filer:/orcl/2 rw`)).resolves.toEqual([join(areaPath, '2')])
    await expect(prove(`41 40 0:51 / ${areaPath}/2 rw - nfs4 filer:/other/2 rw`)).rejects.toMatchObject({ code: 'ICB_BACKUP_REFUSED_AREA' })
  })

  it.each([
    ['not mounted', '', '/export/orcl'],
    ['of another server', 'other:/export/orcl', '/export/orcl'],
    ['another export', 'filer:/export/other', '/export/orcl'],
  ])('is refused when it is %s', async (_, source, path) => {
    const line = source === '' ? '' : `40 21 0:50 / ${stand.areaPath} rw - nfs4 ${source} rw`
    const refused = openArea({ settings: stand.settings, storage: { ...stand.storage, describe: nfs(path) }, mountTable: table(line) })
    await expect(refused).rejects.toSatisfy((e) => hasErrorCode(e, 'ICB_BACKUP_REFUSED_AREA'))
  })
})
