import { inspect } from 'node:util'
import { silentLogger } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { snapshotName, validateAdapterOptions } from '@icb/storage-core'
import { DateTime } from 'luxon'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapter } from '../src/index.ts'
import { collect, contextFor, makeSite, openOn, openWithRetry, optionsFor, password } from './bench.ts'
import type { Site } from './bench.ts'
import type { Appliance } from '../../../tools/lab/src/appliance-zfssa/index.ts'

let names = 0
const fresh = (): string => snapshotName('orcl', DateTime.fromISO('2026-03-01T22:00:00Z').plus({ minutes: ++names }), 'host-1')

let site: Site
beforeAll(async () => {
  site = await makeSite()
})
afterAll(() => site[Symbol.asyncDispose]())

async function applianceWithShare(options: Parameters<Site['start']>[0] = {}): Promise<Appliance> {
  const appliance = await site.start(options)
  await appliance.engine.createShare({ project: 'backup', share: 'orcl' })
  return appliance
}

describe('certificates', () => {
  let appliance: Appliance
  beforeAll(async () => {
    appliance = await applianceWithShare()
  })

  it('[H41] are verified by default', async () => {
    const storage = await openOn(appliance, { ca: undefined })
    await expect(storage.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_TLS' })
  })

  it('may be pinned; a wrong pin sends nothing', async () => {
    const right = await openOn(appliance, { ca: undefined, fingerprint: appliance.certificate.fingerprint })
    await expect(right.describe()).resolves.toMatchObject({ name: 'orcl' })
    const before = appliance.requests().length
    const wrong = await openOn(appliance, { fingerprint: appliance.certificate.fingerprint.replace(/^../, (pair) => (pair === '00' ? '01' : '00')) })
    await expect(wrong.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_TLS' })
    expect(appliance.requests().length).toBe(before)
  })

  it('are compared with the name that is configured', async () => {
    await expect((await openOn(appliance, { serverName: 'zfssa.example.com' })).describe()).resolves.toBeDefined()
    await expect((await openOn(appliance, { serverName: 'other.example.com' })).describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_TLS' })
  })

  it('are left unverified only on request, and that is logged and described', async () => {
    const warnings: string[] = []
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message ?? '') }
    const storage = await openOn(appliance, { ca: undefined, insecure: true }, contextFor('orcl', logger))
    expect((await storage.describe()).warnings.join()).toContain('not verified')
    expect(warnings.join()).toContain('not verified')
  })

  it('a missing file is an error of the options', async () => {
    await expect(openOn(appliance, { ca: '/nowhere/ca.pem' })).rejects.toMatchObject({ code: 'ICB_STORAGE_OPTIONS' })
  })
})

describe('login', () => {
  it('a session that ended is renewed once, and ends with close', async () => {
    const appliance = await applianceWithShare()
    const storage = await openOn(appliance, { login: 'token' })
    const name = fresh()
    await storage.createSnapshot(name)
    appliance.directory.expireAll()
    expect((await collect(storage.listSnapshots())).map((snapshot) => snapshot.name)).toEqual([name])
    expect(appliance.requests(/^POST \/api\/access/)).toHaveLength(2)
    appliance.addFault({ match: /snapshots/, when: 'before', effect: 401, times: 2 })
    await expect(collect(storage.listSnapshots())).rejects.toMatchObject({ code: 'ICB_STORAGE_AUTH' })
    expect(appliance.requests(/^POST \/api\/access/)).toHaveLength(3)
    await storage.close?.()
    expect(appliance.directory.sessionCount).toBeLessThanOrEqual(1)
    expect(appliance.requests(/^DELETE \/api\/access/)).toHaveLength(1)
  })

  it('callers at once share one session', async () => {
    const appliance = await applianceWithShare()
    const storage = await openOn(appliance, { login: 'token' })
    await Promise.all(Array.from({ length: 8 }, () => storage.describe()))
    expect(appliance.requests(/^POST \/api\/access/)).toHaveLength(1)
    await storage.close?.()
  })

  it('a wrong password and a missing authorisation are AUTH, and no secret is in the error', async () => {
    const appliance = await applianceWithShare()
    const wrong = await openOn(appliance, { credentials: { user: 'icb', password: { literal: 'wrong-passw0rd' } } })
    const first: unknown = await wrong.describe().catch((error: unknown) => error)
    expect(first).toMatchObject({ code: 'ICB_STORAGE_AUTH', details: { fault: 'ERR_UNAUTHORIZED' } })
    const viewer = await openOn(appliance, { credentials: { user: 'viewer', password: { literal: password } } })
    const second: unknown = await viewer.createSnapshot(fresh()).catch((error: unknown) => error)
    expect(second).toMatchObject({ code: 'ICB_STORAGE_AUTH' })
    appliance.addFault({ match: /./, when: 'before', effect: 'reset' })
    const third: unknown = await viewer.describe().catch((error: unknown) => error)
    const shown = inspect([first, second, third], { depth: 20, showHidden: true })
    for (const secret of ['wrong-passw0rd', password, Buffer.from(`viewer:${password}`).toString('base64')]) expect(shown).not.toContain(secret)
  })
})

describe('cluster', () => {
  it('goes on at the peer after a takeover, also with a session and in the middle of a change', async () => {
    const appliance = await applianceWithShare({ nodes: 2 })
    const storage = await openWithRetry(appliance, { peerUrl: appliance.urls[1], login: 'token' })
    const [first, second] = [fresh(), fresh()]
    await storage.createSnapshot(first)
    await appliance.takeover()
    await storage.createSnapshot(second)
    expect((await collect(storage.listSnapshots())).map(({ name }) => name)).toEqual([first, second])
    await appliance.failback()
    appliance.addFault({ match: /^POST .*snapshots$/, when: 'after', effect: 'reset' })
    const third = fresh()
    await storage.createSnapshot(third)
    expect((await collect(storage.listSnapshots())).map(({ name }) => name)).toEqual([first, second, third])
  })

  it('a node without the pool is never believed that something is gone', async () => {
    const appliance = await applianceWithShare({ nodes: 2 })
    const [alone, cluster] = [await openOn(appliance), await openOn(appliance, { peerUrl: appliance.urls[1] })]
    const name = fresh()
    const { id } = await alone.createSnapshot(name)
    const clone = await alone.createClone(id, 'orcl-test')
    await appliance.takeover({ keepsRunning: true })
    await expect(alone.deleteSnapshot(id)).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    await expect(alone.deleteClone(clone.id)).rejects.toMatchObject({ code: 'ICB_STORAGE_NOT_FOUND' })
    await cluster.deleteClone(clone.id)
    await cluster.deleteSnapshot(id)
    expect(await collect(cluster.listSnapshots())).toEqual([])
  })

  it('two dead nodes are UNREACHABLE', async () => {
    const appliance = await applianceWithShare({ nodes: 2 })
    const storage = await openOn(appliance, { peerUrl: appliance.urls[1] })
    await appliance[Symbol.asyncDispose]()
    await expect(storage.describe()).rejects.toMatchObject({ code: 'ICB_STORAGE_UNREACHABLE', remedy: 'retry' })
  })
})

describe('answers that do not come', () => {
  it.each(['hang', 'slow-body'] as const)('%s: the deadline ends the call, the change is found', async (effect) => {
    const appliance = await applianceWithShare()
    const storage = await openOn(appliance, { timeoutSeconds: 0.6 })
    appliance.addFault({ match: /^POST .*snapshots$/, when: 'after', effect })
    const name = fresh()
    expect((await storage.createSnapshot(name)).name).toBe(name)
    appliance.addFault({ match: /^POST .*snapshots$/, when: 'before', effect: 'hang' })
    await expect(storage.createSnapshot(fresh())).rejects.toMatchObject({ code: 'ICB_STORAGE_UNREACHABLE' })
  })

  it('a caller that gives up is not kept', async () => {
    const appliance = await applianceWithShare()
    const storage = await openOn(appliance)
    appliance.addFault({ match: /^GET .*filesystems/, when: 'before', effect: 'hang' })
    const reason = new Error('enough')
    const giveUp = new AbortController()
    const call = storage.describe({ signal: giveUp.signal })
    giveUp.abort(reason)
    await expect(call).rejects.toBe(reason)
  })

  it.each([
    [503, 'ICB_STORAGE_BUSY'],
    [500, 'ICB_STORAGE_PROTOCOL'],
    ['html', 'ICB_STORAGE_UNREACHABLE'],
    ['reset', 'ICB_STORAGE_UNREACHABLE'],
    ['garbage', 'ICB_STORAGE_PROTOCOL'],
  ] as const)('%s is %s', async (effect, code) => {
    const appliance = await applianceWithShare()
    const storage = await openOn(appliance)
    appliance.addFault({ match: /^GET/, when: 'before', effect })
    await expect(storage.describe()).rejects.toMatchObject({ code })
  })
})

describe('options', () => {
  it('are strict', async () => {
    const appliance = await applianceWithShare()
    for (const wrong of [{ url: 'http://zfssa:215' }, { url: undefined }, { pool: 'a/b' }, { project: '../x' }, { fingerprint: 'AA:BB' }, { poool: 'x' }, { credentials: undefined }, { concurrency: 0 }]) {
      expect(() => validateAdapterOptions(adapter, optionsFor(appliance, wrong)), inspect(wrong)).toThrow(expect.objectContaining({ code: 'ICB_STORAGE_OPTIONS' }))
    }
    for (const right of [{ apiVersion: '2' }, { apiVersion: 'auto' }, { insecure: 'false' }, { concurrency: '2' }]) expect(() => validateAdapterOptions(adapter, optionsFor(appliance, right))).not.toThrow()
  })
})
