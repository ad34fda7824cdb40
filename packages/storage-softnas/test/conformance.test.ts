import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { makeSite, softnasHarness } from './bench.ts'
import type { Site } from './bench.ts'

describe('over the simulated server', () => {
  let site: Site
  beforeAll(async () => { site = await makeSite() })
  afterAll(() => site[Symbol.asyncDispose]())

  snapshotStorageSuite({ describe, it }, { name: 'softnas', repeat: 3, create: () => softnasHarness(site) })
})
