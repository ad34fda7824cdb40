import { Secret } from '@icb/runtime'
import type { Logger } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import type { HttpAnswer, HttpClient } from '@icb/storage-core/http'
import { z } from 'zod'
import { errorOfStatus, errorOfText, isStorageError } from './server-errors.ts'

export interface SoftnasCall {
  /** For messages. */
  readonly what: string
  readonly opcode: string
  readonly operands?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export interface SoftnasAnswer {
  readonly message: string
  readonly records: readonly unknown[]
  /** Records in all, where the server says. */
  readonly total: number | undefined
}

/** The API of StorageCenter: session, opcodes, pages and errors; it knows no snapshots. */
export interface SoftnasClient {
  /** @throws ICB_STORAGE_… as the server tells it */
  call(call: SoftnasCall): Promise<SoftnasAnswer>
  /** All records of a listing, page by page; `key` tells records apart. */
  list<T>(schema: z.ZodType<T>, key: (record: T) => string, call: SoftnasCall): Promise<readonly T[]>
  close(): Promise<void>
}

const root = '/softnas'
const pageSize = 200
/** What is deleted meanwhile moves the rest up: pages overlap, and each record counts once. */
const overlap = 10
const answerSchema = z.object({
  success: z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]),
  msg: z.unknown().optional(), records: z.unknown().optional(), total: z.coerce.number().int().nonnegative().optional().catch(undefined),
})
/** How softnas-cmd, and with it the published examples, wraps what the server answers. */
const wrapped = z.object({ result: answerSchema })
/** Texts of a session that is none, or none any more. */
const noSession = /\b(?:session|log ?in|logged in|logged out|authenticat)/i

export interface SoftnasLogin {
  readonly user: string
  readonly password: Secret
}

interface Session {
  cookies: ReadonlyMap<string, string>
  /** It has answered a call: when it is refused now, it has ended. */
  proven: boolean
}

export function createSoftnasClient(http: HttpClient, who: () => Promise<SoftnasLogin>, logger: Logger): SoftnasClient {
  let session: Promise<Session> | undefined

  const logIn = async (signal: AbortSignal | undefined): Promise<Session> => {
    const what = 'logging in'
    const { user, password } = await who()
    const answer = await http.request({ method: 'POST', path: `${root}/login.php`, form: { username: user, password: password.reveal() }, signal })
    if (answer.status === 429 || answer.status >= 500) throw errorOfStatus(what, answer.status, answer.body)
    const body = answerSchema.safeParse(answer.body)
    const cookies = cookiesOf(answer)
    if (answer.status >= 400 || (body.success && !body.data.success) || cookies.size === 0) {
      throw storageErrors.AUTH(`${what}: the server refuses ${user}${body.success ? `: ${textOf(body.data.msg)}` : ''}`, { hint: 'Check user and password; see docs/storage/softnas.md.' })
    }
    return { cookies, proven: false }
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

  const headersOf = ({ cookies }: Session): Readonly<Record<string, string>> => ({ Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') })

  const call = async ({ what, opcode, operands, signal }: SoftnasCall): Promise<SoftnasAnswer> => {
    for (;;) {
      const opened = await open(signal)
      const answer = await http.request({ method: 'POST', path: `${root}/snserver/snserv.php`, headers: headersOf(opened), form: { opcode, ...operands }, signal })
      const renewed = cookiesOf(answer)
      if (renewed.size > 0) opened.cookies = new Map([...opened.cookies, ...renewed])
      if (refusesSession(answer)) {
        session = undefined
        // What was refused was not carried out. A login that opens nothing is no login.
        if (!opened.proven) throw storageErrors.AUTH(`${what}: the server took the login, but refuses its session`, { hint: 'Check user and password, and that this user may sign in to StorageCenter; see docs/storage/softnas.md.' })
        logger.debug({ opcode }, 'the session of the server has ended; logging in again')
        continue
      }
      opened.proven = true
      const known = answerOf(answer)
      if (known === undefined) throw answer.status === 200 ? storageErrors.PROTOCOL(`${what}: the server's answer is not as documented`, { details: { body: JSON.stringify(answer.body ?? null).slice(0, 500) } }) : errorOfStatus(what, answer.status, answer.body)
      if (!known.success) throw errorOfText(what, textOf(known.msg))
      if (known.records !== undefined && known.records !== null && !Array.isArray(known.records)) throw storageErrors.PROTOCOL(`${what}: the server's records are no list`)
      return { message: textOf(known.msg), records: Array.isArray(known.records) ? (known.records as unknown[]) : [], total: known.total }
    }
  }

  const list = async <T>(schema: z.ZodType<T>, key: (record: T) => string, { what, opcode, operands, signal }: SoftnasCall): Promise<readonly T[]> => {
    const found = new Map<string, T>()
    for (let start = 0; ; start += pageSize - overlap) {
      const { records, total } = await call({ what, opcode, operands: { ...operands, start: String(start), limit: String(pageSize) }, signal })
      const before = found.size
      for (const each of records) {
        const record = schema.safeParse(each)
        if (!record.success) throw storageErrors.PROTOCOL(`${what}: a record is not as documented: ${record.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`)
        found.set(key(record.data), record.data)
      }
      // A server that knows no pages answers everything each time: then nothing new comes.
      if (records.length < pageSize || found.size === before || (total !== undefined && start + records.length >= total)) return [...found.values()]
    }
  }

  return {
    call,
    list,
    close: async () => {
      const ended = await session?.catch(() => undefined)
      session = undefined
      if (ended !== undefined) {
        await http.request({ method: 'GET', path: `${root}/logout.php`, headers: headersOf(ended) }).catch((error: unknown) => {
          if (!isStorageError(error, 'UNREACHABLE')) throw error
        })
      }
      http.close()
    },
  }
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message : message === undefined || message === null ? '' : JSON.stringify(message)
}

function answerOf({ status, body }: HttpAnswer): z.infer<typeof answerSchema> | undefined {
  if (status !== 200) return undefined
  const plain = answerSchema.extend({ result: z.undefined().optional() }).safeParse(body)
  if (plain.success) return plain.data
  const inner = wrapped.safeParse(body)
  return inner.success ? inner.data.result : undefined
}

/** How a session that is none is refused is not published: a redirect or the page of the login, a status, or a text are all taken for it. */
function refusesSession(answer: HttpAnswer): boolean {
  if ((answer.status >= 300 && answer.status < 400) || answer.status === 401 || answer.status === 403) return true
  if (answer.status === 200 && typeof answer.body === 'string' && /^\s*(?:<!doctype html|<html)/i.test(answer.body)) return true
  const known = answerOf(answer)
  return known !== undefined && !known.success && noSession.test(textOf(known.msg))
}

/** Values are registered as secrets, so that no message shows them. */
function cookiesOf(answer: HttpAnswer): ReadonlyMap<string, string> {
  const pairs = (answer.headers['set-cookie'] ?? '').split(/, (?=[^;,=\s]+=)/).flatMap((each) => {
    const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(each) ?? []
    return name === undefined || value === undefined || value === '' || value === 'deleted' ? [] : [[name, new Secret(value, 'session of the server').reveal()] as const]
  })
  return new Map(pairs)
}
