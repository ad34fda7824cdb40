import { list, notAllowed, ok } from './answers.ts'
import type { StorageEngine } from './engine.ts'
import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import { requireRight } from './users.ts'
import type { NodeFacts } from './views.ts'

/** As the login's header tells it. */
export const firmware = 'ak/SUNW,simulated@2013.06.05.8.8,1-1.1'

/** The service `system`: which node this is. */
export function answerSystem({ method, path, node, version }: RestRequest, nodes: readonly NodeFacts[], engine: StorageEngine): RestAnswer {
  const here = nodes[node]
  if (method !== 'GET' || path.join('/') !== 'version' || here === undefined) throw restErrors.notFound(path.join('/'))
  const started = 'Sun Jan  4 2026 10:00:00 GMT+0000 (UTC)'
  return {
    status: 200,
    body: {
      version: {
        href: `/api/system/v${String(version)}/version`, nodename: here.nodename, asn: here.asn, csn: 'simulated', part: 'simulated', urn: `urn:uuid:${here.asn}`,
        product: 'Sun Storage 7000', mkt_product: `Simulated ZFS Storage Appliance of @icb/lab over ${engine.description}`, version: firmware.replace(/^.*@/, ''), ak_version: firmware, ak_release: 'OS8.8.0',
        os_version: 'SunOS 5.11', bios_version: 'simulated', sp_version: '-', navname: 'aksh 1.0', navagent: 'aksh', http: 'simulated', ssl: 'simulated', install_time: started, update_time: started, boot_time: started,
      },
    },
  }
}

/** The service `hardware`: the state of the cluster. */
export function answerHardware({ method, path, node, version }: RestRequest, nodes: readonly NodeFacts[], owner: number, pool: string, running: readonly boolean[]): RestAnswer {
  if (method !== 'GET' || path.join('/') !== 'cluster') throw restErrors.notFound(path.join('/'))
  const peer = nodes.length > 1 ? nodes[1 - node] : undefined
  const peerRuns = running[1 - node] === true
  const state = (isOwner: boolean, otherRuns: boolean): string => (isOwner ? (otherRuns ? 'AKCS_CLUSTERED' : 'AKCS_OWNER') : 'AKCS_STRIPPED')
  const resources = [{ owner: nodes[owner]?.nodename ?? '', type: 'singleton', user_label: '', details: [], href: `/api/hardware/v${String(version)}/cluster/resources/zfs/${pool}` }]
  return {
    status: 200,
    body: {
      cluster:
        peer === undefined
          ? { state: 'AKCS_UNCONFIGURED', description: 'Clustering is not configured', peer_asn: '', peer_hostname: '', peer_state: '', peer_description: '', resources }
          : {
              state: state(owner === node, peerRuns), description: owner === node ? 'Active' : 'Ready (waiting for failback)', peer_asn: peer.asn, peer_hostname: peer.nodename,
              peer_state: peerRuns ? state(owner !== node, true) : 'OFFLINE', peer_description: peerRuns ? (owner === node ? 'Ready (waiting for failback)' : 'Active') : 'Offline', resources,
            },
    },
  }
}

const services = ['nfs', 'smb', 'http', 'ftp', 'sftp', 'tftp', 'iscsi', 'ssh', 'ntp', 'dns', 'rest', 'replication', 'scrk', 'snmp'] as const

/** The service `service`: what the appliance offers. Switching one only changes what is told of it. */
export class ServiceDesk {
  readonly #disabled = new Set<string>(['smb', 'http', 'ftp', 'sftp', 'tftp', 'iscsi', 'snmp'])

  answer(request: RestRequest): RestAnswer {
    const { method, path: [top, name, action, ...rest], user, version } = request
    if (top !== 'services' || rest.length > 0) throw restErrors.notFound(request.path.join('/'))
    const view = (service: string): object => ({ name: service, href: `/api/service/v${String(version)}/services/${service}`, '<status>': this.#disabled.has(service) ? 'disabled' : 'online' })
    if (name === undefined) return method === 'GET' ? list(request, 'services', services.map(view)) : notAllowed()
    if (!services.some((each) => each === name)) throw restErrors.notFound(`service "${name}"`)
    if (method === 'GET' && action === undefined) return ok({ service: view(name) })
    if (method !== 'PUT') return notAllowed()
    requireRight(user, 'configureServices')
    if (action === 'enable') this.#disabled.delete(name)
    else if (action === 'disable') this.#disabled.add(name)
    else if (action !== 'restart') throw restErrors.notFound(action ?? name)
    return { status: 202 }
  }
}
