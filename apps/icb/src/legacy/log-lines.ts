import { redact } from '@icb/runtime'
import type { EventSink, IcbEvent, StepEvent } from '@icb/runtime'

/**
 * Events as lines of the original's log: `22:12:18 INFO     icb             Refresh the image copies: …`. Warnings and failures always, the rest when the whole log is
 * wanted on the screen (`BACKUP_LOG_TO_SCREEN=TRUE`).
 */
export function legacyLog(write: (line: string) => void, whole: boolean): EventSink {
  const titles = new Map<string, string>()
  const line = (event: IcbEvent, level: string, text: string): void => {
    write(redact(`${event.at.slice(11, 19)} ${level.padEnd(8)} ${(event.database ?? 'icb').padEnd(15)} ${text}`))
  }
  return {
    emit: (any: IcbEvent) => {
      const event = any as StepEvent
      switch (event.type) {
        case 'step.started':
          titles.set(event.runId, event.title)
          break
        case 'step.finished':
          if (whole) line(event, 'INFO', `${titles.get(event.runId) ?? event.step}${event.summary === undefined ? '' : `: ${event.summary}`}`)
          break
        case 'step.failed':
          line(event, 'ERROR', `${titles.get(event.runId) ?? event.step}: ${event.code}: ${event.message}`)
          break
        case 'run.warning':
          line(event, 'WARNING', `${event.code}: ${event.message}`)
          break
        case 'run.finished':
          titles.delete(event.runId)
          break
        default:
          break
      }
    },
  }
}
