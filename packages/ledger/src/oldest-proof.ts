import type { LedgerEntry } from './verdict.ts'

/**
 * Databases in the order in which a proof is most missing: never proven first, then by the time of the last passed test; of equals
 * the one that was tested longest ago, so that one that always fails does not keep the others waiting.
 */
export function oldestProofFirst(databases: readonly string[], entries: readonly LedgerEntry[]): readonly string[] {
  const proven = new Map<string, number>()
  const tested = new Map<string, number>()
  for (const { database, startedAt, verdict } of entries) {
    tested.set(database, Math.max(tested.get(database) ?? 0, Date.parse(startedAt)))
    if (verdict?.outcome === 'passed') proven.set(database, Math.max(proven.get(database) ?? 0, Date.parse(verdict.finishedAt)))
  }
  const at = (times: ReadonlyMap<string, number>, name: string): number => times.get(name) ?? 0
  return [...databases].sort((a, b) => at(proven, a) - at(proven, b) || at(tested, a) - at(tested, b))
}
