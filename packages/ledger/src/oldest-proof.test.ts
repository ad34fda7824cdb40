import { expect, it } from 'vitest'
import { oldestProofFirst } from './oldest-proof.ts'
import type { LedgerEntry, VerdictOutcome } from './verdict.ts'

function entry(database: string, at: string, outcome?: VerdictOutcome): LedgerEntry {
  const base = { runId: `${database}-${at}`, database, startedAt: at, host: 'h' }
  if (outcome === undefined) return { ...base, state: 'running' }
  return { ...base, state: 'closed', verdict: { schema: 1, ...base, outcome, reasons: [], warnings: [], finishedAt: at } }
}

it('puts the never proven first, then the oldest proof; of equals the one tested longest ago', () => {
  const entries = [
    entry('a', '2026-01-05T00:00:00Z', 'passed'), entry('b', '2026-01-03T00:00:00Z', 'passed'), entry('b', '2026-01-06T00:00:00Z', 'failed'),
    entry('c', '2026-01-06T00:00:00Z', 'failed'), entry('d', '2026-01-04T00:00:00Z', 'inconclusive'), entry('e', '2026-01-06T01:00:00Z'),
  ]
  expect(oldestProofFirst(['a', 'b', 'c', 'd', 'e', 'f'], entries)).toEqual(['f', 'd', 'c', 'e', 'b', 'a'])
})
