import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import type { KeptLedger } from './kept-ledger.ts'

export interface LedgerCheckDependencies {
  readonly ledger: KeptLedger
}

async function answering(work: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await work()
  } catch (error) {
    if (!isIcbError(error)) throw error
    return { status: 'failed', summary: error.message, ...(error.hint === undefined ? {} : { advice: error.hint }), remedy: error.remedy, details: error.details }
  }
}

/** Questions for `doctor`: can a verdict be stored, is every row readable, do others see the proofs. */
export function checks({ ledger }: LedgerCheckDependencies): Check[] {
  return [
    {
      id: 'ledger.writable',
      title: 'A verdict can be stored',
      run: () =>
        answering(async () => {
          await ledger.probe()
          return { status: 'ok', summary: `verdicts go to ${ledger.description}` }
        }),
    },
    {
      id: 'ledger.rows',
      title: 'Every row of the ledger can be read and has its verdict',
      run: () =>
        answering(async () => {
          const problems = await ledger.problems()
          const [first] = problems
          if (first === undefined) return { status: 'ok', summary: 'all rows can be read, none waits' }
          return {
            status: 'warning',
            summary: `${problems.length} rows need attention, the first: ${first.path}: ${first.text}`,
            advice: 'Run the restore test again for databases without a verdict; move files away that are no rows.',
            remedy: 'operator',
            details: { problems },
          }
        }),
    },
    {
      id: 'ledger.shared',
      title: 'Retention sees the proofs',
      run: async () =>
        ledger.shared
          ? { status: 'ok', summary: 'the ledger is shared between hosts' }
          : {
              status: 'warning',
              summary: 'the ledger is of this host only, so retention on other hosts keeps its plain floor',
              advice: 'Put the ledger on a directory that all hosts mount, outside every backup area, and set shared.',
              remedy: 'fix',
            },
    },
  ]
}
