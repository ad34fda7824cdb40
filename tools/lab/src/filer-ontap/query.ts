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
  /** Paths that are answered only when asked for by name, or with `**`. */
  readonly expensive?: readonly string[]
  /** Objects are known by this, not by `uuid`. */
  readonly id?: string
}

const reserved = new Set(['fields', 'max_records', 'order_by', 'return_records', 'return_timeout', 'force', 'query', 'action', 'action_timeout', 'max_age', 'ignore_unknown_fields'])
const isFilter = (name: string): boolean => !reserved.has(name) && !name.startsWith('start.')

/** A change by a query needs one: nobody means all objects. @throws OntapError */
export function needQuery(query: URLSearchParams): URLSearchParams {
  if (![...query.keys()].some(isFilter)) throw new OntapError(400, 2, 'A change of a collection needs a query.', 'query')
  return query
}

/** The records that a query selects, in its order. @throws OntapError for fields this release does not have */
export function selected(records: readonly Listed[], query: URLSearchParams, spec: CollectionSpec, release: Release): readonly Listed[] {
  const filters = [...query.entries()].filter(([name]) => isFilter(name))
  for (const [name] of filters) checkField(name, spec, release)
  const matching = records.filter(({ record }) => filters.every(([name, value]) => valuesAt(record, name).some((found) => matches(found, value)) || (valuesAt(record, name).length === 0 && matches(undefined, value))))
  return matching.sort(ordering(query.get('order_by'), spec, release))
}

/** One page of a collection: filters, order, fields, `num_records`, link to the next page. */
export function collection(records: readonly Listed[], query: URLSearchParams, spec: CollectionSpec, release: Release, pageSize: number): Json {
  const ordered = selected(records, query, spec, release)
  if (query.get('return_records') === 'false') return { num_records: ordered.length }

  const requested = Number(query.get('max_records') ?? pageSize)
  if (!Number.isInteger(requested) || requested < 1) throw new OntapError(400, 2, 'Invalid value for "max_records"', 'max_records')
  const size = Math.min(requested, pageSize)
  const compareBy = ordering(query.get('order_by'), spec, release)
  const after = cursorIn(query)
  const begin = after === undefined ? 0 : ordered.findIndex((each) => compareBy(each, after) > 0)
  const page = begin < 0 ? [] : ordered.slice(begin, begin + size)
  const more = begin >= 0 && begin + size < ordered.length
  const fields = fieldsOf(query, spec, release)
  const last = page.at(-1)
  const next = new URLSearchParams(query)
  if (last !== undefined) next.set('start.at', Buffer.from(JSON.stringify({ sequence: last.sequence, ...sortRecord(last.record, query.get('order_by')) })).toString('base64url'))
  return {
    records: page.map(({ record }) => withSelf(select(record, fields, spec), spec, record)),
    num_records: page.length,
    _links: { self: { href: `${spec.path}${query.size === 0 ? '' : `?${query.toString()}`}` }, ...(more ? { next: { href: `${spec.path}?${next.toString()}` } } : {}) },
  }
}

/** One object, with the fields that were asked for; all cheap ones when none were. */
export function single(record: Json, query: URLSearchParams, spec: CollectionSpec, release: Release): Json {
  const fields = query.has('fields') ? fieldsOf(query, spec, release) : ['*']
  return withSelf(select(record, fields, spec), spec, record)
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

/** Where objects that records refer to are found. */
const references: Readonly<Record<string, string>> = {
  svm: '/api/svm/svms', parent_svm: '/api/svm/svms', volume: '/api/storage/volumes', parent_volume: '/api/storage/volumes', volumes: '/api/storage/volumes', missing_volumes: '/api/storage/volumes',
  aggregates: '/api/storage/aggregates', snapshot_policy: '/api/storage/snapshot-policies', export_policy: '/api/protocols/nfs/export-policies', consistency_group: '/api/application/consistency-groups',
}

function withSelf(record: Json, spec: CollectionSpec, whole: Json): Json {
  const id = whole[spec.id ?? 'uuid']
  const linked = linkReferences(record) as Json
  return spec.id === '' ? { ...linked, _links: { self: { href: spec.path } } } : typeof id === 'string' || typeof id === 'number' ? { ...linked, _links: { self: { href: `${spec.path}/${id}` } } } : linked
}

function linkReferences(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((element) => linkReferences(element, key))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [name, linkReferences(inner, name)])
  const object = Object.fromEntries(entries)
  const id = object['uuid'] ?? object['id']
  const path = references[key]
  return path === undefined || id === undefined ? object : { ...object, _links: { self: { href: `${path}/${id as string}` } } }
}

