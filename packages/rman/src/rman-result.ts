import { rmanErrors } from './errors.ts'
import { explainMessage, rootCause } from './message-catalogue.ts'
import type { RmanResult } from './rman-event.ts'

/**
 * Does nothing for a run that ended well.
 * @param what What was done, for the message: `merging the incremental into the copies`.
 * @throws ICB_RMAN_TIMEOUT, or ICB_RMAN_FAILED with `details.codes` (root cause last) and the next step as hint.
 */
export function assertRmanOk(result: RmanResult, what: string): void {
  if (result.ok) return
  const details = { what, codes: result.errors.map((error) => error.code), exitCode: result.exitCode, errors: result.errors.slice(-20), tail: result.tail.slice(-20) }
  if (result.timedOut) {
    throw rmanErrors.TIMEOUT(`${what}: RMAN did not end within its deadline of work`, { details, hint: 'server sessions with its command id may still work; they are waited for before the next run' })
  }
  const cause = rootCause(result.errors)
  if (cause === undefined) {
    const connected = result.warnings.at(-1)
    const reason = result.exitCode === 0 ? 'the output ends without "Recovery Manager complete."' : `RMAN ended with ${String(result.exitCode)}`
    throw rmanErrors.FAILED(`${what}: ${reason}${connected === undefined ? '' : ` (${connected.code}: ${connected.text})`}`, { details, hint: 'read the raw RMAN log' })
  }
  throw rmanErrors.FAILED(`${what}: ${cause.code}: ${cause.text}`, { details, hint: explainMessage(cause.code)?.nextStep ?? 'read the raw RMAN log' })
}
