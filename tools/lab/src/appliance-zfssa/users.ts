import { randomBytes, timingSafeEqual } from 'node:crypto'
import { restErrors } from './rest-error.ts'

/** Authorisations of `nas.<pool>.<project>.*`, by their names on the appliance, and two that concern the whole of it. */
export const allRights = [
  'takeSnap', 'destroySnap', 'renameSnap', 'clone', 'rollback', 'createShare', 'createProject', 'destroy',
  'changeGeneralProps', 'changeSpaceProps', 'changeProtocolProps', 'changeAccessProps', 'configureSchema', 'configureServices',
] as const
export type Right = (typeof allRights)[number]

export interface User {
  readonly name: string
  readonly password: string
  /** `all`: an administrator. */
  readonly rights: readonly Right[] | 'all'
}

interface Token {
  readonly user: string
  /** Node that issued it; `undefined`: kept by both. */
  readonly node: number | undefined
  readonly id: string
  readonly name: string
  readonly preserve: boolean
  /** Milliseconds since 1970. */
  expires: number
  readonly lifetimeMs: number
}

/** Who may log in, and the tokens that were given out. */
export class Directory {
  readonly #users: Map<string, User>
  readonly #tokens = new Map<string, Token>()
  tokenLifetimeMs: number

  constructor(users: readonly User[], tokenLifetimeMs: number) {
    this.#users = new Map(users.map((user) => [user.name, user]))
    this.tokenLifetimeMs = tokenLifetimeMs
  }

  checkPassword(name: string, password: string): User {
    const user = this.#users.get(name)
    const [given, right] = [Buffer.from(password), Buffer.from(user?.password ?? '')]
    if (user === undefined || given.length !== right.length || !timingSafeEqual(given, right)) throw restErrors.unauthorized()
    return user
  }

  issue(user: User, node: number | undefined, now: number, options: { readonly name?: string; readonly preserve?: boolean; readonly lifetimeMs?: number } = {}): { readonly session: string; readonly token: Token } {
    const session = randomBytes(24).toString('base64url').slice(0, 31)
    const lifetimeMs = options.lifetimeMs ?? this.tokenLifetimeMs
    const token: Token = { user: user.name, node, id: randomBytes(16).toString('hex'), name: options.name ?? `REST-${randomBytes(6).toString('base64url')}`, preserve: options.preserve ?? false, expires: now + lifetimeMs, lifetimeMs }
    this.#tokens.set(session, token)
    return { session, token }
  }

  /** Use prolongs a session. */
  checkSession(session: string, node: number, now: number): User {
    const token = this.#tokens.get(session)
    if (token !== undefined && token.expires <= now) this.#tokens.delete(session)
    const user = token === undefined ? undefined : this.#users.get(token.user)
    if (token === undefined || user === undefined || token.expires <= now || (token.node !== undefined && token.node !== node)) throw restErrors.unauthorized()
    if (token.node !== undefined) token.expires = now + token.lifetimeMs
    return user
  }

  endSession(session: string): void {
    this.#tokens.delete(session)
  }

  add(user: User): void {
    this.#users.set(user.name, user)
  }

  find(name: string): User | undefined {
    return this.#users.get(name)
  }

  endToken(token: Token): void {
    for (const [session, known] of this.#tokens) if (known === token) this.#tokens.delete(session)
  }

  expireAll(): void {
    this.#tokens.clear()
  }

  tokensOf(user: string): readonly Token[] {
    return [...this.#tokens.values()].filter((token) => token.user === user)
  }

  get sessionCount(): number {
    return this.#tokens.size
  }
}

export type { Token }

export function requireRight(user: User, ...any: readonly Right[]): void {
  if (user.rights !== 'all' && !any.some((right) => user.rights !== 'all' && user.rights.includes(right))) throw restErrors.unauthorized()
}
