import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Appliance, ApplianceQuirks } from './appliance.ts'
import type { ApplianceFault } from './faults.ts'
import { allRights } from './users.ts'
import type { Right, User } from './users.ts'

/** Starts the endpoint on the loopback interface. */
export async function startAdmin(appliance: Appliance, port = 0): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(createAdminHandler(appliance))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/**
 * What a test in another process can do to the appliance, over plain HTTP on the loopback interface:
 * `GET /requests`, `DELETE /requests`, `POST /faults` ({match, when, effect, times, skip}), `DELETE /faults`, `POST /takeover`
 * ({keepsRunning}), `POST /failback`, `POST /tokens/expire`, `POST /users` ({name, password, rights: 'all' or a list}), `PUT /quirks`, `GET /mounts`, `GET /state`.
 */
function createAdminHandler(appliance: Appliance): (incoming: IncomingMessage, response: ServerResponse) => void {
  const answer = async (method: string, path: string, body: Readonly<Record<string, unknown>>): Promise<object> => {
    switch (`${method} ${path}`) {
      case 'GET /requests':
        return appliance.requests()
      case 'DELETE /requests':
        appliance.faults.forget()
        return {}
      case 'POST /faults':
        appliance.addFault(faultOf(body))
        return {}
      case 'DELETE /faults':
        appliance.faults.clear()
        return {}
      case 'POST /takeover':
        await appliance.takeover({ keepsRunning: body['keepsRunning'] === true })
        return {}
      case 'POST /failback':
        await appliance.failback()
        return {}
      case 'POST /tokens/expire':
        appliance.directory.expireAll()
        return {}
      case 'POST /users':
        appliance.directory.add(userOf(body))
        return {}
      case 'PUT /quirks':
        Object.assign(appliance.quirks, body as Partial<ApplianceQuirks>)
        return appliance.quirks
      case 'GET /mounts':
        return appliance.mounts()
      case 'GET /state':
        return { urls: appliance.urls, pool: appliance.pool, engine: appliance.engine.description, caFile: appliance.certificate.caFile, fingerprint: appliance.certificate.fingerprint, sessions: appliance.directory.sessionCount }
      default:
        throw new RangeError(`no such call: ${method} ${path}`)
    }
  }
  return (incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString('utf8')
      try {
        const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
        const result = await answer(incoming.method ?? 'GET', incoming.url ?? '/', body)
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result))
      } catch (error) {
        response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }))
      }
    })()
  }
}

function userOf({ name, password, rights }: Readonly<Record<string, unknown>>): User {
  if (typeof name !== 'string' || typeof password !== 'string') throw new TypeError('name, password: texts')
  if (rights === 'all') return { name, password, rights }
  const unknown = Array.isArray(rights) ? (rights as unknown[]).filter((right) => !allRights.some((each) => each === right)) : [rights]
  if (unknown.length > 0) throw new TypeError(`rights: "all" or some of ${allRights.join(', ')}`)
  return { name, password, rights: rights as readonly Right[] }
}

const effects = ['reset', 'html', 'hang', 'slow-body', 'slow', 'garbage'] as const

/** A fault as a test in another process describes it. @throws TypeError */
export function faultOf({ match, when, effect, times, skip }: Readonly<Record<string, unknown>>): ApplianceFault {
  if (typeof match !== 'string') throw new TypeError('match: a regular expression over "METHOD path"')
  if (when !== 'before' && when !== 'after') throw new TypeError('when: "before" or "after"')
  const known = typeof effect === 'number' ? effect : effects.find((each) => each === effect)
  if (known === undefined) throw new TypeError(`effect: a status or one of ${effects.join(', ')}`)
  return { match: new RegExp(match), when, effect: known, ...(typeof times === 'number' ? { times } : {}), ...(typeof skip === 'number' ? { skip } : {}) }
}
