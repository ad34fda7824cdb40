const formats = new Map<string, Intl.DateTimeFormat>()

/** Wall clock of a zone at a moment. */
export interface LocalTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

export function localTime(time: number, timeZone: string): LocalTime {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
    formats.set(timeZone, format)
  }
  const part: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(time)) part[type] = Number(value)
  return { year: part['year'] ?? 0, month: part['month'] ?? 0, day: part['day'] ?? 0, hour: part['hour'] ?? 0, minute: part['minute'] ?? 0, second: part['second'] ?? 0 }
}

const two = (n: number): string => String(n).padStart(2, '0')

/** A DATE as the engine stores it: `yyyy-mm-dd hh24:mi:ss` in the host's zone. */
export function dateText(time: number, timeZone: string): string {
  const t = localTime(time, timeZone)
  return `${t.year}-${two(t.month)}-${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}`
}

/** Directory of a day in the recovery area: `2016_11_08`. */
export function dayDirectory(time: number, timeZone: string): string {
  const t = localTime(time, timeZone)
  return `${t.year}_${two(t.month)}_${two(t.day)}`
}

/** Oracle's 32-bit stamp of a time: seconds since 1988 in months of 31 days, local time. */
export function stampOf(time: number, timeZone: string): number {
  const t = localTime(time, timeZone)
  return ((((t.year - 1988) * 12 + (t.month - 1)) * 31 + (t.day - 1)) * 24 + t.hour) * 3600 + t.minute * 60 + t.second
}

/** The moment that a stamp means; of an hour that the zone has twice, one of the two. */
export function timeOfStamp(stamp: number, timeZone: string): number {
  const days = Math.floor(stamp / 86_400)
  const months = Math.floor(days / 31)
  const wanted = Date.UTC(1988 + Math.floor(months / 12), months % 12, (days % 31) + 1) + (stamp % 86_400) * 1000
  let time = wanted
  for (let round = 0; round < 2; round += 1) {
    const t = localTime(time, timeZone)
    time += wanted - Date.UTC(t.year, t.month - 1, t.day, t.hour, t.minute, t.second)
  }
  return time
}
