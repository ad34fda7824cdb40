import { z } from 'zod'
import type { SecretReference } from './model.ts'

export type ValueType =
  | 'text' | 'path' | 'integer' | 'boolean' | 'size' | 'dbid' | 'connect' | 'alias' | 'sid' | 'zone' | 'choice' | 'list' | 'paths' | 'rules' | 'parameters' | 'blocks' | 'assertions' | 'secret'

/** One kind of value: how it is written in an INI file and what it must be. */
export interface Kind<T> {
  readonly type: ValueType
  /** What the YAML and object forms must hold; also the source of the JSON schema. */
  readonly schema: z.ZodType<T>
  /** From INI text (and from text in YAML, where `yes` or `"4"` is text) to what the schema expects. */
  readonly fromText: (text: string) => unknown
  /** Ends the sentence `expected …`. */
  readonly expectation: string
  /** The value is never repeated in a message: somebody may have written a password there. */
  readonly discreet?: boolean
}

const asIs = (text: string): unknown => text

export const text: Kind<string> = { type: 'text', schema: z.string().min(1), fromText: asIs, expectation: 'a text' }

export const path: Kind<string> = {
  type: 'path',
  schema: z.string().min(1).refine((value) => !/[\0\n\r]/u.test(value)),
  fromText: asIs,
  expectation: 'a file name in one line',
}

/** Where a secret comes from; in an INI file `env NAME`, `file /path` or `command /path argument …`. */
export const secret: Kind<SecretReference> = {
  type: 'secret',
  schema: z.union([
    z.strictObject({ env: z.string().min(1) }),
    z.strictObject({ file: z.string().min(1), section: z.string().optional(), key: z.string().optional() }),
    z.strictObject({ command: z.array(z.string().min(1)).min(1) }),
  ]) as z.ZodType<SecretReference>,
  fromText: (value) => {
    const [form, ...rest] = value.split(/\s+/u)
    if (form === 'command') return { command: rest }
    return (form === 'env' || form === 'file') && rest.length > 0 ? { [form]: rest.join(' ') } : value
  },
  expectation: '{ env }, { file } or { command: [program, …] } (in an INI file "env NAME", "file /path", "command /path argument"), never the secret itself',
  discreet: true,
}

/** A whole number in a closed range. */
export function integer(min: number, max: number): Kind<number> {
  return {
    type: 'integer',
    schema: z.int().min(min).max(max),
    fromText: (value) => (/^[+-]?\d{1,15}$/u.test(value) ? Number(value) : value),
    expectation: `a whole number from ${min} to ${max}`,
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['1', true], ['yes', true], ['true', true], ['on', true],
  ['0', false], ['no', false], ['false', false], ['off', false],
])

export const boolean: Kind<boolean> = {
  type: 'boolean',
  schema: z.boolean(),
  fromText: (value) => booleans.get(value.toLowerCase()) ?? value,
  expectation: 'true or false (also 1, yes, on, 0, no, off)',
}

export const size: Kind<string> = {
  type: 'size',
  schema: z.string().regex(/^[1-9]\d{0,11}[KMGT]?$/u),
  fromText: (value) => value.replace(/\s+(?=[a-z]b?$)/iu, '').replace(/^(\d+)([kmgt])b?$/iu, (_, number: string, unit: string) => `${number}${unit.toUpperCase()}`),
  expectation: 'a size such as 512M or 32G',
}

export const dbid: Kind<string> = {
  type: 'dbid',
  schema: z.union([z.string().regex(/^[1-9]\d{0,9}$/u), z.int().positive()])
    .refine((value) => Number(value) < 2 ** 32)
    .transform(String),
  fromText: asIs,
  expectation: 'the DBID, a number of at most 4294967295 (V$DATABASE.DBID)',
}

