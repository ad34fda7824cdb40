import { storageErrors } from '@icb/storage-core'

export interface ZfsValue {
  readonly value: string
  readonly source: string
}

/** Properties of datasets and snapshots, in the order zfs printed them. */
export type ZfsTable = ReadonlyMap<string, ReadonlyMap<string, ZfsValue>>

/** Columns to ask `zfs get` for. */
export const columns = 'name,property,value,source'

/** Reads the output of `zfs get -H -p -o name,property,value,source`: one property a line, split by tabs only, as names may contain spaces. */
export function readTable(lines: readonly string[]): ZfsTable {
  const table = new Map<string, Map<string, ZfsValue>>()
  for (const line of lines) {
    const [name, property, value, source, ...rest] = line.split('\t')
    if (name === undefined || property === undefined || value === undefined || source === undefined || rest.length > 0) {
      throw storageErrors.PROTOCOL(`zfs get printed a line that is not ${columns}: ${line.slice(0, 200)}`)
    }
    let entry = table.get(name)
    if (entry === undefined) table.set(name, (entry = new Map<string, ZfsValue>()))
    entry.set(property, { value, source })
  }
  return table
}

/** A number printed by `-p`, exactly. `-` and what is missing are `undefined`. */
export function numberOf(entry: ReadonlyMap<string, ZfsValue>, property: string): bigint | undefined {
  const value = entry.get(property)?.value
  return value !== undefined && /^\d+$/.test(value) ? BigInt(value) : undefined
}

/** A text that is not `-` or `none`. */
export function textOf(entry: ReadonlyMap<string, ZfsValue>, property: string): string | undefined {
  const value = entry.get(property)?.value
  return value === undefined || value === '-' || value === 'none' || value === '' ? undefined : value
}

/** A user property that was set on this very object: snapshots and children also show what they inherit. */
export function ownText(entry: ReadonlyMap<string, ZfsValue>, property: string): string | undefined {
  const found = entry.get(property)
  return found?.source === 'local' ? found.value : undefined
}
