import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import { propertyMetadata } from './share-properties.ts'
import type { PropertyRule } from './share-properties.ts'

export function ok(body: object): RestAnswer {
  return { status: 200, body }
}

export function notAllowed(): never {
  throw restErrors.notImplemented()
}

export function isConfirmed({ query }: RestRequest): boolean {
  return query.get('confirm') === 'true'
}

/** One element, with what can be set on it where `props=true` asks for that. */
export function element(request: RestRequest, key: string, value: object, rules: Readonly<Record<string, PropertyRule>> = {}): RestAnswer {
  return ok({ [key]: value, ...metadata(request, rules) })
}

/** A list, or the page of it that `start` (index) and `limit` ask for. */
export function list(request: RestRequest, key: string, all: readonly object[], rules: Readonly<Record<string, PropertyRule>> = {}): RestAnswer {
  const start = countIn(request.query, 'start') ?? 0
  const limit = countIn(request.query, 'limit')
  return ok({ [key]: all.slice(start, limit === undefined ? undefined : start + limit), ...metadata(request, rules) })
}

function metadata({ query }: RestRequest, rules: Readonly<Record<string, PropertyRule>>): object {
  return query.get('props') === 'true' ? { props: propertyMetadata(rules) } : {}
}

function countIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d+$/.test(text)) throw restErrors.invalid(`bad value "${text}" for query parameter "${name}"`)
  return Number(text)
}

export function textIn(body: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = body[key]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw restErrors.invalid(`bad property value for "${key}"`)
  return value
}

const nameRule = /^[A-Za-z0-9_.][A-Za-z0-9_.:-]*$/

/** A name in a body. @throws RestError 400 */
export function optionalName(body: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = textIn(body, key)
  if (value !== undefined && (!nameRule.test(value) || value.length > 64)) throw restErrors.invalid(`bad property value "${value}" (encountered while attempting to run command "${key} ${value}")`)
  return value
}

export function nameIn(body: Readonly<Record<string, unknown>>, key: string): string {
  const value = optionalName(body, key)
  if (value === undefined) throw restErrors.missing(key)
  return value
}
