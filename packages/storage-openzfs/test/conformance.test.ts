import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { snapshotName } from '@icb/storage-core'
import { makeZfsPool, zfsPoolLacks } from '@icb/testing'
import type { ZfsPool } from '@icb/testing'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect, fakeSsh, openOn, openZfsHarness } from './bench.ts'

const lacking = zfsPoolLacks()
const now = DateTime.fromISO('2026-03-01T22:00:00Z', { zone: 'utc' })

describe.skipIf(lacking !== undefined)(`on a real pool (zfs-fuse)${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  let pool: ZfsPool
  beforeAll(async () => {
    pool = await makeZfsPool()
  })
  afterAll(() => pool.dispose())

  snapshotStorageSuite({ describe, it }, { name: 'openzfs', listingSize: 12, repeat: 4, create: () => openZfsHarness(pool) })

  it('does the same through a remote shell, and names the server in mount sources', async () => {
    const ssh = await fakeSsh()
    try {
      const { storage, runner } = await openZfsHarness(pool, { host: 'filer', user: 'icb', port: 2222, ssh: ssh.path })
      const name = snapshotName('orcl', now, 'host-1')
      const snapshot = await storage.createSnapshot(name, { labels: { note: `it's "$HOME" ; \`id\` ü\n` } })
      const clone = await storage.createClone(snapshot.id, 'orcl-test')
      expect(clone.mounts).toMatchObject([{ kind: 'nfs', server: 'filer', path: expect.stringMatching(/\/orcl-test$/) }])
      const listed = await collect(storage.listSnapshots())
      expect(listed).toMatchObject([{ name, ours: true, hasClones: true, labels: { note: `it's "$HOME" ; \`id\` ü\n` } }])
      await storage.deleteClone(clone.id)
      await storage.deleteSnapshot(snapshot.id)
      expect(await collect(storage.listSnapshots())).toEqual([])
      expect(runner.commands.every((args) => args.includes('BatchMode=yes') && args.includes('StrictHostKeyChecking=yes') && args.includes('icb@filer'))).toBe(true)
    } finally {
      await ssh.dispose()
    }
  })

  it('keeps holds of others and lets a hold of its own expire', async () => {
    const { storage, dataset, runner } = await openZfsHarness(pool)
    const { id } = await storage.createSnapshot(snapshotName('orcl', now, 'host-2'))
    await storage.hold(id, { reason: 'over', until: DateTime.fromMillis(1000) })
    await storage.deleteSnapshot(id)
    await storage.createSnapshot(id)
    const hold = await runner.runProcess({ file: pool.zfs, args: ['hold', 'somebody', `${dataset}@${id}`], env: { PATH: '/usr/bin:/bin' }, deadlineMs: 10_000 })
    expect(hold.exitCode).toBe(0)
    await expect(storage.deleteSnapshot(id)).rejects.toMatchObject({ code: 'ICB_STORAGE_LOCKED' })
  })

  it('says NOT_FOUND for a dataset that is missing, also in doctor', async () => {
    const { runner } = await openZfsHarness(pool)
    const storage = await openOn({ dataset: 'tank/none/orcl', zfs: pool.zfs }, runner.runProcess)
    await expect(storage.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    await expect(storage.createSnapshot(snapshotName('orcl', now, 'host-3'))).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    await expect(collect(storage.listSnapshots())).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
  })
})
