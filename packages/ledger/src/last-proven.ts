import type { ProofLedger } from './verdict.ts'

/** When each snapshot of a database passed its last restore test: snapshot name -> `finishedAt` (ISO UTC). What retention asks. @throws ICB_LEDGER_STORE */
export async function lastProven(ledger: ProofLedger, database: string): Promise<Map<string, string>> {
  const proven = new Map<string, string>()
  for (const { snapshot, verdict } of await ledger.list({ database })) {
    if (snapshot === undefined || verdict?.outcome !== 'passed') continue
    const known = proven.get(snapshot)
    if (known === undefined || Date.parse(known) < Date.parse(verdict.finishedAt)) proven.set(snapshot, verdict.finishedAt)
  }
  return proven
}
