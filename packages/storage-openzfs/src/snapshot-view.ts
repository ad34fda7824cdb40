import { isOurSnapshotName } from '@icb/storage-core'
import type { Snapshot } from '@icb/storage-core'
import { labelsProperty, holdProperty, ownerProperty, readHold, readLabels, utcSeconds } from './marks.ts'
import type { HoldMark } from './marks.ts'
import { numberOf, ownText, textOf } from './properties.ts'
import type { ZfsTable, ZfsValue } from './properties.ts'

/** One snapshot name over all datasets of the area. */
export interface SnapshotFacts {
  readonly view: Snapshot
  /** Datasets that have it, in the order of the options. */
  readonly datasets: readonly string[]
  /** On every dataset of the area. */
  readonly complete: boolean
  readonly held: boolean
  readonly hold: HoldMark | undefined
  /** Names of clones, where this ZFS tells them. */
  readonly clones: readonly string[]
  /** For the order within one second. */
  readonly txg: bigint
}

type Entry = ReadonlyMap<string, ZfsValue>

const sum = (values: readonly (bigint | undefined)[]): bigint => values.reduce<bigint>((total, value) => total + (value ?? 0n), 0n)
const largest = (values: readonly (bigint | undefined)[]): bigint => values.reduce<bigint>((most, value) => (value !== undefined && value > most ? value : most), 0n)

/** Joins the rows of one listing to snapshots of the whole area. */
export function snapshotFacts(table: ZfsTable, datasets: readonly string[], database: string): Map<string, SnapshotFacts> {
  const byName = new Map<string, Map<string, Entry>>()
  for (const [fullName, entry] of table) {
    const at = fullName.indexOf('@')
    const name = fullName.slice(at + 1)
    let rows = byName.get(name)
    if (rows === undefined) byName.set(name, (rows = new Map<string, Entry>()))
    rows.set(fullName.slice(0, at), entry)
  }
  return new Map([...byName].map(([name, rows]) => [name, factsOf(name, rows, datasets, database)]))
}

function factsOf(name: string, rows: ReadonlyMap<string, Entry>, datasets: readonly string[], database: string): SnapshotFacts {
  const entries = [...rows.values()]
  const all = (property: string): (bigint | undefined)[] => entries.map((entry) => numberOf(entry, property))
  const marked = entries.every((entry) => ownText(entry, ownerProperty) === database)
  const [first] = entries
  const held = all('userrefs').some((count) => (count ?? 0n) > 0n)
  const hold = first === undefined ? undefined : readHold(ownText(first, holdProperty))
  const clones = entries.flatMap((entry) => textOf(entry, 'clones')?.split(',') ?? [])
  const hasClones = clones.length > 0 || all('numclones').some((count) => (count ?? 0n) > 0n)
  return {
    view: {
      id: name,
      name,
      createdAt: utcSeconds(largest(all('creation'))),
      ours: marked && isOurSnapshotName(name, database),
      spaceTotal: sum(all('referenced')),
      spaceUnique: sum(all('used')),
      hasClones,
      ...(held && hold?.until !== undefined ? { lockedUntil: utcSeconds(BigInt(Math.floor(hold.until / 1000))) } : {}),
      labels: readLabels(first === undefined ? undefined : ownText(first, labelsProperty)),
    },
    datasets: datasets.filter((dataset) => rows.has(dataset)),
    complete: datasets.every((dataset) => rows.has(dataset)),
    held,
    hold,
    clones,
    txg: largest(all('createtxg')),
  }
}
