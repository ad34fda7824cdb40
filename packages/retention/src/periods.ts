import { DateTime, IANAZone } from 'luxon'
import type { RetentionPeriod } from './retention.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
const dayMs = 86_400_000

/** Periods of one time zone, fast enough for a million snapshots: luxon is asked once or twice for each day that has any. */
export interface Periods {
  /** Equal for two times of the same period, different otherwise. */
  readonly keyOf: (every: RetentionPeriod, timeMs: number) => number
  /** `2026-03`, `2026-W12`, `2026-Q1`, … */
  readonly nameOf: (every: RetentionPeriod, timeMs: number) => string
  /** Start of the period that began `back` periods before the one of `timeMs`. */
  readonly startOf: (every: RetentionPeriod, timeMs: number, back: number) => number
}

/**
 * Periods in an IANA zone (also `utc`).
 * @throws RangeError for an unknown zone
 */
export function periodsIn(zone: string): Periods {
  const universal = /^(?:etc\/)?(?:utc|gmt|z)$/iu.test(zone)
  const iana = universal ? undefined : IANAZone.create(zone)
  if (iana !== undefined && !iana.isValid) throw new RangeError(`unknown time zone ${JSON.stringify(zone)}`)
  const dayOffsets = new Map<number, number | undefined>()

  /** Minutes east of UTC. A UTC day that begins and ends with the same offset has no change in between: zones do not change twice a day. */
  const offsetAt = (timeMs: number): number => {
    if (iana === undefined) return 0
    const day = Math.floor(timeMs / dayMs)
    let offset = dayOffsets.get(day)
    if (offset === undefined && !dayOffsets.has(day)) {
      const first = iana.offset(day * dayMs)
      offset = first === iana.offset((day + 1) * dayMs) ? first : undefined
      dayOffsets.set(day, offset)
    }
    return offset ?? iana.offset(timeMs)
  }
  const localDay = (timeMs: number): number => Math.floor((timeMs + offsetAt(timeMs) * minuteMs) / dayMs)

  return {
    keyOf: (every, timeMs) => {
      if (every === 'hour') {
        const offset = offsetAt(timeMs)
        // The hour that a clock shows twice in autumn is two hours.
        return Math.floor((timeMs + offset * minuteMs) / hourMs) * 4096 + offset + 2048
      }
      const day = localDay(timeMs)
      if (every === 'day') return day
      if (every === 'week') return weekOf(day)
      const { year, month } = civil(day)
      if (every === 'month') return year * 12 + month - 1
      return every === 'quarter' ? year * 4 + Math.floor((month - 1) / 3) : year
    },
    nameOf: (every, timeMs) => {
      const local = DateTime.fromMillis(timeMs, { zone: universal ? 'utc' : zone })
      return local.toFormat(nameFormats[every])
    },
    startOf: (every, timeMs, back) => {
      const start = DateTime.fromMillis(timeMs, { zone: universal ? 'utc' : zone }).startOf(every).minus({ [every]: back })
      // Further back than time is counted: everything.
      return start.isValid ? start.toMillis() : Number.NEGATIVE_INFINITY
    },
  }
}

const nameFormats: Readonly<Record<RetentionPeriod, string>> = {
  hour: "yyyy-MM-dd'T'HHZZ",
  day: 'yyyy-MM-dd',
  week: "kkkk-'W'WW",
  month: 'yyyy-MM',
  quarter: "yyyy-'Q'q",
  year: 'yyyy',
}

/** ISO weeks begin on Monday; 1970-01-01 was a Thursday. */
function weekOf(day: number): number {
  return Math.floor((day + 3) / 7)
}

/** Gregorian year and month of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function civil(day: number): { year: number; month: number } {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month }
}