function fieldsOf(query: URLSearchParams, spec: CollectionSpec, release: Release): readonly string[] {
  const fields = (query.get('fields') ?? '').split(',').map((field) => field.trim()).filter((field) => field !== '')
  for (const field of fields) if (field !== '*' && field !== '**') checkField(field.replace(/\.\*+$/, ''), spec, release)
  return fields.map((field) => (field === '*' || field === '**' ? field : field.replace(/\.\*+$/, '')))
}

function checkField(field: string, spec: CollectionSpec, release: Release): void {
  const known = Object.entries(spec.fields).filter(([path]) => path === field || field.startsWith(`${path}.`) || path.startsWith(`${field}.`))
  if (!known.some(([, since]) => since <= release)) throw invalidField(field)
}

/** Null is not answered at all, so an absent member stands for it. */
function select(record: Json, fields: readonly string[], spec: CollectionSpec): Json {
  const result: Record<string, unknown> = {}
  const all = fields.includes('**')
  if (all || fields.includes('*')) Object.assign(result, without(record, all ? [] : (spec.expensive ?? [])))
  for (const key of spec.keys) if (record[key] !== undefined) result[key] = record[key]
  for (const field of fields) {
    if (field === '*' || field === '**') continue
    pick(record, result, field.split('.'))
  }
  return result
}

/** A copy that lacks the members at these paths. */
function without(record: Json, paths: readonly string[]): Json {
  const entries = Object.entries(record).flatMap(([key, value]): [string, unknown][] => {
    if (value === undefined || paths.includes(key)) return []
    const below = paths.filter((path) => path.startsWith(`${key}.`)).map((path) => path.slice(key.length + 1))
    return [[key, below.length === 0 || typeof value !== 'object' || value === null || Array.isArray(value) ? value : without(value as Json, below)]]
  })
  return Object.fromEntries(entries)
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

/** The operators of a query value: `|` and `,` or, `!` not, `*` any text, `<`, `>`, `<=`, `>=`, `a..b`, `null`. */
export function matches(found: unknown, expression: string): boolean {
  if (expression.includes('|')) return expression.split('|').some((part) => matches(found, part))
  if (expression.startsWith('!')) return !matches(found, expression.slice(1))
  // Several values, of which one is enough; a name has no comma.
  if (expression.includes(',')) return expression.split(',').some((part) => matches(found, part))
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

interface SortKey {
  readonly field: string
  readonly descending: boolean
}

function sortKeys(by: string | null): readonly SortKey[] {
  return (by ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => {
    const [field = '', direction = 'asc'] = part.split(/\s+/)
    if (direction !== 'asc' && direction !== 'desc') throw new OntapError(400, 2, `Invalid value "${part}" for "order_by"`, 'order_by')
    return { field, descending: direction === 'desc' }
  })
}

/** By the wanted fields, and then in the order of creation, so that no two records are equal. */
function ordering(by: string | null, spec: CollectionSpec, release: Release): (a: Listed, b: Listed) => number {
  const keys = sortKeys(by)
  for (const { field } of keys) checkField(field, spec, release)
  return (a, b) => {
    for (const { field, descending } of keys) {
      const [left, right] = [valuesAt(a.record, field)[0], valuesAt(b.record, field)[0]]
      // What has no value comes last.
      const difference = left === undefined || right === undefined ? Number(left === undefined) - Number(right === undefined) : compare(left, textOf(right)) * (descending ? -1 : 1)
      if (difference !== 0) return difference
    }
    return a.sequence - b.sequence
  }
}

/** What of a record its place in the order depends on. */
function sortRecord(record: Json, by: string | null): { readonly record: Json } {
  const result: Record<string, unknown> = {}
  for (const { field } of sortKeys(by)) pick(record, result, field.split('.'))
  return { record: result }
}

/** The last record of the page before. */
function cursorIn(query: URLSearchParams): Listed | undefined {
  const text = query.get('start.at')
  if (text === null) return undefined
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Listed
  } catch {
    throw new OntapError(400, 2, 'Invalid value for "start.at"', 'start.at')
  }
}
