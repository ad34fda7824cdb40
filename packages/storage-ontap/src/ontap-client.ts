import { hasErrorCode, pollUntil } from '@icb/runtime'
import type { Clock } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { HttpAnswer, HttpClient, HttpMethod } from '@icb/storage-core/http'
import { z } from 'zod'
import { errorOfFault, isStorageError, ontapCodeOf } from './answer-errors.ts'
import type { OntapFault } from './answer-errors.ts'

/** Query parameters of a request. */
export type Query = Readonly<Record<string, string | number | boolean>>

/** Fields to ask for: a name, or one that came with a later release than 9.6 (`910` is 9.10). */
export type Field = string | readonly [name: string, since: number]

export interface Change {
  readonly method: HttpMethod
  readonly path: string
  /** For messages: `creating snapshot x`. */
  readonly what: string
  readonly query?: Query
  readonly body?: Readonly<Record<string, unknown>>
  /** Seconds that the filer may take before it answers that the job still runs. Default 0. */
  readonly returnTimeout?: number
  readonly signal?: AbortSignal | undefined
}

export interface ReadOptions<T> {
  readonly what: string
  readonly schema: z.ZodType<T>
  readonly fields: readonly Field[]
  readonly query?: Query
  readonly signal?: AbortSignal | undefined
}

/** The REST API of one filer: fields, pages, jobs and errors; it knows no volumes. Paths begin after `/api`. */
export interface OntapClient {
  /** The object at this path, or `undefined` when there is none. */
  find<T>(path: string, options: ReadOptions<T>): Promise<T | undefined>
  /** All records of a collection, page by page. */
  list<T>(path: string, options: ReadOptions<T>): AsyncGenerator<T, void, undefined>
  all<T>(path: string, options: ReadOptions<T>): Promise<readonly T[]>
  /** Makes a change and waits for its job. @throws ICB_STORAGE_… as the filer tells it; BUSY when the job outlasts its deadline */
  change(change: Change): Promise<void>
  /** 910 for 9.10. */
  release(signal?: AbortSignal): Promise<number>
  /** The release, once it has been asked. */
  readonly knownRelease: number | undefined
  close(): void
}

interface SendOptions {
  readonly query?: Query
  readonly body?: unknown
  /** An error in a good answer is part of what was asked for, as in a failed job. */
  readonly errorIsMember?: boolean
  readonly signal?: AbortSignal | undefined
}

const pageSize = 1000
const envelope = z.object({ records: z.array(z.unknown()).optional(), _links: z.object({ next: z.object({ href: z.string() }).optional() }).optional() })
const faultBody = z.object({ error: z.object({ code: z.union([z.string(), z.number()]).optional(), message: z.string().optional(), target: z.string().optional() }) })
const jobAnswer = z.object({ job: z.object({ uuid: z.string() }).optional() })
const job = z.object({
  state: z.string(),
  message: z.string().optional(),
  code: z.union([z.string(), z.number()]).optional(),
  error: z.object({ code: z.union([z.string(), z.number()]).optional(), message: z.string().optional() }).optional(),
})
const version = z.object({ version: z.object({ generation: z.number(), major: z.number() }) })
const cliVersion = z.object({ records: z.array(z.object({ version: z.object({ full: z.string() }) })) })

