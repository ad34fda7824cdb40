import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import { afterAll, describe, it } from 'vitest'
import { filerHarness, sharedFiler } from './filer-bench.ts'
import type { BenchOptions } from './filer-bench.ts'

/** Runs the conformance kit on a filer of this release, with small pages; `chaos` is the chance of a fault per request. */
export function conformOn(release: string, cases: readonly (BenchOptions & { readonly chaos?: number })[]): void {
  const filer = sharedFiler({ release, jobMs: 2 })
  afterAll(() => filer.dispose())
  for (const options of cases) {
    const name = `ontap ${release}, ${String(options.volumes)} volumes${options.chaos === undefined ? '' : ', with faults'}`
    const create = async (): ReturnType<typeof filerHarness> => {
      const running = await filer.get()
      await running.control({ do: 'settings', settings: { pageSize: 4, ...(options.chaos === undefined ? { visibilityMs: 0, cloneBusyMs: 0 } : { visibilityMs: 3, cloneBusyMs: 3 }) } })
      return filerHarness(running, options)
    }
    snapshotStorageSuite({ describe, it }, { name, provenance: 'name', listingSize: 6, repeat: 2, create })
  }
}
