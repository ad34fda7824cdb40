import { isIcbError } from '@icb/runtime'
import type { Check } from '@icb/runtime'
import { parseCalendar } from './calendar.ts'
import { remarksOn } from './runs.ts'

export interface CalendarCheckDependencies {
  /** Calendars by the key under which they are configured. */
  readonly calendars: Readonly<Record<string, string>>
}

/** Questions for `doctor`: whether calendars can be read, and say what they seem to. */
export function checks({ calendars }: CalendarCheckDependencies): Check[] {
  return Object.entries(calendars).map(([key, text]) => ({
    id: `calendar.${key}`,
    title: key,
    run: () => {
      try {
        const remarks = remarksOn(parseCalendar(text))
        return Promise.resolve(remarks.length === 0 ? { status: 'ok' as const, summary: text } : { status: 'warning' as const, summary: `${text}: ${remarks.join('; ')}`, advice: 'See its next runs: icb schedule show <db>.', remedy: 'fix' as const })
      } catch (error) {
        if (!isIcbError(error)) throw error
        return Promise.resolve({ status: 'failed' as const, summary: error.message, advice: error.hint ?? 'Correct the calendar.', remedy: 'fix' as const })
      }
    },
  }))
}
