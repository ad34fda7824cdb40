import { randomBytes } from 'node:crypto'
import { DateTime } from 'luxon'
import { snapshotName } from '../snapshot-name.ts'
import { hasHolds } from '../snapshot-storage.ts'
import { abilityRules } from './ability-rules.ts'
import { capabilityRules } from './capability-rules.ts'
import { cloneRules } from './clone-rules.ts'
import { creationRules } from './creation-rules.ts'
import { deletionRules } from './deletion-rules.ts'
import type { ConformanceHarness } from './harness.ts'
import { listingRules } from './listing-rules.ts'
import { collect } from './rule.ts'
import type { ConformanceRule, RuleNeed, RuleRun } from './rule.ts'

/** Every rule of the contract that the kit checks, in the order of the checks. */
export const snapshotStorageRules: readonly ConformanceRule[] = [...capabilityRules, ...creationRules, ...listingRules, ...deletionRules, ...cloneRules, ...abilityRules]

/** The functions of the test runner; those of vitest and node:test fit as they are. */
export interface TestFunctions {
  readonly describe: (name: string, body: () => void) => unknown
  readonly it: (name: string, body: (context: { skip: (reason?: string) => unknown }) => Promise<void>) => unknown
}

export interface SnapshotStorageSuiteOptions {
  /** Name of the adapter, for the report. */
  readonly name: string
  /** A fresh harness; called once per rule. Its volume may be shared with other runs: the kit looks only at names it made. */
  readonly create: () => Promise<ConformanceHarness>
  /** Default `mark`. `name`: the storage has no place for a mark, so that only the name tells ours from foreign. */
  readonly provenance?: 'mark' | 'name'
  /** How often lifecycle calls are repeated. Default 5. */
  readonly repeat?: number
  /** Snapshots in the paging checks; more than one page of the storage. Default 25. */
  readonly listingSize?: number
}

/**
 * Declares one test per rule of the contract. What the storage declares it cannot do, or the harness does not offer, is
 * skipped with that as its reason; nothing is passed unseen.
 */
export function snapshotStorageSuite(test: TestFunctions, options: SnapshotStorageSuiteOptions): void {
  test.describe(`${options.name} keeps the storage contract`, () => {
    for (const rule of snapshotStorageRules) {
      test.it(`${rule.id}: ${rule.title}`, async (context) => {
        const harness = await options.create()
        const lacking = rule.needs.map((need) => whatLacks(need, harness)).filter((reason) => reason !== undefined)
        if (lacking.length > 0) {
          await harness.destroy()
          // vitest leaves the test here by an exception, node:test goes on.
          context.skip(lacking.join('; '))
          return
        }
        const { run, cleanUp } = prepareRun(harness, options)
        try {
          await rule.check(run)
        } finally {
          await cleanUp()
        }
      })
    }
  })
}

function whatLacks(need: RuleNeed, harness: ConformanceHarness): string | undefined {
  if ('capability' in need) return harness.storage.capabilities[need.capability] ? undefined : `the storage declares "${need.capability}: false"`
  return harness[need.harness] === undefined ? `the harness does not offer "${need.harness}"` : undefined
}

function prepareRun(harness: ConformanceHarness, options: SnapshotStorageSuiteOptions): { readonly run: RuleRun; readonly cleanUp: () => Promise<void> } {
  const { storage, database } = harness
  const session = randomBytes(4).toString('hex')
  const snapshots = new Set<string>()
  const clones = new Set<string>()
  const start = DateTime.fromISO('2026-03-01T00:00:00Z', { zone: 'utc' })

  const noted = (names: Set<string>, name: string): string => {
    names.add(name)
    return name
  }
  const run: RuleRun = {
    harness,
    storage,
    database,
    repeat: options.repeat ?? 5,
    listingSize: options.listingSize ?? 25,
    provenance: options.provenance ?? 'mark',
    snapshotName: () => noted(snapshots, snapshotName(database, start.plus({ minutes: snapshots.size }), `${session}-${snapshots.size}`)),
    cloneName: () => noted(clones, `${database}-clone-${session}${clones.size}`),
    madeSnapshot: (name) => noted(snapshots, name),
  }

  /** Removes what the rule made, as far as a perhaps broken storage allows; `destroy` answers for the rest. */
  const removeMade = async (): Promise<void> => {
    await harness.clearFaults?.()
    for (const { id, name } of await collect(storage.listClones())) {
      if (clones.has(name)) await storage.deleteClone(id).catch(() => undefined)
    }
    for (const { id, name, ours } of await collect(storage.listSnapshots())) {
      if (!snapshots.has(name) || !ours) continue
      if (hasHolds(storage)) await storage.releaseHold(id).catch(() => undefined)
      await storage.deleteSnapshot(id).catch(() => undefined)
    }
  }
  const cleanUp = async (): Promise<void> => {
    try {
      await removeMade().catch(() => undefined)
      await storage.close?.()
    } finally {
      await harness.destroy()
    }
  }
  return { run, cleanUp }
}
