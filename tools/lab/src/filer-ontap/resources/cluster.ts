import { pause } from '../jobs.ts'
import { textAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { iso } from '../cluster.ts'
import { notFound, OntapError } from '../ontap-error.ts'
import { collection, single } from '../query.ts'
import type { CollectionSpec, Json, Listed } from '../query.ts'
import type { Job } from '../jobs.ts'
import { removeVolume } from './volumes.ts'

const since96 = (...names: readonly string[]): Readonly<Record<string, number>> => Object.fromEntries(names.map((name) => [name, 906]))
const clusterSpec: CollectionSpec = { path: '/api/cluster', keys: [], fields: since96('name', 'uuid', 'version') }
const jobSpec: CollectionSpec = { path: '/api/cluster/jobs', keys: ['uuid'], fields: since96('uuid', 'description', 'state', 'message', 'code', 'error', 'start_time', 'end_time', 'svm') }
const svmSpec: CollectionSpec = { path: '/api/svm/svms', keys: ['uuid', 'name'], fields: since96('uuid', 'name', 'state', 'subtype', 'nfs', 'aggregates') }
const lifSpec: CollectionSpec = { path: '/api/network/ip/interfaces', keys: ['uuid', 'name'], fields: since96('uuid', 'name', 'ip', 'state', 'enabled', 'scope', 'services', 'svm', 'location') }
const aggregateSpec: CollectionSpec = { path: '/api/storage/aggregates', keys: ['uuid', 'name'], fields: since96('uuid', 'name', 'state', 'space', 'node') }
const policySpec: CollectionSpec = { path: '/api/protocols/nfs/export-policies', keys: ['id', 'name'], fields: since96('id', 'name', 'svm', 'rules') }

const releaseText = (release: number): string => `NetApp Release 9.${release - 900}.1: Simulated by @icb/lab`

const page = (call: Call, spec: CollectionSpec, records: readonly Json[]): Answer => {
  const listed = records.map((record, index): Listed => ({ sequence: index + 1, record }))
  return { status: 200, body: collection(listed, call.query, spec, call.cluster.settings.release, call.cluster.settings.pageSize) }
}

export function getCluster(call: Call): Answer {
  const { release } = call.cluster.settings
  const record = { name: 'lab-filer', version: { full: releaseText(release), generation: 9, major: release - 900, minor: 1 } }
  return { status: 200, body: single(record, call.query, clusterSpec, release) }
}

function jobRecord(job: Job): Json {
  return {
    uuid: job.uuid,
    description: job.description,
    state: job.state,
    // An integer here, a string in the error.
    code: job.error === undefined ? (job.state === 'success' ? 0 : undefined) : Number(job.error.code),
    message: job.error?.message ?? (job.state === 'success' ? 'success' : undefined),
    error: job.error === undefined ? undefined : { code: job.error.code, message: job.error.message, arguments: [] },
    start_time: iso(job.startedAt),
    end_time: job.endedAt === undefined ? undefined : iso(job.endedAt),
  }
}

const seenJobs = (call: Call): Job[] => call.cluster.jobs.all().filter(({ svm }) => call.svm === undefined || svm === call.svm)

export function listJobs(call: Call): Answer {
  return page(call, jobSpec, seenJobs(call).map(jobRecord))
}

export async function getJob(call: Call): Promise<Answer> {
  const job = seenJobs(call).find(({ uuid }) => uuid === call.parameters['job'])
  if (job === undefined) throw notFound('uuid')
  await Promise.race([job.done, pause(Number(call.query.get('return_timeout') ?? 0) * 1000)])
  return { status: 200, body: single(jobRecord(job), call.query, jobSpec, call.cluster.settings.release) }
}

const seenSvms = (call: Call): Call['cluster']['svms'] extends Map<string, infer S> ? S[] : never => [...call.cluster.svms.values()].filter(({ name }) => call.svm === undefined || name === call.svm)

export function listSvms(call: Call): Answer {
  return page(call, svmSpec, seenSvms(call).map(({ uuid, name }) => ({ uuid, name, state: 'running', subtype: 'default', nfs: { enabled: true, allowed: true } })))
}

export function listInterfaces(call: Call): Answer {
  const lifs = seenSvms(call).flatMap((svm) => svm.lifs.map((lif) => ({
    uuid: lif.uuid, name: lif.name, ip: { address: lif.address, family: lif.address.includes(':') ? 'ipv6' : 'ipv4', netmask: '24' }, state: 'up', enabled: true, scope: 'svm', services: lif.services,
    svm: { name: svm.name, uuid: svm.uuid }, location: { is_home: true, node: { name: 'n1' }, home_node: { name: 'n1' } },
  })))
  return page(call, lifSpec, lifs)
}

export function listAggregates(call: Call): Answer {
  return page(call, aggregateSpec, call.cluster.aggregates.map(({ uuid, name, size }) => ({ uuid, name, state: 'online', node: { name: 'n1' }, space: { block_storage: { size, available: size } } })))
}

export function listPolicies(call: Call): Answer {
  return page(call, policySpec, seenSvms(call).flatMap((svm) => svm.policies.map((name, index) => ({ id: svm.sequence * 100 + index, name, svm: { name: svm.name, uuid: svm.uuid } }))))
}

export function privateVersion(call: Call): Answer {
  const full = releaseText(call.cluster.settings.release)
  return { status: 200, body: { records: [{ version: { full } }], num_records: 1 } }
}

export function listRecoveryQueue(call: Call): Answer {
  const queued = [...call.cluster.volumes.values()].filter((volume) => volume.queued && (call.svm === undefined || volume.svm === call.svm))
  return { status: 200, body: { records: queued.map(({ name, svm }) => ({ vserver: svm, volume: name })), num_records: queued.length } }
}

export function purgeRecoveryQueue(call: Call): Answer {
  const [svm, name] = [textAt(call.body, 'vserver'), textAt(call.body, 'volume')]
  const volume = [...call.cluster.volumes.values()].find((candidate) => candidate.queued && candidate.svm === svm && candidate.name === name)
  if (volume === undefined) throw new OntapError(404, 4, "entry doesn't exist")
  removeVolume(call.cluster, volume)
  return { status: 202, body: {} }
}
