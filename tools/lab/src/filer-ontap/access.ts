import { timingSafeEqual } from 'node:crypto'
import { OntapError } from './ontap-error.ts'

export type AccessLevel = 'none' | 'readonly' | 'read_create' | 'read_modify' | 'read_create_modify' | 'all'

export interface Privilege {
  /** The path of a resource, which may be qualified by a star or a UUID in place of an object's. */
  readonly path: string
  readonly access: AccessLevel
}

export interface FilerUser {
  readonly name: string
  /** `undefined`: logs in with a certificate whose common name is its name. */
  readonly password: string | undefined
  /** Scoped to one SVM. */
  readonly svm: string | undefined
  /** `undefined`: everything. */
  readonly role: readonly Privilege[] | undefined
}

const allowed: Readonly<Record<AccessLevel, readonly string[]>> = {
  none: [],
  readonly: ['GET'],
  read_create: ['GET', 'POST'],
  read_modify: ['GET', 'PATCH'],
  read_create_modify: ['GET', 'POST', 'PATCH'],
  all: ['GET', 'POST', 'PATCH', 'DELETE'],
}

/** @throws OntapError 401 when the login is not known. */
export function logIn(users: ReadonlyMap<string, FilerUser>, authorization: string | undefined, certificateName: string | undefined): FilerUser {
  if (authorization === undefined) {
    const user = certificateName === undefined ? undefined : users.get(certificateName)
    if (user !== undefined && user.password === undefined) return user
    throw new OntapError(401, 6691623, 'User is not authorized.')
  }
  const [, encoded = ''] = /^Basic (.*)$/.exec(authorization) ?? []
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  const user = users.get(name)
  if (user?.password === undefined || !same(user.password, rest.join(':'))) throw new OntapError(401, 6691623, 'User is not authorized.')
  return user
}

/** The privilege with the longest path that covers the request decides. @throws OntapError 403 */
export function authorize(user: FilerUser, method: string, path: string): void {
  if (user.role === undefined) return
  const parts = path.split('/')
  const covering = user.role
    .map((privilege) => ({ privilege, pattern: privilege.path.replace(/^\/api\/storage\/volumes\/snapshots/, '/api/storage/volumes/*/snapshots').replace(/consistency-groups\/snapshots/, 'consistency-groups/*/snapshots').split('/') }))
    .filter(({ pattern }) => pattern.every((part, index) => part === '*' || part === parts[index]))
    .sort((a, b) => b.pattern.length - a.pattern.length)
  if (allowed[covering[0]?.privilege.access ?? 'none'].includes(method)) return
  throw new OntapError(403, 6, 'not authorized for that command')
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
