import { tmpdir } from 'node:os'
import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { loopFilesystemLacks, makeLoopFilesystem } from '@icb/testing'
import type { LoopFilesystem, LoopFilesystemType } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localHarness } from './local-harness.ts'

// A directory has no pages, so a short listing shows all that a long one would.
const listingSize = 8

snapshotStorageSuite({ describe, it }, { name: 'local (plain copies)', listingSize, create: () => localHarness(tmpdir(), { mode: 'copy' }) })

const onLoop: readonly { readonly type: LoopFilesystemType; readonly mechanism: string; readonly atomic: boolean }[] = [
  { type: 'xfs', mechanism: 'reflink copies on xfs', atomic: false },
  { type: 'btrfs', mechanism: 'btrfs subvolume', atomic: true },
]

for (const { type, mechanism, atomic } of onLoop) {
  const lacking = loopFilesystemLacks(type)
  describe.skipIf(lacking !== undefined)(`on a ${type} image${lacking === undefined ? '' : ` (${lacking})`}`, () => {
    let filesystem: LoopFilesystem
    beforeAll(async () => {
      filesystem = await makeLoopFilesystem({ type })
    })
    afterAll(() => filesystem.dispose())

    it(`probing finds: ${mechanism}`, async () => {
      const harness = await localHarness(filesystem.path, {})
      try {
        expect((await harness.storage.describe()).mechanism).toBe(mechanism)
        expect(harness.storage.capabilities).toMatchObject({ atomic, thinClones: true })
      } finally {
        await harness.destroy()
      }
    })

    snapshotStorageSuite({ describe, it }, { name: `local (${mechanism})`, listingSize, create: () => localHarness(filesystem.path, {}) })
  })
}
