import type { LedgerEntry } from './verdict.ts'

/** What the rows of one database add up to. Times ISO UTC. */
export interface ProofStatistics {
  readonly database: string
  readonly tests: number
  readonly passed: number
  readonly failed: number
  readonly inconclusive: number
  /** Tests that began and have no verdict. */
  readonly running: number
  readonly lastTestedAt?: string
  readonly lastOutcome?: 'passed' | 'failed' | 'inconclusive'
  /** Codes of the newest verdict. */
  readonly lastReasons: readonly string[]
  readonly lastProvenAt?: string
  readonly lastValidatedAt?: string
  /** Tests since the last passed one, newest counted: 0 when the newest passed. */
  readonly failuresInARow: number
  /** Measured RTO: seconds from the clone request to the open database, of passed tests. */
  readonly restoreSeconds?: { readonly last: number; readonly median: number; readonly worst: number }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** Of one database; `entries` in any order, other databases are ignored. Restores that somebody asked for count as no test. */
export function proofStatistics(database: string, entries: readonly LedgerEntry[]): ProofStatistics {
  const own = entries.filter((entry) => entry.database === database && entry.verdict?.action !== 'restore').sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
  const verdicts = own.flatMap((entry) => (entry.verdict === undefined ? [] : [entry.verdict]))
  const count = (outcome: string): number => verdicts.filter((verdict) => verdict.outcome === outcome).length
  const [newest] = verdicts
  const passed = verdicts.filter((verdict) => verdict.outcome === 'passed')
  const validated = verdicts.find((verdict) => verdict.validation?.ran === true)
  const seconds = passed.flatMap((verdict) => (verdict.restoreSeconds === undefined ? [] : [verdict.restoreSeconds]))
  const sincePassed = verdicts.findIndex((verdict) => verdict.outcome === 'passed')
  return {
    database, tests: own.length, passed: passed.length, failed: count('failed'), inconclusive: count('inconclusive'), running: own.length - verdicts.length,
    ...(newest === undefined ? {} : { lastTestedAt: newest.finishedAt, lastOutcome: newest.outcome }),
    lastReasons: newest?.reasons.map((reason) => reason.code) ?? [],
    ...(passed[0] === undefined ? {} : { lastProvenAt: passed[0].finishedAt }),
    ...(validated === undefined ? {} : { lastValidatedAt: validated.finishedAt }),
    failuresInARow: sincePassed === -1 ? verdicts.length : sincePassed,
    ...(seconds[0] === undefined ? {} : { restoreSeconds: { last: seconds[0], median: median(seconds), worst: Math.max(...seconds) } }),
  }
}
