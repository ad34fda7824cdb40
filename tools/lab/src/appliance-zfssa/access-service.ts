import type { IncomingHttpHeaders } from 'node:http'
import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import { firmware } from './system-service.ts'
import { timeText } from './views.ts'
import type { Directory, Token } from './users.ts'

const services = ['access', 'hardware', 'service', 'storage', 'system', 'user'] as const

/** The service `access`: login, logout, and the list of services. */
export function answerAccess(request: Omit<RestRequest, 'user'>, headers: IncomingHttpHeaders, directory: Directory): RestAnswer & { readonly user?: string } {
  const version = { 'X-Zfssa-Version': firmware }
  const body = { access: { services: services.map((name) => ({ name, version: '1.1', uri: `https://${headers.host ?? 'appliance'}/api/${name}/v${String(request.version)}` })) } }
  const session = headers['x-auth-session']
  if (request.path.length > 0) throw restErrors.notFound(request.path.join('/'))
  if (request.method === 'DELETE') {
    if (typeof session !== 'string') throw restErrors.unauthorized()
    const user = directory.checkSession(session, request.node, Date.now())
    directory.endSession(session)
    return { status: 204, user: user.name }
  }
  const user = typeof session === 'string' ? directory.checkSession(session, request.node, Date.now()) : directory.checkPassword(...credentialsIn(headers))
  if (request.method === 'GET') return { status: 200, headers: version, body, user: user.name }
  if (request.method !== 'POST') throw restErrors.notImplemented()
  const name = request.body['name']
  const issued = directory.issue(user, request.node, Date.now(), typeof name === 'string' ? { name } : {})
  return { status: 201, headers: { ...version, 'X-Auth-Session': issued.session, ...(request.version === 2 ? { 'X-Auth-Name': issued.token.name } : {}) }, body, user: user.name }
}

function credentialsIn(headers: IncomingHttpHeaders): [string, string] {
  const [name, key] = [headers['x-auth-user'], headers['x-auth-key']]
  if (typeof name === 'string' && typeof key === 'string') return [name, key]
  const text = Buffer.from(/^Basic ([A-Za-z0-9+/=]+)$/.exec(headers.authorization ?? '')?.[1] ?? '', 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) throw restErrors.unauthorized()
  return [text.slice(0, colon), text.slice(colon + 1)]
}

/** The service `user`: tokens that both nodes of a cluster know (v2 only). */
export function answerUser(request: RestRequest, directory: Directory): RestAnswer {
  const [users, name, preferences, tokens, id] = request.path
  if (request.version !== 2 || users !== 'users' || preferences !== 'preferences' || tokens !== 'tokens' || name === undefined) throw restErrors.notFound(request.path.join('/'))
  // Everybody has tokens of their own; those of others are an administrator's matter.
  if (name !== request.user.name && request.user.rights !== 'all') throw restErrors.unauthorized()
  const owner = directory.find(name)
  if (owner === undefined) throw restErrors.notFound(`user "${name}"`)
  const view = (token: Token): object => ({
    href: `/api/user/v2/users/${encodeURIComponent(name)}/preferences/tokens/${token.id}`, name: token.name, token_username: token.user, preserve: token.preserve, expiration: timeText(Math.floor(token.expires / 1000), 2), id: token.id,
  })
  if (request.method === 'GET' && id === undefined) return { status: 200, body: { tokens: directory.tokensOf(name).map(view) } }
  if (id !== undefined) {
    const found = directory.tokensOf(name).find((token) => token.id === id || token.name === id)
    if (found === undefined) throw restErrors.notFound(`token "${id}"`)
    if (request.method === 'GET') return { status: 200, body: { token: view(found) } }
    if (request.method !== 'DELETE') throw restErrors.notImplemented()
    directory.endToken(found)
    return { status: 204 }
  }
  if (request.method !== 'POST') throw restErrors.notImplemented()
  const { name: tokenName, preserve = false, expiration = 900 } = request.body
  if (typeof preserve !== 'boolean' || typeof expiration !== 'number' || expiration <= 0) throw restErrors.invalid('bad property value')
  const issued = directory.issue(owner, undefined, Date.now(), { ...(typeof tokenName === 'string' ? { name: tokenName } : {}), preserve, lifetimeMs: expiration * 1000 })
  return { status: 201, headers: { 'X-Auth-Session': issued.session, 'X-Auth-Name': issued.token.name }, body: { token: view(issued.token) } }
}
