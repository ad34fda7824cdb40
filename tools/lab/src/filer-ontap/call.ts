import type { Cluster } from './cluster.ts'
import type { Job } from './jobs.ts'
import { OntapError } from './ontap-error.ts'
import { pause } from './jobs.ts'
import type { Json } from './query.ts'

/** One request after login. */
export interface Call {
  readonly cluster: Cluster
  readonly method: string
  /** Parts of the path that stand for `:names` of the route. */
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Nested; dotted keys are already unfolded. */
  readonly body: Json
  /** The one SVM that this login (or its tunnel header) sees; `undefined`: all. */
  readonly svm: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body: Json
  readonly headers?: Readonly<Record<string, string>>
}

let failures = 0

/** Seconds that a change may take before it is answered as still running. @throws OntapError */
export function returnTimeout(query: URLSearchParams): number {
  const text = query.get('return_timeout') ?? '0'
  if (!/^\d+$/.test(text) || Number(text) > 120) throw new OntapError(400, 2, `Invalid value "${text}" for "return_timeout" (0..120)`, 'return_timeout')
  return Number(text)
}

/** A change by a query: one job for each object that it selects. */
export async function asJobs(call: Call, changes: readonly (() => Promise<Answer>)[]): Promise<Answer> {
  const answers: Answer[] = []
  for (const change of changes) answers.push(await change())
  const failed = answers.find(({ status }) => status >= 400)
  if (failed !== undefined) return failed
  const jobs = answers.flatMap(({ body }) => (body['job'] === undefined ? [] : [body['job']]))
  return { status: answers.some(({ status }) => status === 202) ? 202 : 200, body: { num_records: answers.length, jobs } }
}

/** Answers a change: done in time, or 202 with the job. */
export async function asJob(call: Call, job: Job, options: { readonly done: 200 | 201; readonly location?: string; readonly record?: () => Json }): Promise<Answer> {
  const seconds = returnTimeout(call.query)
  await Promise.race([job.done, pause(seconds * 1000)])
  const reference = { job: { uuid: job.uuid, _links: { self: { href: `/api/cluster/jobs/${job.uuid}` } } } }
  // What a job that fails within return_timeout looks like is not documented: sometimes an error, sometimes a failed job.
  if (job.state === 'failure' && job.error !== undefined && seconds > 0 && failures++ % 2 === 0) return { status: job.error.status, body: job.error.body }
  const records = call.query.get('return_records') === 'true' && options.record !== undefined ? { num_records: 1, records: [options.record()] } : {}
  const headers = options.location === undefined ? {} : { headers: { Location: options.location } }
  return { status: job.state === 'success' ? options.done : 202, body: { ...reference, ...records }, ...headers }
}

export function textAt(body: Json, path: string): string | undefined {
  const value = at(body, path)
  return value === undefined || value === null ? undefined : `${value as string | number | boolean}`
}

export function numberAt(body: Json, path: string): number | undefined {
  const value = textAt(body, path)
  return value === undefined ? undefined : Number(value)
}

/** Booleans may come as text. */
export function truthAt(body: Json, path: string): boolean | undefined {
  const value = textAt(body, path)
  return value === undefined ? undefined : value === 'true'
}

export function at(body: Json, path: string): unknown {
  let value: unknown = body
  for (const key of path.split('.')) value = typeof value === 'object' && value !== null ? (value as Json)[key] : undefined
  return value
}

/** The paths of all leaves of a body. */
export function leaves(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [prefix]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, prefix === '' ? key : `${prefix}.${key}`))
}

/** `{"nas.path": "/x"}` and `{"nas": {"path": "/x"}}` are the same. */
export function unfold(body: Json): Json {
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(body)) {
    const inner = unfoldValue(value)
    const parts = key.split('.')
    const last = parts.pop() ?? key
    let place = result
    for (const part of parts) place = (place[part] ??= {}) as Record<string, unknown>
    const before = place[last]
    place[last] = typeof before === 'object' && before !== null && typeof inner === 'object' && inner !== null ? { ...before, ...inner } : inner
  }
  return result
}

function unfoldValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unfoldValue)
  return typeof value === 'object' && value !== null ? unfold(value as Json) : value
}
