import { Secret } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { HttpAnswer, HttpClient, HttpMethod } from '@icb/storage-core/http'
import { z } from 'zod'
import { endedSession, errorOfCode, errorOfStatus, isStorageError } from './array-errors.ts'

export interface DoradoCall {
  /** For messages. */
  readonly what: string
  readonly method: HttpMethod
  /** Below `/deviceManager/rest/<device>`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, string | number>>
  readonly signal?: AbortSignal | undefined
}

/** The REST API of one array: session, pages and errors; it knows no file systems. */
export interface DoradoClient {
  /** The member `data` of a good answer. @throws ICB_STORAGE_… as the array tells it */
  call(call: DoradoCall): Promise<unknown>
  /** All records of a collection, page by page. */
  list<T>(schema: z.ZodType<T>, call: Omit<DoradoCall, 'method' | 'body'>): Promise<readonly T[]>
  close(): Promise<void>
}

interface Session {
  readonly base: string
  readonly headers: Readonly<Record<string, string>>
}

const pageSize = 100
const root = '/deviceManager/rest'
const envelope = z.object({ data: z.unknown().optional(), error: z.object({ code: z.union([z.number(), z.string()]), description: z.string().optional() }) })
const login = z.object({ deviceid: z.string().min(1), iBaseToken: z.string().min(1), accountstate: z.union([z.number(), z.string()]).optional() })
/** The password must be changed before anything else is allowed: expired, or reset by an administrator. */
const unusableAccounts: ReadonlySet<string> = new Set(['3', '4'])

export interface DoradoLogin {
  readonly user: string
  readonly password: Secret
  /** 0: users of the array, 1: of a domain. */
  readonly scope: 0 | 1
}

export function createDoradoClient(http: HttpClient, who: () => Promise<DoradoLogin>, logger: Logger): DoradoClient {
  let session: Promise<Session> | undefined

  const read = (what: string, answer: HttpAnswer): { readonly data: unknown; readonly code: string; readonly description: string } => {
    const parsed = envelope.safeParse(answer.body)
    if (!parsed.success) throw answer.status === 200 ? storageErrors.PROTOCOL(`${what}: the array's answer is not as documented`, { details: { body: JSON.stringify(answer.body ?? null).slice(0, 500) } }) : errorOfStatus(what, answer.status, answer.body)
    const { data, error } = parsed.data
    return { data, code: String(error.code), description: error.description ?? 'no description' }
  }

  const logIn = async (signal: AbortSignal | undefined): Promise<Session> => {
    const what = 'logging in'
    const { user, password, scope } = await who()
    const answer = await http.request({ method: 'POST', path: `${root}/xxxxx/sessions`, body: { username: user, password: password.reveal(), scope }, signal })
    const { data, code, description } = read(what, answer)
    if (code !== '0') throw errorOfCode(what, code, description)
    const known = login.safeParse(data)
    if (!known.success) throw storageErrors.PROTOCOL(`${what}: the array gave no session`)
    const { deviceid, iBaseToken, accountstate } = known.data
    if (unusableAccounts.has(String(accountstate))) throw storageErrors.AUTH(`${what}: the password of ${user} has expired or must be changed`, { hint: 'Change it in DeviceManager, then in the configuration.' })
    const cookie = (answer.headers['set-cookie'] ?? '').split(/, (?=[^;,=]+=)/).map((each) => each.split(';')[0] ?? '').filter((each) => each !== '').join('; ')
    // Registered, so that no message shows it.
    const token = new Secret(iBaseToken, 'session of the array')
    return { base: `${root}/${encodeURIComponent(deviceid)}`, headers: { iBaseToken: token.reveal(), ...(cookie === '' ? {} : { Cookie: cookie }) } }
  }

  const open = async (signal: AbortSignal | undefined): Promise<Session> => {
    session ??= logIn(signal)
    try {
      return await session
    } catch (error) {
      session = undefined
      throw error
    }
  }

  const call = async ({ what, method, path, query, body, signal }: DoradoCall): Promise<unknown> => {
    for (let renewed = false; ; renewed = true) {
      const known = open(signal)
      const { base, headers } = await known
      const answer = await http.request({ method, path: `${base}${path}`, headers, ...(query === undefined ? {} : { query }), ...(body === undefined ? {} : { body }), signal })
      const { data, code, description } = read(what, answer)
      if (code === '0') return data
      // A refused session means that nothing was done.
      if (renewed || !endedSession.has(code)) throw errorOfCode(what, code, description)
      logger.debug({ code }, 'the session of the array has ended; logging in again')
      session = undefined
    }
  }

  const list = async <T>(schema: z.ZodType<T>, { what, path, query, signal }: Omit<DoradoCall, 'method' | 'body'>): Promise<readonly T[]> => {
    const found: T[] = []
    const seen = new Set<string>()
    for (let start = 0; ; ) {
      const data = await call({ what, method: 'GET', path, query: { ...query, range: `[${start}-${start + pageSize}]` }, signal })
      // An empty collection has no data.
      const page = data === undefined ? [] : Array.isArray(data) ? (data as unknown[]) : undefined
      if (page === undefined) throw storageErrors.PROTOCOL(`${what}: the array answered no list`)
      for (const each of page) {
        const id = String((each as { ID?: unknown } | null)?.ID)
        if (seen.has(id)) continue
        seen.add(id)
        const record = schema.safeParse(each)
        if (!record.success) throw storageErrors.PROTOCOL(`${what}: a record is not as documented: ${record.error.issues.slice(0, 3).map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; ')}`)
        found.push(record.data)
      }
      if (page.length < pageSize) return found
      // What is deleted meanwhile moves the rest up: the pages overlap by a few, and each record counts once.
      start += pageSize - overlap
    }
  }

  return {
    call,
    list,
    close: async () => {
      const ended = await session?.catch(() => undefined)
      session = undefined
      if (ended !== undefined) {
        await http.request({ method: 'DELETE', path: `${ended.base}/sessions`, headers: ended.headers }).catch((error: unknown) => {
          if (!isStorageError(error, 'UNREACHABLE')) throw error
        })
      }
      http.close()
    },
  }
}

const overlap = 10
