import type { DatabaseConfig } from '@icb/config'
import { notify } from '@icb/fleet'
import type { Notice } from '@icb/monitoring'
import { isIcbError, isoNow } from '@icb/runtime'
import type { AppContext } from './app-context.ts'

/** How an action ended. */
export type Ending = Omit<Notice, 'database' | 'host' | 'at' | 'action'>

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Oracle's messages behind an error, then its hint. */
function detailsOf(error: unknown): readonly string[] {
  if (!isIcbError(error)) return []
  const messages: unknown = error.details['messages']
  return [...(Array.isArray(messages) ? messages.slice(0, 20).map(String) : []), ...(error.hint === undefined ? [] : [error.hint])]
}

/** Tells whoever is configured how an action ended. What could not be delivered is a warning. */
export async function tell(app: AppContext, database: DatabaseConfig, notice: Omit<Notice, 'database' | 'host' | 'at'>): Promise<void> {
  const config = await app.config()
  for (const error of await notify(config, database.notify, { ...notice, database: database.name, host: app.fleet.host.hostname, at: isoNow(app.clock) }, app.fleet)) app.warn('ICB_MONITORING_DELIVERY', `${database.name}: ${error.message}`)
}

/** Runs `work`; a failure of it is told and thrown again, what it answers is told by `noticeOf` (`undefined`: nothing to tell). */
export async function telling<T>(app: AppContext, database: DatabaseConfig, action: string, work: () => Promise<T>, noticeOf: (result: T) => Ending | undefined): Promise<T> {
  let result: T
  try {
    result = await work()
  } catch (error) {
    await tell(app, database, { action, ok: false, summary: sentenceOf(error), details: detailsOf(error) })
    throw error
  }
  const notice = noticeOf(result)
  if (notice !== undefined) await tell(app, database, { action, ...notice })
  return result
}

/** Of a run that ended with or without an error. */
export function noticeOfError(error: unknown, runId: string): Ending {
  return error === undefined ? { ok: true, summary: 'done', details: [], runId } : { ok: false, summary: sentenceOf(error), details: detailsOf(error), runId }
}
