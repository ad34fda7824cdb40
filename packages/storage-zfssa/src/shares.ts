import { storageErrors } from '@icb/storage-core'
import { errorOfFault, faultOf } from './appliance-errors.ts'
import type { RestAnswer } from './appliance-errors.ts'
import type { PoolCalls } from './pool-owner.ts'

/** A share or snapshot as the appliance describes it; what is not known to this adapter is left alone. */
export type Properties = Readonly<Record<string, unknown>>

/** Reading calls on the shares of one pool. */
export interface Shares {
  /** Parts of the path of a share's (or its project's) resource. */
  path(project: string, ...rest: readonly string[]): readonly string[]
  /** One element, or `undefined` for 404. */
  get(what: string, path: readonly string[], kind: string, signal: AbortSignal | undefined): Promise<Properties | undefined>
  /** All elements of a list, by pages. */
  list(what: string, path: readonly string[], kind: string, signal: AbortSignal | undefined): Promise<readonly Properties[]>
}

const mostRestarts = 5

export function createShares(calls: PoolCalls, pool: string, pageSize: number): Shares {
  const path: Shares['path'] = (project, ...rest) => ['storage', 'pools', pool, 'projects', project, ...rest]

  const page = async (what: string, at: readonly string[], kind: string, start: number, signal: AbortSignal | undefined): Promise<readonly Properties[]> => {
    const answer = await calls.send(what, { method: 'GET', path: at, query: { start, limit: pageSize }, signal })
    if (answer.status !== 200) throw errorOfFault(what, faultOf(answer.status, answer.body))
    return elementsOf(answer, kind, what)
  }

  /**
   * Reads page after page, each beginning with the last element of the one before: when that is not so, the list changed in
   * between. Firmware that ignores `start` and `limit` sends everything at once, which ends it, too.
   */
  const attempt = async (what: string, at: readonly string[], kind: string, signal: AbortSignal | undefined): Promise<readonly Properties[] | undefined> => {
    const found: Properties[] = []
    for (;;) {
      const start = Math.max(0, found.length - 1)
      const elements = await page(what, at, kind, start, signal)
      const last = found.at(-1)
      const overlap = last === undefined ? -1 : elements.findIndex((element) => keyOf(element) === keyOf(last))
      if (last !== undefined && overlap < 0) return undefined
      const fresh = elements.slice(overlap + 1)
      found.push(...fresh)
      if (elements.length !== pageSize || fresh.length === 0) return found
    }
  }

  return {
    path,
    get: async (what, at, kind, signal) => {
      const answer = await calls.send(what, { method: 'GET', path: at, signal })
      if (answer.status === 404) return undefined
      if (answer.status !== 200) throw errorOfFault(what, faultOf(answer.status, answer.body))
      return elementOf(answer, kind, what)
    },
    list: async (what, at, kind, signal) => {
      for (let restart = 0; restart <= mostRestarts; restart++) {
        const found = await attempt(what, at, kind, signal)
        if (found !== undefined) return found
      }
      throw storageErrors.BUSY(`${what}: the list changed during each of ${mostRestarts + 1} readings`)
    },
  }
}

function keyOf(element: Properties): string {
  return `${textIn(element, 'project') ?? ''}/${textIn(element, 'name') ?? ''}`
}

/** @throws ICB_STORAGE_PROTOCOL */
export function elementOf(answer: RestAnswer, kind: string, what: string): Properties {
  const element = (answer.body as Record<string, unknown> | undefined)?.[kind]
  if (typeof element !== 'object' || element === null || typeof (element as Properties)['name'] !== 'string') {
    throw storageErrors.PROTOCOL(`${what}: the appliance answered ${answer.status} without "${kind}"`, { details: { body: JSON.stringify(answer.body ?? null, bigintText).slice(0, 500) } })
  }
  return element as Properties
}

function elementsOf(answer: RestAnswer, kind: string, what: string): readonly Properties[] {
  const elements = (answer.body as Record<string, unknown> | undefined)?.[kind]
  if (!Array.isArray(elements) || !elements.every((element) => typeof (element as Properties | null)?.['name'] === 'string')) {
    throw storageErrors.PROTOCOL(`${what}: the appliance answered without a list "${kind}"`, { details: { body: JSON.stringify(answer.body ?? null, bigintText).slice(0, 500) } })
  }
  return elements as readonly Properties[]
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

export function textIn(properties: Properties, key: string): string | undefined {
  const value = properties[key]
  return typeof value === 'string' ? value : undefined
}
