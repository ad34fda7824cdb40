import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { doradoHarness, makeSite } from './bench.ts'
import type { Site } from './bench.ts'

describe('over the simulated array', () => {
  let site: Site
  beforeAll(async () => { site = await makeSite() })
  afterAll(() => site[Symbol.asyncDispose]())

  snapshotStorageSuite({ describe, it }, { name: 'huaweidorado', provenance: 'name', repeat: 3, create: () => doradoHarness(site) })
})
