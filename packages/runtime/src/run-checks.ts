import { isIcbError } from './errors.ts'
import type { Check, CheckResult } from './check.ts'

/** What a check found, with its id and title. */
export interface CheckFinding extends CheckResult {
  readonly id: string
  readonly title: string
}

/**
 * Runs checks side by side. A check waits for those that it needs and is not asked when one of them failed: one cause is one failure. An
 * error that a check throws is its failure. Ids in `needs` that are not among the checks count as fine.
 * @returns the findings in the order of the checks
 */
export async function runChecks(checks: readonly Check[], options: { readonly signal: AbortSignal }): Promise<readonly CheckFinding[]> {
  const byId = new Map(checks.map((check) => [check.id, check]))
  const findings = new Map<Check, Promise<CheckFinding>>()
  const find = (check: Check, waiting: readonly Check[]): Promise<CheckFinding> => {
    if (waiting.includes(check)) throw new TypeError(`the check ${check.id} needs itself`)
    const known = findings.get(check)
    if (known !== undefined) return known
    const finding = ask(check, options, (check.needs ?? []).flatMap((id) => { const needed = byId.get(id); return needed === undefined ? [] : [find(needed, [...waiting, check])] }))
    findings.set(check, finding)
    return finding
  }
  return Promise.all(checks.map((check) => find(check, [])))
}

async function ask(check: Check, options: { readonly signal: AbortSignal }, needs: readonly Promise<CheckFinding>[]): Promise<CheckFinding> {
  const { id, title } = check
  const cause = (await Promise.all(needs)).find((finding) => finding.status === 'failed' || (finding.status === 'skipped' && finding.because !== undefined))
  if (cause !== undefined) {
    const because = cause.because ?? cause.id
    return { id, title, status: 'skipped', summary: `not checked because of ${because}`, advice: `Settle ${because} first.`, because }
  }
  try {
    return { id, title, ...(await check.run(options)) }
  } catch (error) {
    if (options.signal.aborted) throw error
    const { hint, remedy } = isIcbError(error) ? error : { hint: undefined, remedy: undefined }
    return { id, title, status: 'failed', summary: error instanceof Error ? error.message : String(error), advice: hint ?? 'Read the message.', ...(remedy === undefined ? {} : { remedy }) }
  }
}
