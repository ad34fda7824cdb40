import type { Release } from './cluster.ts'
import { invalidField, OntapError } from './ontap-error.ts'

export type Json = Readonly<Record<string, unknown>>

/** One object of a collection: where it sorts, and all that it has. */
export interface Listed {
  readonly sequence: number
  readonly record: Json
}

export interface CollectionSpec {
  /** `/api/storage/volumes`. */
  readonly path: string
  /** Field paths and the release that brought them; a path covers what is below it. */
  readonly fields: Readonly<Record<string, Release>>
  /** Answered without being asked for. */
  readonly keys: readonly string[]
  /** Answered only when asked for by name. */
  readonly expensive?: readonly string[]
}

const reserved = new Set(['fields', 'max_records', 'order_by', 'return_records', 'return_timeout', 'force', 'start.sequence', 'query', 'action', 'action_timeout'])

/** One page of a collection: filters, order, fields, `num_records`, link to the next page. */
export function collection(records: readonly Listed[], query: URLSearchParams, spec: CollectionSpec, release: Release, pageSize: number): Json {
  for (const name of query.keys()) if (!reserved.has(name)) checkField(name, spec, release)
  const filters = [...query.entries()].filter(([name]) => !reserved.has(name))
  const matching = records.filter(({ record }) => filters.every(([name, value]) => valuesAt(record, name).some((found) => matches(found, value)) || (valuesAt(record, name).length === 0 && matches(undefined, value))))
  const ordered = order(matching, query.get('order_by'))
  if (query.get('return_records') === 'false') return { num_records: ordered.length }

  const requested = Number(query.get('max_records') ?? pageSize)
  if (!Number.isInteger(requested) || requested < 1) throw new OntapError(400, 2, 'Invalid value for "max_records"', 'max_records')
  const size = Math.min(requested, pageSize)
  const cursor = query.get('start.sequence')
  const begin = cursor === null ? 0 : ordered.findIndex(({ sequence }) => sequence > Number(cursor))
  const page = begin < 0 ? [] : ordered.slice(begin, begin + size)
  const more = begin >= 0 && begin + size < ordered.length
  const fields = fieldsOf(query, spec, release)
  const last = page.at(-1)
  const next = new URLSearchParams(query)
  if (last !== undefined) next.set('start.sequence', String(last.sequence))
  return {
    records: page.map(({ record }) => withSelf(select(record, fields, spec), spec.path, record)),
    num_records: page.length,
    _links: { self: { href: `${spec.path}${query.size === 0 ? '' : `?${query.toString()}`}` }, ...(more ? { next: { href: `${spec.path}?${next.toString()}` } } : {}) },
  }
}

/** One object, with the fields that were asked for; all cheap ones when none were. */
export function single(record: Json, query: URLSearchParams, spec: CollectionSpec, release: Release): Json {
  const fields = query.has('fields') ? fieldsOf(query, spec, release) : ['*']
  return withSelf(select(record, fields, spec), spec.path, record)
}

/** Links are answered only to who accepts HAL, save the one to the next page. */
export function withoutLinks(value: unknown, top = true): unknown {
  if (Array.isArray(value)) return value.map((element) => withoutLinks(element, false))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    if (key !== '_links') return [[key, withoutLinks(inner, false)]]
    const { next } = inner as { next?: unknown }
    return top && next !== undefined ? [[key, { next }]] : []
  })
  return Object.fromEntries(entries)
}

function withSelf(selected: Json, path: string, record: Json): Json {
  const { uuid } = record
  return typeof uuid === 'string' ? { ...selected, _links: { self: { href: `${path}/${uuid}` } } } : selected
}

function fieldsOf(query: URLSearchParams, spec: CollectionSpec, release: Release): readonly string[] {
  const fields = (query.get('fields') ?? '').split(',').map((field) => field.trim()).filter((field) => field !== '')
  for (const field of fields) if (field !== '*' && field !== '**') checkField(field, spec, release)
  return fields
}

