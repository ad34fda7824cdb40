import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createZfsEngine, makeZfsPool, zfsPoolLacks } from '../../../tools/lab/src/appliance-zfssa/index.ts'
import type { Appliance, ZfsPool } from '../../../tools/lab/src/appliance-zfssa/index.ts'
import { makeSite, zfssaHarness } from './bench.ts'
import type { Site } from './bench.ts'

const lacking = zfsPoolLacks()

describe.skipIf(lacking !== undefined)(`over a real ZFS (zfs-fuse)${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  let site: Site
  let pool: ZfsPool
  let appliance: Appliance
  beforeAll(async () => {
    site = await makeSite()
    pool = await makeZfsPool()
    appliance = await site.start({ engine: await createZfsEngine(pool, 'pool-0') })
  })
  afterAll(async () => {
    await site[Symbol.asyncDispose]()
    await pool.dispose()
  })

  snapshotStorageSuite({ describe, it }, { name: 'zfssa (v1)', provenance: 'name', repeat: 3, listingSize: 8, create: () => zfssaHarness(appliance, { effect: 500 }) })
  snapshotStorageSuite({ describe, it }, { name: 'zfssa (v2)', provenance: 'name', repeat: 2, listingSize: 5, create: () => zfssaHarness(appliance, { effect: 'garbage', options: { apiVersion: 'auto' } }) })
})
