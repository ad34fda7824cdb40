import { z } from 'zod'
import type { Manifest, PointEntry } from './manifest.ts'

/** What an SCN can be. */
export function isUnsigned64(digits: string): boolean {
  return /^\d{1,20}$/.test(digits) && BigInt(digits) < 2n ** 64n
}

/** Oracle's SCNs have at most 20 digits (8 bytes); JSON numbers end at 2^53, so they are written as decimal strings. */
const decimal = z.codec(z.string().refine(isUnsigned64, 'must be a number below 2^64 in decimal digits, as a string'), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })
const whole = z.number().int().nonnegative()
const text = z.string().max(4096)
const name = text.min(1)
const offset = z.string().regex(/^[+-]\d{2}:\d{2}$/, 'must be an offset like +02:00')
const localTime = z.string().regex(/^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}$/, 'must be a time like 2026-03-29 12:00:00')
const instant = z.string().refine((value) => /(Z|[+-]\d{2}:?\d{2})$/.test(value) && !Number.isNaN(Date.parse(value)), 'must be an ISO time with zone')
/** A manifest inside a clone must not point anywhere else. */
const areaPath = name.refine((path) => !path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..'), 'must be a path inside the area')
const digits = z.string().regex(/^\d{1,20}$/, 'must be decimal digits')

const database = z.object({ name, uniqueName: name, dbid: digits, resetlogsId: digits, resetlogsScn: decimal, release: text, cdb: z.boolean(), role: text })

const copy = z.object({
  file: whole,
  tablespace: name,
  path: areaPath,
  bytes: decimal,
  creationScn: decimal,
  checkpointScn: decimal,
  fuzzyScn: decimal,
  status: text,
  enabled: text,
  unrecoverableScn: z.exactOptional(decimal),
  pdb: z.exactOptional(text),
  openMode: z.exactOptional(text),
})

const log = z.object({ thread: whole, sequence: whole, resetlogsId: digits, firstScn: decimal, nextScn: decimal, firstTime: localTime, nextTime: localTime, path: areaPath })

const window = z.object({ redoFrom: decimal, minScn: decimal, logsFrom: z.exactOptional(decimal), minTime: z.exactOptional(localTime), minUtcOffset: z.exactOptional(offset), lastScn: z.nullable(decimal), lastTime: z.exactOptional(localTime), utcOffset: offset })

const paths = z.array(text)
const sourcePaths = z.object({
  datafiles: paths,
  logs: paths,
  tempfiles: paths,
  controlFiles: paths,
  recoveryDestination: z.exactOptional(text),
  archiveDestinations: paths,
  bct: z.exactOptional(text),
  flashbackLogs: paths,
})

/** Of `icb-manifest.json`. Keys that a later version adds are ignored. */
export const manifestSchema: z.ZodType<Manifest> = z
  .object({
    version: z.literal(1),
    tool: text,
    runId: name,
    state: z.enum(['refreshing', 'refreshed']),
    areaId: name,
    database,
    copies: z.array(copy),
    window: z.exactOptional(window),
    logs: z.array(log),
    controlFile: areaPath,
    parameters: z.record(z.string(), z.string()),
    timezoneFileVersion: z.exactOptional(text),
    sourcePaths,
    refreshedAt: z.exactOptional(instant),
  })
  .superRefine((manifest, context) => {
    // While a refresh runs the copies are at mixed SCNs: a window would be a promise that nobody can keep.
    if (manifest.state === 'refreshed' && manifest.window === undefined) context.addIssue({ code: 'custom', path: ['window'], message: 'is missing though the state is refreshed' })
    if (manifest.state === 'refreshing' && manifest.window !== undefined) context.addIssue({ code: 'custom', path: ['window'], message: 'is there though the state is refreshing' })
  })

/** Of one line of `.icb/points.jsonl`. */
export const pointEntrySchema: z.ZodType<PointEntry> = z.object({
  snapshot: name,
  createdAt: instant,
  runId: text,
  manifestDigest: text,
  state: z.enum(['refreshed', 'refreshing', 'damaged', 'unknown']),
  redoFrom: z.exactOptional(decimal),
  minScn: z.exactOptional(decimal),
  lastScn: z.exactOptional(decimal),
  logsFrom: z.exactOptional(decimal),
  minTime: z.exactOptional(localTime),
  minUtcOffset: z.exactOptional(offset),
  lastTime: z.exactOptional(localTime),
  utcOffset: z.exactOptional(offset),
  resetlogsId: text,
  dbid: text,
  remarks: z.exactOptional(z.array(text)),
})

/** `copies[3].checkpointScn must be …`: the first thing that is wrong, where it is. */
export function describeIssue(error: z.ZodError): { readonly field: string; readonly text: string } {
  const issue = error.issues[0]
  const path = (issue?.path ?? []).map((part) => (typeof part === 'number' ? `[${String(part)}]` : `.${String(part)}`)).join('')
  const field = path.replace(/^\./, '')
  const message = issue?.message ?? 'is invalid'
  return { field, text: field === '' ? message : `${field}: ${message}` }
}
