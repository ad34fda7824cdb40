export type { LedgerEntry, LedgerFilter, ProofLedger, Verdict, VerdictOutcome, VerdictReason, VerdictReasonCode } from './verdict.ts'
