import type { PointEntry } from './manifest.ts'

/** What the database's clock was ahead of UTC at an instant, as a backup saw it. Milliseconds. */
interface OffsetSample {
  readonly at: number
  readonly offset: number
}

/** `+02:00` in milliseconds. */
function offsetMs(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/.exec(text) ?? []
  return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
}

/** A database-local time of an entry as milliseconds since 1970. */
export function instantOf(local: string | undefined, utcOffset: string | undefined): number | undefined {
  if (local === undefined || utcOffset === undefined) return undefined
  const ms = Date.parse(`${local.replace(' ', 'T')}${utcOffset}`)
  return Number.isNaN(ms) ? undefined : ms
}

function samplesOf(entries: readonly PointEntry[]): readonly OffsetSample[] {
  return entries
    .flatMap(({ minTime, minUtcOffset, lastTime, utcOffset }): OffsetSample[] => {
      const [begin, end] = [instantOf(minTime, minUtcOffset), instantOf(lastTime, utcOffset)]
      return [...(begin === undefined || minUtcOffset === undefined ? [] : [{ at: begin, offset: offsetMs(minUtcOffset) }]), ...(end === undefined || utcOffset === undefined ? [] : [{ at: end, offset: offsetMs(utcOffset) }])]
    })
    .sort((a, b) => a.at - b.at)
}

/** Offset of an IANA zone at an instant, milliseconds. */
function zoneOffset(format: Intl.DateTimeFormat, at: number): number {
  const name = format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT'
  return name === 'GMT' ? 0 : offsetMs(name.slice(3))
}

let lastAsked: { readonly question: string; readonly answer: readonly number[] } | undefined

/** When the clock changed between two samples, by every zone of the world that changed just so; to the minute, sorted. */
function transitionsBetween(before: OffsetSample, after: OffsetSample): readonly number[] {
  const question = [before.at, before.offset, after.at, after.offset].join()
  // All zones cost some hundred milliseconds; whoever asks for one target of a day asks for the next one, too.
  if (lastAsked?.question !== question) lastAsked = { question, answer: askAllZones(before, after) }
  return lastAsked.answer
}

function askAllZones(before: OffsetSample, after: OffsetSample): readonly number[] {
  const found = new Set<number>()
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    if (zoneOffset(format, before.at) !== before.offset || zoneOffset(format, after.at) !== after.offset) continue
    let [low, high] = [before.at, after.at]
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2)
      if (zoneOffset(format, middle) === before.offset) low = middle
      else high = middle
    }
    found.add(Math.round(high / 60_000) * 60_000)
  }
  return [...found].sort((a, b) => a - b)
}

export type LocalTime = { readonly local: string } | { readonly unclear: string }

function shown(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/**
 * An instant as the database's clock showed it, `yyyy-mm-dd hh:mm:ss`: what RMAN compares with. The offset is that of the recorded times
 * around it. Where the clock was changed between them, the zones of the world tell when; an hour that the clock showed twice can only be
 * asked for the first time, and what cannot be told is `unclear`.
 */
export function databaseTimeOf(at: number, entries: readonly PointEntry[]): LocalTime {
  const samples = samplesOf(entries)
  const before = samples.findLast((sample) => sample.at <= at)
  const after = samples.find((sample) => sample.at >= at)
  const [from, to] = [before ?? after, after ?? before]
  if (from === undefined || to === undefined) return { unclear: 'no point records what the clock of the database showed' }
  const transitions = from.offset === to.offset ? [] : transitionsBetween(from, to)
  const [first, last] = [transitions[0], transitions.at(-1)]
  if (from.offset !== to.offset && (first === undefined || last === undefined || (at >= first && at < last))) return { unclear: `${changed(from, to)}, and when cannot be told` }
  const local = at + (last !== undefined && at >= last ? to : from).offset
  return showedBefore(at, local, samples) ?? { local: shown(local) }
}

function changed(from: OffsetSample, to: OffsetSample): string {
  return `the clock of the database was changed between ${new Date(from.at).toISOString()} and ${new Date(to.at).toISOString()}`
}

/** Whether the clock, put back shortly before, had shown this time once already. */
function showedBefore(at: number, local: number, samples: readonly OffsetSample[]): LocalTime | undefined {
  for (const [index, to] of samples.entries()) {
    const from = samples[index - 1]
    if (from === undefined || from.offset <= to.offset || from.at > at || local >= to.at + from.offset) continue
    const back = transitionsBetween(from, to).at(-1)
    if (back === undefined || (back <= at && local < back + from.offset)) return { unclear: `${changed(from, to)}: it showed ${shown(local)} twice, and RMAN takes the first` }
  }
  return undefined
}