export function createOntapClient(http: HttpClient, { clock, jobTimeoutMs }: { readonly clock: Clock; readonly jobTimeoutMs: number }): OntapClient {
  /** Fields that this filer turned out not to know. */
  const unknownFields = new Set<string>()
  let known: number | undefined

  const send = async (method: HttpMethod, path: string, what: string, options: SendOptions): Promise<HttpAnswer> => {
    const answer = await http.request({ method, path, ...(options.query === undefined ? {} : { query: options.query }), ...(options.body === undefined ? {} : { body: options.body }), signal: options.signal })
    const fault = options.errorIsMember === true && answer.status < 400 ? undefined : faultOf(answer)
    if (fault !== undefined) throw errorOfFault(what, fault)
    return answer
  }

  const parsed = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    throw storageErrors.PROTOCOL(`${what}: the filer's answer is not as documented: ${result.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`)
  }

  const release = async (signal?: AbortSignal): Promise<number> => (known ??= await askRelease(signal))

  const askRelease = async (signal: AbortSignal | undefined): Promise<number> => {
    const what = 'asking for the release of ONTAP'
    try {
      const answer = await send('GET', '/api/cluster', what, { query: { fields: 'version' }, signal })
      const { generation, major } = parsed(version, answer.body, what).version
      return generation * 100 + major
    } catch (error) {
      // Early releases tell it to logins of the cluster only; the command line's door is open to others.
      if (ontapCodeOf(error) !== '6') throw error
      const answer = await send('GET', '/api/private/cli/version', what, { signal })
      const text = parsed(cliVersion, answer.body, what).records[0]?.version.full ?? ''
      const [, generation, major] = /(\d+)\.(\d+)/.exec(text) ?? []
      if (major === undefined) throw storageErrors.PROTOCOL(`${what}: "${text}" is no release`, { cause: error })
      return Number(generation) * 100 + Number(major)
    }
  }

  /** Sends a read; a field that the filer does not know is left out from then on. */
  const read = async (path: string, { fields, query, what, signal }: ReadOptions<unknown>): Promise<HttpAnswer> => {
    const ask = await askedFields(fields, signal)
    for (;;) {
      const asked = ask.filter((field) => !unknownFields.has(field))
      try {
        return await send('GET', `/api${path}`, what, { query: { ...query, fields: asked.join(',') }, signal })
      } catch (error) {
        const field = unknownFieldOf(error, asked)
        if (field === undefined) throw error
        unknownFields.add(field)
      }
    }
  }

  const askedFields = async (fields: readonly Field[], signal: AbortSignal | undefined): Promise<readonly string[]> => {
    const present = fields.some((field) => typeof field !== 'string') ? await release(signal) : 0
    return fields.flatMap((field) => (typeof field === 'string' ? [field] : field[1] <= present ? [field[0]] : []))
  }

  /** A page that fails is asked for again here: who called for the listing has already acted on the pages before. */
  const furtherPage = async (path: string, { what, signal }: ReadOptions<unknown>): Promise<HttpAnswer> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await send('GET', path, what, { signal })
      } catch (error) {
        if (!isStorageError(error, 'UNREACHABLE', 'BUSY') || attempt >= 5) throw error
        await clock.sleep(250 * attempt, signal)
      }
    }
  }

  const list = async function* <T>(path: string, options: ReadOptions<T>): AsyncGenerator<T, void, undefined> {
    let answer = await read(path, { ...options, query: { max_records: pageSize, ...options.query } })
    for (const seen = new Set<string>(); ; ) {
      const page = parsed(envelope, answer.body, options.what)
      for (const record of page.records ?? []) yield parsed(options.schema, record, options.what)
      // An empty page may still have a next one: the filer stops early when time is up.
      const next = page._links?.next?.href
      if (next === undefined) return
      if (!next.startsWith('/api/') || seen.has(next)) throw storageErrors.PROTOCOL(`${options.what}: the filer's link to the next page leads nowhere`)
      seen.add(next)
      answer = await furtherPage(next, options)
    }
  }

  const waitForJob = async (uuid: string, what: string, signal: AbortSignal | undefined): Promise<void> => {
    let lost = 0
    const probe = async (): Promise<z.infer<typeof job> | undefined> => {
      try {
        const answer = await send('GET', `/api/cluster/jobs/${uuid}`, what, { query: { fields: 'state,message,code,error' }, errorIsMember: true, signal })
        lost = 0
        const found = parsed(job, answer.body, what)
        return found.state === 'success' || found.state === 'failure' ? found : undefined
      } catch (error) {
        if (isStorageError(error, 'NOT_FOUND')) throw storageErrors.BUSY(`${what}: the filer no longer knows how job ${uuid} ended`, { hint: 'Call again: what it did is found by name.', cause: error })
        if (!isStorageError(error, 'UNREACHABLE', 'BUSY') || ++lost > 3) throw error
        return undefined
      }
    }
    const ended = await pollUntil({ clock, what: `job ${uuid}`, deadlineMs: jobTimeoutMs, intervalMs: 100, maxIntervalMs: 2000, signal }, probe).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) throw error
      throw storageErrors.BUSY(`${what}: job ${uuid} of the filer has not ended within ${Math.round(jobTimeoutMs / 1000)} s`, { hint: 'Call again: what it did is found by name. "jobTimeoutSeconds" changes the limit.', details: { job: uuid }, cause: error })
    })
    if (ended.state === 'success') return
    const message = ended.error?.message ?? ended.message ?? 'the job failed'
    throw errorOfFault(what, { code: String(ended.error?.code ?? ended.code ?? ''), message, status: 'job' })
  }

  return {
    find: async (path, options) => {
      try {
        return parsed(options.schema, (await read(path, options)).body, options.what)
      } catch (error) {
        if (isStorageError(error, 'NOT_FOUND')) return undefined
        throw error
      }
    },
    list,
    all: async (path, options) => {
      const records = []
      for await (const record of list(path, options)) records.push(record)
      return records
    },
    change: async ({ method, path, what, query, body, returnTimeout = 0, signal }) => {
      const answer = await send(method, `/api${path}`, what, { query: { return_timeout: returnTimeout, ...query }, ...(body === undefined ? {} : { body }), signal })
      // Only 202 means that the job still runs; with 200 and 201 it is there for information.
      const pending = answer.status === 202 ? parsed(jobAnswer, answer.body ?? {}, what).job : undefined
      if (pending !== undefined) await waitForJob(pending.uuid, what, signal)
    },
    release,
    get knownRelease() {
      return known
    },
    close: () => { http.close() },
  }
}

/** The error in an answer; some come with status 200. */
function faultOf({ status, body }: HttpAnswer): OntapFault | undefined {
  const told = faultBody.safeParse(body)
  if (told.success) {
    const { code, message, target } = told.data.error
    return { code: String(code ?? ''), message: message ?? 'no message', status, target }
  }
  return status >= 400 ? { code: '', message: typeof body === 'string' ? body.slice(0, 200) : 'an error without a message', status } : undefined
}

/** 262197 names the field as target or in its text. */
function unknownFieldOf(error: unknown, asked: readonly string[]): string | undefined {
  if (!isStorageError(error, 'UNSUPPORTED') || !['262197', '262179'].includes(ontapCodeOf(error) ?? '')) return undefined
  return asked.find((field) => error.details['target'] === field) ?? asked.find((field) => error.message.includes(`"${field}"`))
}
