import { formatMoment } from '../sql/date-format.ts'
import { parseMoment } from '../sql/date-parse.ts'
import { offsetAt, utcOf } from '../sql/zone.ts'

/** Oracle's default NLS_DATE_FORMAT in America. */
export const defaultDateFormat = 'DD-MON-RR'

/** A time in an NLS_DATE_FORMAT, local to `timeZone`. @throws OraError 01821 */
export function formatDate(time: number, timeZone: string, format: string): string {
  return formatMoment({ local: localMillis(time, timeZone), offset: undefined }, format)
}

/** The moment of a date text, local to `timeZone`. @throws OraError 01861 and its relatives */
export function parseDate(text: string, format: string, timeZone: string, now: number): number {
  return utcOf(parseMoment(text, format, localMillis(now, timeZone)).local, timeZone)
}

/** `Tue Nov 8 21:53:37 2016`: the time in RMAN's banner. */
export function bannerDate(time: number, timeZone: string): string {
  return formatDate(time, timeZone, 'Dy Mon FMDD FMHH24:MI:SS YYYY')
}

function localMillis(time: number, timeZone: string): number {
  return Math.floor(time / 1000) * 1000 + offsetAt(time, timeZone) * 60_000
}
