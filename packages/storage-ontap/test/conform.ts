import { snapshotStorageSuite } from '@icb/storage-core/conformance'
import type { ConformanceRule } from '@icb/storage-core/conformance'
import { afterAll, describe, it } from 'vitest'
import { filerHarness, sharedFiler } from './filer-bench.ts'
import type { BenchOptions } from './filer-bench.ts'

interface Case extends BenchOptions {
  readonly volumes: number
  /** Chance of a fault per request. */
  readonly chaos?: number
}

/** One volume and three, each without faults and with faults by chance in every call. */
const cases: readonly Case[] = [{ volumes: 1, options: { holds: true } }, { volumes: 3, options: { holds: true } }, { volumes: 1, chaos: 0.03 }, { volumes: 3, chaos: 0.03 }]

/** Runs the conformance kit on a filer of this release, with small pages. */
export function conformOn(release: string): void {
  const filer = sharedFiler({ release, jobMs: 2 })
  afterAll(() => filer.dispose())
  for (const options of cases) {
    const { volumes, chaos } = options
    const create = async (): ReturnType<typeof filerHarness> => {
      const running = await filer.get()
      await running.control({ do: 'settings', settings: { pageSize: 4, ...(chaos === undefined ? { visibilityMs: 0, cloneBusyMs: 0 } : { visibilityMs: 3, cloneBusyMs: 3 }) } })
      return filerHarness(running, options)
    }
    // Faults by chance show in what changes and lists; rules that plan a fault or count requests want a quiet filer. One volume has no halves.
    const rules = (rule: ConformanceRule): boolean => {
      const needs = rule.needs.map((need) => ('harness' in need ? need.harness : need.capability))
      if (volumes === 1 && needs.includes('makeHalfSnapshot')) return false
      return chaos === undefined || (/^(?:(?:snapshot|clone)\.(?:create|delete)|leftovers|listing\.complete)/.test(rule.id) && !needs.includes('injectFault'))
    }
    snapshotStorageSuite({ describe, it }, { name: `ontap ${release}, ${String(volumes)} volumes${chaos === undefined ? '' : ', with faults'}`, provenance: 'name', listingSize: 6, repeat: 2, rules, create })
  }
}