export const connect: Kind<string> = {
  type: 'connect',
  schema: z.string().regex(/^\/(?:@[^\s'"@;&]{1,512})?$/u),
  fromText: asIs,
  expectation: '"/@alias" (the password is in the wallet) or "/" for a local instance',
  discreet: true,
}

/** A TNS alias in the INI file; the model and YAML hold the connect identifier `/@alias`. */
export const alias: Kind<string> = { ...connect, type: 'alias', fromText: (value) => (value.startsWith('/') ? value : `/@${value}`), expectation: 'a TNS alias (in YAML "/@alias")' }

export const sid: Kind<string> = { type: 'sid', schema: z.string().regex(/^[A-Za-z0-9_$#]{1,16}$/u), fromText: asIs, expectation: 'an ORACLE_SID: 1 to 16 letters, digits, _, $ or #' }

/** Mail addresses, separated by commas in an INI file. */
export const addresses: Kind<readonly string[]> = {
  type: 'list',
  schema: z.array(z.string().regex(/^[^\s@,;<>]+@[^\s@,;<>]+$/u)).min(1),
  fromText: (value) => value.split(/[,\n]/u).map((item) => item.trim()).filter((item) => item !== ''),
  expectation: 'mail addresses, separated by commas',
}

const knownZones = new Set<string>()

export const zone: Kind<string> = {
  type: 'zone',
  schema: z.string().refine((name) => {
    // Asking costs more than all other checks of a database together.
    if (knownZones.has(name)) return true
    try {
      new Intl.DateTimeFormat('en', { timeZone: name }).format(0)
    } catch {
      return false
    }
    knownZones.add(name)
    return true
  }),
  fromText: asIs,
  expectation: 'a time zone such as UTC or Europe/Stockholm',
}

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  return { type: 'choice', schema: z.enum(words), fromText: (value) => value.toLowerCase(), expectation: `one of ${words.join(', ')}` }
}

const items = (value: string): string[] => value.split(/[,\n]/u).map((item) => item.trim()).filter((item) => item !== '')
const lines = (value: string): string[] => value.split('\n').map((line) => line.trim()).filter((line) => line !== '')

export const list: Kind<readonly string[]> = { type: 'list', schema: z.array(z.string().min(1)), fromText: items, expectation: 'a list separated by commas' }

const maxSlots = 99

/** SIDs of slots: a list, or their number. */
export const sids: Kind<readonly string[]> = {
  type: 'list',
  schema: z.union([
    z.array(sid.schema).min(1).refine((list) => new Set(list.map((each) => each.toLowerCase())).size === list.length),
    z.int().min(1).max(maxSlots).transform((count) => Array.from({ length: count }, (_, index) => `ICB${String(index + 1).padStart(2, '0')}`)),
  ]),
  fromText: (value) => (/^\d{1,2}$/u.test(value) ? Number(value) : items(value)),
  expectation: `different SIDs, each of 1 to 16 letters, digits, _, $ or #, or their number (1 to ${String(maxSlots)})`,
}

export const paths: Kind<readonly string[]> = { type: 'paths', schema: z.array(path.schema), fromText: items, expectation: 'a list of directories separated by commas' }

export interface KeepRule {
  readonly every: 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'
  readonly count: number
  readonly keep: 'first' | 'last'
}

export const rules: Kind<readonly KeepRule[]> = {
  type: 'rules',
  schema: z.array(
    z.strictObject({ every: z.enum(['hour', 'day', 'week', 'month', 'quarter', 'year']), count: z.int().min(1).max(100_000), keep: z.enum(['first', 'last']).default('last') }),
  ),
  fromText: (value) =>
    items(value).map((item) => {
      const [every, count, keep = 'last', ...rest] = item.toLowerCase().split(/\s+/u)
      return rest.length === 0 && /^\d{1,6}$/u.test(count ?? '') ? { every, count: Number(count), keep } : item
    }),
  expectation: 'rules such as "week 8, quarter 8 first": hour, day, week, month, quarter or year; how many; first or last of each (default last)',
}

export const parameters: Kind<Readonly<Record<string, string>>> = {
  type: 'parameters',
  schema: z.record(z.string().regex(/^[a-z_][a-z0-9_$#.]*$/u), z.string().regex(/^[^\n\r]*$/u)),
  fromText: (value) => {
    const pairs = lines(value).map((line) => /^([^=\s]+)\s*=\s*(.*)$/u.exec(line))
    return pairs.includes(null) ? value : Object.fromEntries(pairs.map((pair) => [(pair?.[1] ?? '').toLowerCase(), pair?.[2] ?? '']))
  },
  expectation: 'init parameters, one "name = value" a line',
}

export interface AcceptedBlocks {
  readonly file: number
  readonly firstBlock: number
  readonly blocks: number
  readonly reason: string
  readonly expires: string
}

export const blocks: Kind<readonly AcceptedBlocks[]> = {
  type: 'blocks',
  schema: z.array(
    z.strictObject({
      file: z.int().positive(),
      firstBlock: z.int().nonnegative(),
      blocks: z.int().positive(),
      reason: z.string().min(1),
      expires: z.iso.date(),
    }),
  ),
  fromText: (value) =>
    lines(value).map((line) => {
      const match = /^(\d{1,9})\s+(\d{1,12})\s+(\d{1,12})\s+(\S+)\s+(\S.*)$/u.exec(line)
      return match === null ? line : { file: Number(match[1]), firstBlock: Number(match[2]), blocks: Number(match[3]), expires: match[4], reason: match[5] }
    }),
  expectation: 'one line each: file number, first block, number of blocks, date of expiry (yyyy-mm-dd), reason',
}

/** A query of a restore test and what it must answer. */
export interface Assertion {
  readonly name: string
  /** `=`, `!=`, `<`, `<=`, `>`, `>=` and a value, or `rows`, or `no rows`. */
  readonly expect: string
  readonly sql: string
}

export const assertions: Kind<readonly Assertion[]> = {
  type: 'assertions',
  schema: z.array(z.strictObject({ name: z.string().min(1), expect: z.string().regex(/^(?:(?:=|!=|<=?|>=?)\s*\S.*|(?:no )?rows)$/u), sql: z.string().min(1) })),
  fromText: (value) =>
    lines(value).map((line) => {
      const match = /^([^|]+)\|([^|]+)\|(.+)$/u.exec(line)
      return match === null ? line : { name: match[1]?.trim(), expect: match[2]?.trim(), sql: match[3]?.trim() }
    }),
  expectation: 'one line each: name | expectation | query; an expectation is =, !=, <, <=, > or >= with a value, or rows, or no rows',
}

/** The value of one kind, or a sentence about what is wrong with it. */
export function readValue<T>(kind: Kind<T>, written: unknown): { readonly value: T } | { readonly wrong: string } {
  const parsed = kind.schema.safeParse(typeof written === 'string' ? kind.fromText(written.trim()) : written)
  if (parsed.success) return { value: parsed.data }
  return { wrong: kind.discreet === true ? `expected ${kind.expectation}` : `expected ${kind.expectation}, found ${shown(written)}` }
}

/** A value in a message: short, in one line. */
function shown(value: unknown): string {
  if (typeof value === 'bigint' || (typeof value === 'object' && value !== null)) return Array.isArray(value) ? 'a list' : `a ${typeof value}`
  const json: unknown = JSON.stringify(value)
  const found = typeof json === 'string' ? json : typeof value
  return found.length > 80 ? `${found.slice(0, 77)}…` : found
}

