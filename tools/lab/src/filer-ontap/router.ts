import type { Answer, Call } from './call.ts'
import { aggregates, createExportPolicy, exportPolicies, getCluster, getJob, interfaces, listJobs, listRecoveryQueue, privateModifyVolume, privateVersion, purgeRecoveryQueue, svms } from './resources/cluster.ts'
import { createGroup, createGroupSnapshot, deleteGroup, deleteGroupSnapshot, getGroup, getGroupSnapshot, listGroups, listGroupSnapshots, patchGroup, patchGroupSnapshot } from './resources/consistency-groups.ts'
import { createSnapshot, deleteSnapshot, deleteSnapshots, getSnapshot, listSnapshots, patchSnapshot, patchSnapshots } from './resources/snapshots.ts'
import { createVolume } from './resources/create-volume.ts'
import { getVolume, listVolumes } from './resources/volume-view.ts'
import { deleteVolume, deleteVolumes, patchVolume, patchVolumes } from './resources/volumes.ts'

export type Handler = (call: Call) => Answer | Promise<Answer>

interface Route {
  readonly parts: readonly string[]
  readonly since: number
  readonly methods: Readonly<Record<string, Handler>>
}

const route = (path: string, methods: Readonly<Record<string, Handler>>, since = 906): Route => ({ parts: path.split('/'), since, methods })

const routes: readonly Route[] = [
  route('/api/cluster', { GET: getCluster }),
  route('/api/cluster/jobs', { GET: listJobs }),
  route('/api/cluster/jobs/:job', { GET: getJob }),
  route('/api/svm/svms', { GET: svms.list }),
  route('/api/svm/svms/:id', { GET: svms.get }),
  route('/api/network/ip/interfaces', { GET: interfaces.list }),
  route('/api/network/ip/interfaces/:id', { GET: interfaces.get }),
  route('/api/storage/aggregates', { GET: aggregates.list }),
  route('/api/storage/aggregates/:id', { GET: aggregates.get }),
  route('/api/protocols/nfs/export-policies', { GET: exportPolicies.list, POST: createExportPolicy }),
  route('/api/protocols/nfs/export-policies/:id', { GET: exportPolicies.get }),
  route('/api/storage/volumes', { GET: listVolumes, POST: createVolume, PATCH: patchVolumes, DELETE: deleteVolumes }),
  route('/api/storage/volumes/:volume', { GET: getVolume, PATCH: patchVolume, DELETE: deleteVolume }),
  route('/api/storage/volumes/:volume/snapshots', { GET: listSnapshots, POST: createSnapshot, PATCH: patchSnapshots, DELETE: deleteSnapshots }),
  route('/api/storage/volumes/:volume/snapshots/:snapshot', { GET: getSnapshot, PATCH: patchSnapshot, DELETE: deleteSnapshot }),
  route('/api/application/consistency-groups', { GET: listGroups, POST: createGroup }, 910),
  route('/api/application/consistency-groups/:group', { GET: getGroup, PATCH: patchGroup, DELETE: deleteGroup }, 910),
  route('/api/application/consistency-groups/:group/snapshots', { GET: listGroupSnapshots, POST: createGroupSnapshot }, 910),
  route('/api/application/consistency-groups/:group/snapshots/:snapshot', { GET: getGroupSnapshot, PATCH: patchGroupSnapshot, DELETE: deleteGroupSnapshot }, 910),
  route('/api/private/cli/version', { GET: privateVersion }),
  route('/api/private/cli/volume', { PATCH: privateModifyVolume }),
  route('/api/private/cli/volume/recovery-queue', { GET: listRecoveryQueue }),
  route('/api/private/cli/volume/recovery-queue/purge', { POST: purgeRecoveryQueue }),
]

/** The handlers of a path in this release, and what its variable parts are; `undefined`: there is no such API. */
export function findRoute(path: string, release: number): { readonly methods: Readonly<Record<string, Handler>>; readonly parameters: Readonly<Record<string, string>> } | undefined {
  // Clients that put a path together leave a slash at its end.
  const parts = path.replace(/\/+$/, '').split('/')
  for (const { parts: pattern, since, methods } of routes) {
    if (since > release || pattern.length !== parts.length) continue
    const parameters: Record<string, string> = {}
    const fits = pattern.every((part, index) => {
      if (!part.startsWith(':')) return part === parts[index]
      parameters[part.slice(1)] = decodeURIComponent(parts[index] ?? '')
      return true
    })
    if (fits) return { methods, parameters }
  }
  return undefined
}
