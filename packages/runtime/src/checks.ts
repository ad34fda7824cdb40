import type { Check, CheckResult } from './check.ts'
import type { Clock } from './clock.ts'
import { proveWritable } from './durable-file.ts'
import { isIcbError } from './errors.ts'
import { prepareJournalDirectory, readJournals } from './journal-file.ts'
import { readLease } from './lease-file.ts'

export interface RuntimeCheckDependencies {
  readonly clock: Clock
  readonly journalDir: string
  /** Backup areas: the journal must not lie in one. */
  readonly protectedPaths: readonly string[]
  /** The lease of the database that is asked about. */
  readonly leasePath?: string
}

async function answering(work: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await work()
  } catch (error) {
    const summary = error instanceof Error ? error.message : String(error)
    if (!isIcbError(error)) return { status: 'failed', summary, advice: 'Check the directory and the rights of this user.', remedy: 'operator' }
    return { status: 'failed', summary, ...(error.hint === undefined ? {} : { advice: error.hint }), remedy: error.remedy, details: error.details }
  }
}

/** Questions for `doctor`: where the journal lies, what earlier runs left, who holds the lease. */
export function checks(deps: RuntimeCheckDependencies): Check[] {
  const { journalDir, leasePath } = deps
  const location: Check = {
    id: 'runtime.journal',
    title: 'The journal can be written and lies outside every backup area',
    run: () =>
      answering(async () => {
        await prepareJournalDirectory(journalDir, deps.protectedPaths)
        await proveWritable(journalDir)
        return { status: 'ok', summary: `journals go to ${journalDir}` }
      }),
  }
  const earlier: Check = {
    id: 'runtime.unfinished-runs',
    title: 'No earlier run waits to be reconciled',
    run: () =>
      answering(async () => {
        const open = (await readJournals(journalDir)).filter((run) => !run.finished)
        if (open.length === 0) return { status: 'ok', summary: 'every journal has its end' }
        return {
          status: 'warning',
          summary: `${open.length} runs have no end: ${open.map((run) => `${run.header.action} ${run.header.database} (${run.runId})`).join(', ')}`,
          advice: 'One that still runs is fine; the others are repaired by the next run of the same action.',
          remedy: 'wait',
          details: { runIds: open.map((run) => run.runId) },
        }
      }),
  }
  const lease = (path: string): Check => ({
    id: 'runtime.lease',
    title: 'The lease is readable',
    run: () =>
      answering(async () => {
        const state = await readLease(path)
        if (state === undefined || state.released) return { status: 'ok', summary: 'the lease is free' }
        return { status: 'ok', summary: `${state.owner.purpose} holds the lease since ${state.acquiredAt}: process ${state.owner.pid} on ${state.owner.host}`, details: { owner: state.owner, token: state.token } }
      }),
  })
  return leasePath === undefined ? [location, earlier] : [location, earlier, lease(leasePath)]
}
