import { request as send } from 'node:https'
import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Appliance } from '../../../tools/lab/src/appliance-zfssa/index.ts'
import { makeSite, zfssaHarness } from './bench.ts'
import type { Site } from './bench.ts'

describe('over the directory engine', () => {
  let site: Site
  let appliance: Appliance
  let seconds = 1_772_402_400
  const tick = (): void => {
    seconds += 1
  }
  beforeAll(async () => {
    site = await makeSite()
    appliance = await site.start({ nodes: 2, now: () => seconds })
    const admin = { Authorization: `Basic ${Buffer.from('admin:admin-0815').toString('base64')}` }
    await request(appliance, '/api/storage/v1/schema', admin, { property: 'icb', description: 'made by icb', type: 'String' })
  })
  afterAll(() => site[Symbol.asyncDispose]())

  snapshotStorageSuite({ describe, it }, { name: 'zfssa (v1, basic, small pages)', provenance: 'name', create: () => zfssaHarness(appliance, { tick, options: { pageSize: 10 } }) })
  snapshotStorageSuite({ describe, it }, { name: 'zfssa (v2, session, cluster, clones with a mark)', provenance: 'name', create: () => zfssaHarness(appliance, { tick, effect: 'html', options: { apiVersion: 2, login: 'token', peerUrl: appliance.urls[1], markProperty: 'icb' } }) })
})

async function request(appliance: Appliance, path: string, headers: Readonly<Record<string, string>>, body: object): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const outgoing = send(`${appliance.urls[0] ?? ''}${path}`, { method: 'POST', ca: appliance.certificate.cert, headers: { ...headers, 'Content-Type': 'application/json' } }, (incoming) => {
      incoming.resume().once('end', resolve)
    })
    outgoing.once('error', reject).end(JSON.stringify(body))
  })
}
