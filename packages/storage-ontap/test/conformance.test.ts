import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { afterAll, describe, it } from 'vitest'
import { filerHarness, sharedFiler } from './filer-bench.ts'

for (const release of ['9.6', '9.10', '9.16']) {
  describe(`on ONTAP ${release}`, () => {
    const filer = sharedFiler({ release, jobMs: 2 })
    afterAll(() => filer.dispose())
    for (const volumes of [1, 3]) {
      snapshotStorageSuite({ describe, it }, { name: `ontap ${release} (${volumes} volumes)`, provenance: 'name', listingSize: 6, repeat: 2, create: async () => filerHarness(await filer.get(), { volumes }) })
    }
  })
}
