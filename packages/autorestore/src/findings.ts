import type { VerdictOutcome, VerdictReason, VerdictReasonCode } from '@icb/ledger'
import { isIcbError } from '@icb/runtime'
import type { IcbError, RunStepsResult } from '@icb/runtime'
import type { RmanResult } from '@icb/rman'
import { autorestoreErrors as errors } from './errors.ts'

/** Reasons that say nothing about the recovery point itself. */
const inconclusiveReasons: ReadonlySet<VerdictReasonCode> = new Set(['GUARD_REFUSED', 'SANDBOX_FAILED', 'STORAGE_FAILED', 'CANCELED', 'INTERRUPTED', 'INTERNAL'])

/** Something wrong with the recovery point, found at one place of the test. */
export function finding(reason: VerdictReasonCode, text: string, options: { readonly messages?: readonly string[]; readonly cause?: unknown } = {}): IcbError {
  return errors.FINDING(text, { details: { reason, messages: options.messages ?? [] }, ...(options.cause === undefined ? {} : { cause: options.cause }) })
}

/**
 * Oracle's codes that decide the reason by themselves, wherever they occur (Oracle Database Error Messages). Looked up
 * from the root cause upwards.
 */
const reasonOfCode: ReadonlyMap<string, VerdictReasonCode> = new Map<string, VerdictReasonCode>([
  ['RMAN-06053', 'ARCHIVED_LOG_MISSING'],
  ['RMAN-06054', 'ARCHIVED_LOG_MISSING'],
  ['RMAN-06025', 'ARCHIVED_LOG_MISSING'],
  ['ORA-00308', 'ARCHIVED_LOG_MISSING'],
  ['ORA-01103', 'DBID_MISMATCH'],
  ['ORA-01578', 'BLOCK_CORRUPT'],
  ['ORA-10564', 'BLOCK_CORRUPT'],
  ['ORA-19566', 'BLOCK_CORRUPT'],
  ['RMAN-06571', 'COPY_MISSING'],
  ['RMAN-06023', 'COPY_MISSING'],
  ['RMAN-06026', 'COPY_MISSING'],
  ['RMAN-06172', 'CONTROL_FILE_UNREADABLE'],
  ['ORA-19870', 'CONTROL_FILE_UNREADABLE'],
  ['ORA-00201', 'CONTROL_FILE_UNREADABLE'],
  ['ORA-00227', 'CONTROL_FILE_UNREADABLE'],
  ['RMAN-06094', 'SWITCH_INCOMPLETE'],
  // The keystore is not on this host, does not open there, or is from before the last master key.
  ['ORA-28365', 'SANDBOX_FAILED'],
  ['ORA-28353', 'SANDBOX_FAILED'],
  ['ORA-28362', 'SANDBOX_FAILED'],
  ['ORA-28374', 'SANDBOX_FAILED'],
  // Parameters that the copy needs: buffers for a block size, the length of strings.
  ['ORA-00379', 'SANDBOX_FAILED'],
  ['ORA-14693', 'SANDBOX_FAILED'],
  ['ORA-14694', 'SANDBOX_FAILED'],
  ['ORA-12154', 'SANDBOX_FAILED'],
  ['ORA-27102', 'SANDBOX_FAILED'],
  ['ORA-00845', 'SANDBOX_FAILED'],
  ['ORA-01102', 'SANDBOX_FAILED'],
  // The instance or the way to it is gone: killed, out of memory, a client that was cut off.
  ['ORA-00028', 'SANDBOX_FAILED'],
  ['ORA-01012', 'SANDBOX_FAILED'],
  ['ORA-01034', 'SANDBOX_FAILED'],
  ['ORA-01089', 'SANDBOX_FAILED'],
  ['ORA-01092', 'SANDBOX_FAILED'],
  ['ORA-03113', 'SANDBOX_FAILED'],
  ['ORA-03114', 'SANDBOX_FAILED'],
  ['ORA-03135', 'SANDBOX_FAILED'],
  ['ORA-12541', 'SANDBOX_FAILED'],
  ['ORA-27101', 'SANDBOX_FAILED'],
])

/** What a step's failure means when Oracle's codes do not say. */
const fallbackOfStep: Readonly<Record<string, VerdictReasonCode>> = {
  'choose-snapshot': 'STORAGE_FAILED',
  'create-clone': 'STORAGE_FAILED',
  'mount-clone': 'STORAGE_FAILED',
  'read-manifest': 'MANIFEST_MISMATCH',
  'start-instance': 'SANDBOX_FAILED',
  'restore-control-file': 'CONTROL_FILE_UNREADABLE',
  'mount-database': 'CONTROL_FILE_UNREADABLE',
  'open-keystore': 'SANDBOX_FAILED',
  'open-keystore-of-pluggables': 'SANDBOX_FAILED',
  'clear-rman-settings': 'SANDBOX_FAILED',
  'uncatalog': 'SANDBOX_FAILED',
  'catalog-clone': 'COPY_MISSING',
  'detach-source': 'SANDBOX_FAILED',
  'restore-missing-files': 'COPY_MISSING',
  'switch-to-copies': 'SWITCH_INCOMPLETE',
  'recover': 'RECOVERY_FAILED',
  'check-headers': 'RECOVERY_FAILED',
  'open-read-only': 'OPEN_FAILED',
  'verify': 'VERIFICATION_FAILED',
  'validate-blocks': 'VERIFICATION_FAILED',
}

