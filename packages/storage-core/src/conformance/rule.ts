import assert from 'node:assert/strict'
import { isIcbError } from '@icb/runtime'
import { storageErrorCatalogue } from '../errors.ts'
import type { Clone, Snapshot, SnapshotStorage, StorageCapabilities } from '../snapshot-storage.ts'
import type { ConformanceHarness } from './harness.ts'

type Ability = Exclude<{ [K in keyof StorageCapabilities]: StorageCapabilities[K] extends boolean ? K : never }[keyof StorageCapabilities], undefined>
type Offer = Exclude<{ [K in keyof ConformanceHarness]: undefined extends ConformanceHarness[K] ? K : never }[keyof ConformanceHarness], undefined>

/** What a rule cannot be checked without: an ability of the storage, or something the harness offers. */
export type RuleNeed = { readonly capability: Ability } | { readonly harness: Offer }

/** One sentence of the contract with its check. */
export interface ConformanceRule {
  /** Stable, dotted: `snapshot.create.idempotent`. */
  readonly id: string
  /** The requirement: `a repeated creation answers with the first snapshot`. */
  readonly title: string
  readonly needs: readonly RuleNeed[]
  check(run: RuleRun): Promise<void>
}

/** What the check of one rule works with. */
export interface RuleRun {
  readonly harness: ConformanceHarness
  readonly storage: SnapshotStorage
  readonly database: string
  /** How often lifecycle calls are repeated. */
  readonly repeat: number
  /** How many snapshots make a listing long enough for several pages. */
  readonly listingSize: number
  /** `mark`: the storage tells its own snapshot from a foreign one whose name follows the grammar; `name`: only the name tells. */
  readonly provenance: 'mark' | 'name'
  /** A fresh snapshot name by the grammar; later names sort later. */
  readonly snapshotName: () => string
  /** A fresh clone name. */
  readonly cloneName: () => string
  /** Notes a name that the check made up itself, so that it is cleaned up. */
  readonly madeSnapshot: (name: string) => string
}

export function rule(id: string, title: string, needs: readonly RuleNeed[], check: (run: RuleRun) => Promise<void>): ConformanceRule {
  return { id, title, needs, check }
}

export async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const element of elements) found.push(element)
  return found
}

export async function snapshotsNamed(storage: SnapshotStorage, name: string): Promise<Snapshot[]> {
  return (await collect(storage.listSnapshots())).filter((snapshot) => snapshot.name === name)
}

export async function clonesNamed(storage: SnapshotStorage, name: string): Promise<Clone[]> {
  return (await collect(storage.listClones())).filter((clone) => clone.name === name)
}

/** Asserts that `call` fails with the storage error `ICB_STORAGE_<name>` as the catalogue describes it. */
export async function expectError(name: string, what: string, call: () => Promise<unknown>): Promise<void> {
  const code = `ICB_STORAGE_${name}`
  const error = await failureOf(call)
  assert.ok(error !== undefined, `${what}: expected ${code}, but it succeeded`)
  assert.ok(isIcbError(error.value), `${what}: expected an IcbError ${code}, got ${String(error.value)}`)
  assert.equal(error.value.code, code, `${what}: ${error.value.message}`)
  const entry = storageErrorCatalogue.find((candidate) => candidate.code === code)
  assert.equal(error.value.remedy, entry?.remedy, `${what}: the remedy of ${code}`)
}

/** What `call` threw, boxed, or `undefined`. */
export async function failureOf(call: () => Promise<unknown>): Promise<{ readonly value: unknown } | undefined> {
  try {
    await call()
    return undefined
  } catch (value) {
    return { value }
  }
}