function checkField(field: string, spec: CollectionSpec, release: Release): void {
  const known = Object.entries(spec.fields).filter(([path]) => path === field || field.startsWith(`${path}.`) || path.startsWith(`${field}.`))
  if (!known.some(([, since]) => since <= release)) throw invalidField(field)
}

/** Null is not answered at all, so an absent member stands for it. */
function select(record: Json, fields: readonly string[], spec: CollectionSpec): Json {
  const result: Record<string, unknown> = {}
  const all = fields.includes('**')
  const common = all || fields.includes('*')
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined) continue
    if (spec.keys.includes(key) || (common && (all || spec.expensive?.includes(key) !== true))) result[key] = value
  }
  for (const field of fields) {
    if (field === '*' || field === '**') continue
    pick(record, result, field.split('.'))
  }
  return result
}

function pick(from: Json, into: Record<string, unknown>, [head = '', ...rest]: readonly string[]): void {
  const value = from[head]
  if (value === undefined) return
  if (rest.length === 0) {
    into[head] = value
  } else if (Array.isArray(value)) {
    const before = (into[head] as Record<string, unknown>[] | undefined) ?? value.map(() => ({}))
    value.forEach((element, index) => { pick(element as Json, before[index] ?? {}, rest) })
    into[head] = before
  } else if (typeof value === 'object' && value !== null) {
    const inner = { ...(into[head] as Record<string, unknown> | undefined) }
    pick(value as Json, inner, rest)
    if (Object.keys(inner).length > 0) into[head] = inner
  }
}

function valuesAt(value: unknown, path: string): unknown[] {
  if (path === '') return Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value]
  if (Array.isArray(value)) return value.flatMap((element) => valuesAt(element, path))
  if (typeof value !== 'object' || value === null) return []
  const [head = '', ...rest] = path.split('.')
  return valuesAt((value as Json)[head], rest.join('.'))
}

/** The operators of a query value: `|` or, `!` not, `*` any text, `<`, `>`, `<=`, `>=`, `a..b`, `null`. */
export function matches(found: unknown, expression: string): boolean {
  if (expression.includes('|')) return expression.split('|').some((part) => matches(found, part))
  if (expression.startsWith('!')) return !matches(found, expression.slice(1))
  if (expression === 'null') return found === undefined || found === null
  if (found === undefined || found === null) return false
  const compared = /^(<=|>=|<|>)(.*)$/.exec(expression)
  if (compared !== null) {
    const difference = compare(found, compared[2] ?? '')
    switch (compared[1]) {
      case '<': return difference < 0
      case '>': return difference > 0
      case '<=': return difference <= 0
      default: return difference >= 0
    }
  }
  const range = /^(.+?)\.\.(.+)$/.exec(expression)
  if (range !== null) return compare(found, range[1] ?? '') >= 0 && compare(found, range[2] ?? '') <= 0
  const text = textOf(found)
  if (!expression.includes('*')) return text === expression
  return new RegExp(`^${expression.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(text)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function compare(found: unknown, wanted: string): number {
  const [a, b] = typeof found === 'number' ? [found, Number(wanted)] : /^\d{4}-\d\d-\d\dT/.test(wanted) ? [Date.parse(textOf(found)), Date.parse(wanted)] : [textOf(found), wanted]
  return a < b ? -1 : a > b ? 1 : 0
}

function order(records: readonly Listed[], by: string | null): Listed[] {
  const sorted = [...records].sort((a, b) => a.sequence - b.sequence)
  // Objects are numbered as they are made, so this is also the order by creation; only that one is paged.
  if (by === null || /^create_time( asc)?$/.test(by)) return sorted
  const [field = '', direction = 'asc'] = by.split(' ')
  return sorted.sort((a, b) => (direction === 'desc' ? -1 : 1) * compare(valuesAt(a.record, field)[0] ?? '', textOf(valuesAt(b.record, field)[0] ?? '')))
}