function reasonOfCodes(codes: readonly string[]): VerdictReasonCode | undefined {
  for (const code of codes.toReversed()) {
    const reason = reasonOfCode.get(code)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** The finding behind a failed RMAN run. */
export function rmanFinding(result: RmanResult, what: string, fallback: VerdictReasonCode): IcbError {
  if (result.timedOut) return finding('SANDBOX_FAILED', `${what} did not end in time`, { messages: result.tail.slice(-5) })
  const messages = result.errors.map((message) => `${message.code}: ${message.text}`)
  // A program that was killed, or fell over before it could say why, has told nothing about the point.
  if (messages.length === 0 && result.exitCode !== 0) return finding('SANDBOX_FAILED', `${what} failed: RMAN ended without an error message (${result.exitCode === null ? 'it was killed' : `exit code ${String(result.exitCode)}`})`, { messages: result.tail.slice(-5) })
  const reason = reasonOfCodes(result.errors.map((message) => message.code)) ?? fallback
  const cause = messages.at(-1) ?? result.tail.at(-1) ?? `RMAN ended with exit code ${String(result.exitCode)}`
  return finding(reason, `${what} failed: ${cause}`, { messages: messages.length > 0 ? messages : result.tail.slice(-5) })
}

/** The verdict's reason for an error that ended the test at a step. */
export function reasonOfError(error: unknown, step: string | undefined, canceled: boolean): VerdictReason {
  if (canceled) return { code: 'CANCELED', text: 'the test was canceled' }
  const text = error instanceof Error ? error.message : String(error)
  if (!isIcbError(error)) return { code: 'INTERNAL', text }
  const details = error.details as { readonly reason?: VerdictReasonCode; readonly messages?: readonly string[]; readonly codes?: readonly string[] }
  const messages = details.messages !== undefined && details.messages.length > 0 ? { messages: details.messages } : {}
  if (details.reason !== undefined) return { code: details.reason, text, ...messages }
  if (error.code.startsWith('ICB_AUTORESTORE_REFUSED_')) return { code: 'GUARD_REFUSED', text: error.hint === undefined ? text : `${text}. ${error.hint}` }
  if (error.code.startsWith('ICB_STORAGE_')) return { code: 'STORAGE_FAILED', text }
  if (error.code === 'ICB_ORACLE_SQL') return { code: reasonOfCodes(details.codes ?? []) ?? fallbackOfStep[step ?? ''] ?? 'INTERNAL', text, ...messages }
  if (error.code.startsWith('ICB_ORACLE_') || error.code.startsWith('ICB_RMAN_') || error.code.startsWith('ICB_PROCESS_') || error.code.startsWith('ICB_DEADLINE_')) return { code: 'SANDBOX_FAILED', text, ...messages }
  return { code: fallbackOfStep[step ?? ''] ?? 'INTERNAL', text, ...messages }
}

/** The reason of steps that did not all end well. When only the clean-up failed, nothing was wrong with the point, and the host still has something of the test. */
export function reasonOfResult(result: Pick<RunStepsResult, 'error' | 'failedStep' | 'compensationErrors'>, canceled: boolean): VerdictReason {
  const [left] = result.compensationErrors
  if (result.error !== undefined || left === undefined) return reasonOfError(result.error, result.failedStep, canceled)
  return { code: 'SANDBOX_FAILED', text: `the clean-up of ${left.step} failed: ${left.error instanceof Error ? left.error.message : String(left.error)}` }
}

/** Failed when anything is wrong with the recovery point; inconclusive when the test could not tell. */
export function outcomeOf(reasons: readonly VerdictReason[]): VerdictOutcome {
  if (reasons.length === 0) return 'passed'
  return reasons.some((reason) => !inconclusiveReasons.has(reason.code)) ? 'failed' : 'inconclusive'
}

/** One reason a code: the first one's text, all messages. */
export function mergeReasons(reasons: readonly VerdictReason[]): readonly VerdictReason[] {
  const byCode = new Map<VerdictReasonCode, VerdictReason>()
  for (const reason of reasons) {
    const known = byCode.get(reason.code)
    if (known === undefined) byCode.set(reason.code, reason)
    else if (known.text !== reason.text) byCode.set(reason.code, { ...known, messages: [...(known.messages ?? []), reason.text, ...(reason.messages ?? [])] })
  }
  return [...byCode.values()]
}
