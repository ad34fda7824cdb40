import type { LedgerProblem } from './ledger-files.ts'
import type { LedgerEntry, ProofLedger } from './verdict.ts'

/** A ledger that this host writes to, with what it takes to keep it whole. */
export interface KeptLedger extends ProofLedger {
  /** Brings spooled rows into the ledger, as far as it takes them now. @throws ICB_LEDGER_STORE when the spool itself cannot be read */
  flushSpool(): Promise<{ readonly stored: number; readonly left: number }>
  /** Rows that cannot be read, tests that began and never ended, rows that wait in the spool. @throws ICB_LEDGER_STORE */
  problems(): Promise<readonly LedgerProblem[]>
  /** Proves that a row can be written now. @throws ICB_LEDGER_STORE */
  probe(): Promise<void>
}

const neverEndedMs = 86_400_000

/** Tests that began more than a day ago and have no verdict. */
export function neverEnded(entries: readonly LedgerEntry[], now: number): readonly LedgerEntry[] {
  return entries.filter((entry) => entry.state === 'running' && now - Date.parse(entry.startedAt) > neverEndedMs)
}

export function neverEndedText(entry: LedgerEntry): string {
  return `the test of ${entry.database} that began at ${entry.startedAt} on ${entry.host} has no verdict`
}
