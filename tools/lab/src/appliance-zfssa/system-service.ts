import type { StorageEngine } from './engine.ts'
import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import type { NodeFacts } from './views.ts'

/** The service `system`: which node this is. */
export function answerSystem({ method, path, node }: RestRequest, nodes: readonly NodeFacts[], engine: StorageEngine): RestAnswer {
  const here = nodes[node]
  if (method !== 'GET' || path.join('/') !== 'version' || here === undefined) throw restErrors.notFound(path.join('/'))
  return {
    status: 200,
    body: {
      version: {
        href: '/api/system/v1/version', nodename: here.nodename, asn: here.asn, mktg_name: `Simulated ZFS Storage Appliance of @icb/lab over ${engine.description}`,
        version: '2013.06.05.8.8,1-1.1', install_time: 'Sun Jan  4 2026 10:00:00 GMT+0000 (UTC)', update_time: 'Sun Jan  4 2026 10:00:00 GMT+0000 (UTC)', boot_time: 'Sun Jan  4 2026 10:00:00 GMT+0000 (UTC)',
        csn: 'simulated', bios_version: 'simulated', sp_version: '-', os_version: 'SunOS 5.11', part: 'simulated', product: 'simulated', urn: `urn:uuid:${here.asn}`,
      },
    },
  }
}

/** The service `hardware`: the state of the cluster. */
export function answerHardware({ method, path, node }: RestRequest, nodes: readonly NodeFacts[], owner: number, pool: string, running: readonly boolean[]): RestAnswer {
  if (method !== 'GET' || path.join('/') !== 'cluster') throw restErrors.notFound(path.join('/'))
  const peer = nodes.length > 1 ? nodes[1 - node] : undefined
  const peerRuns = running[1 - node] === true
  const state = (isOwner: boolean, otherRuns: boolean): string => (isOwner ? (otherRuns ? 'AKCS_CLUSTERED' : 'AKCS_OWNER') : 'AKCS_STRIPPED')
  return {
    status: 200,
    body: {
      cluster:
        peer === undefined
          ? { state: 'AKCS_UNCONFIGURED', description: 'Clustering is not configured', peer_asn: '', peer_hostname: '', peer_state: '', peer_description: '', resources: [] }
          : {
              state: state(owner === node, peerRuns), description: owner === node ? 'Active' : 'Ready (waiting for failback)', peer_asn: peer.asn, peer_hostname: peer.nodename,
              peer_state: peerRuns ? state(owner !== node, true) : 'OFFLINE', peer_description: peerRuns ? 'Active' : 'Offline',
              resources: [{ owner: nodes[owner]?.nodename ?? '', type: 'singleton', user_label: '', details: [], href: `/api/hardware/v1/cluster/resources/zfs/${pool}` }],
            },
    },
  }
}
