import { storageErrors } from '@icb/storage-core'
import { errorOfFault, faultOf } from './appliance-errors.ts'
import type { RestAnswer } from './appliance-errors.ts'
import type { RestCall, RestClient } from './rest-client.ts'

/** Who serves the pool, as one node tells it. */
export interface OwnerFacts {
  readonly node: string
  readonly owner: string
  readonly servedHere: boolean
}

/** Calls that reach the node which owns the pool: only there a share can be seen and changed. */
export interface PoolCalls {
  send(what: string, call: RestCall): Promise<RestAnswer>
  /** Asks the current node. @throws ICB_STORAGE_NOT_FOUND when there is no such pool */
  owner(signal?: AbortSignal): Promise<OwnerFacts>
}

export function createPoolCalls(client: RestClient, pool: string, clustered: boolean): PoolCalls {
  let checkedHost: string | undefined

  const owner = async (signal?: AbortSignal): Promise<OwnerFacts> => {
    const what = `asking ${client.host} for the owner of pool ${pool}`
    const answer = await client.send(what, { method: 'GET', path: ['storage', 'pools', pool], signal })
    if (answer.status !== 200) throw errorOfFault(what, faultOf(answer.status, answer.body))
    const version = await client.send(what, { method: 'GET', path: ['system', 'version'], signal })
    const text = (from: unknown, kind: string, key: string): string => {
      const value = (from as Record<string, Record<string, unknown> | undefined> | undefined)?.[kind]?.[key]
      return typeof value === 'string' ? value : ''
    }
    const [asn, name] = [text(version.body, 'version', 'asn'), text(version.body, 'version', 'nodename')]
    const [poolAsn, poolOwner] = [text(answer.body, 'pool', 'asn'), text(answer.body, 'pool', 'owner')]
    // Without the right to read the version, or with older answers, nothing speaks against it.
    return { node: name === '' ? client.host : name, owner: poolOwner, servedHere: asn === '' || poolAsn === '' || (asn === poolAsn && name === poolOwner) }
  }

  const servedHere = async (signal: AbortSignal | undefined): Promise<boolean> => {
    try {
      return (await owner(signal)).servedHere
    } catch (error) {
      signal?.throwIfAborted()
      if ((error as { code?: unknown }).code === 'ICB_STORAGE_NOT_FOUND') return false
      throw error
    }
  }

  /** Turns to the node that serves the pool. */
  const locate = async (signal: AbortSignal | undefined): Promise<void> => {
    if (!(await servedHere(signal))) {
      const here = client.host
      client.turnToPeer()
      if (!(await servedHere(signal))) {
        const there = client.host
        client.turnToPeer()
        throw storageErrors.BUSY(`neither ${here} nor ${there} serves pool ${pool}`, { hint: 'A takeover may be under way; call again. Otherwise look at the state of the cluster.' })
      }
    }
    checkedHost = client.host
  }

  return {
    owner,
    send: async (what, call) => {
      if (clustered && checkedHost !== client.host) await locate(call.signal)
      const answer = await client.send(what, call)
      // A takeover on the way answers 404 for everything; "gone" must not be believed then.
      if (!clustered || (answer.status !== 404 && checkedHost === client.host)) return answer
      const before = checkedHost
      await locate(call.signal)
      return answer.status === 404 && before !== checkedHost ? client.send(what, call) : answer
    },
  }
}
