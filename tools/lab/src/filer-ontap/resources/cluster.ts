import { pause } from '../jobs.ts'
import { at, textAt } from '../call.ts'
import type { Answer, Call } from '../call.ts'
import { iso, volumeNamed } from '../cluster.ts'
import type { ExportPolicy } from '../cluster.ts'
import { missingField, notFound, OntapError } from '../ontap-error.ts'
import { collection, single } from '../query.ts'
import type { CollectionSpec, Json, Listed } from '../query.ts'
import type { Job } from '../jobs.ts'
import { svmOf } from './volume-checks.ts'
import { removeVolume } from './volumes.ts'

const since96 = (...names: readonly string[]): Readonly<Record<string, number>> => Object.fromEntries(names.map((name) => [name, 906]))
const clusterSpec: CollectionSpec = { path: '/api/cluster', keys: [], id: '', fields: since96('name', 'uuid', 'version') }
const jobSpec: CollectionSpec = { path: '/api/cluster/jobs', keys: ['uuid'], fields: since96('uuid', 'description', 'state', 'message', 'code', 'error', 'start_time', 'end_time', 'svm') }
const svmSpec: CollectionSpec = { path: '/api/svm/svms', keys: ['uuid', 'name'], fields: since96('uuid', 'name', 'state', 'subtype', 'nfs', 'aggregates') }
const lifSpec: CollectionSpec = { path: '/api/network/ip/interfaces', keys: ['uuid', 'name'], fields: since96('uuid', 'name', 'ip', 'state', 'enabled', 'scope', 'services', 'svm', 'location') }
const aggregateSpec: CollectionSpec = { path: '/api/storage/aggregates', keys: ['uuid', 'name'], fields: since96('uuid', 'name', 'state', 'space', 'node') }
const policySpec: CollectionSpec = { path: '/api/protocols/nfs/export-policies', keys: ['id', 'name'], id: 'id', fields: since96('id', 'name', 'svm', 'rules') }

const releaseText = (release: number): string => `NetApp Release 9.${release - 900}.1: Simulated by @icb/lab`

const page = (call: Call, spec: CollectionSpec, records: readonly Json[]): Answer => {
  const listed = records.map((record, index): Listed => ({ sequence: index + 1, record }))
  return { status: 200, body: collection(listed, call.query, spec, call.cluster.settings.release, call.cluster.settings.pageSize) }
}

/** Early releases tell it to logins of the cluster only. */
const tellsSvmsSince = 908

export function getCluster(call: Call): Answer {
  const { release } = call.cluster.settings
  if (call.svm !== undefined && release < tellsSvmsSince) throw new OntapError(403, 6, 'not authorized for that command')
  const record = { uuid: call.cluster.uuid, name: 'lab-filer', version: { full: releaseText(release), generation: 9, major: release - 900, minor: 1 } }
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
    svm: job.svm === undefined ? undefined : { name: job.svm },
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

const svmRecords = (call: Call): readonly Json[] =>
  seenSvms(call).map(({ uuid, name }) => ({ uuid, name, state: 'running', subtype: 'default', nfs: { enabled: true, allowed: true }, aggregates: call.cluster.aggregates.map((aggregate) => ({ name: aggregate.name, uuid: aggregate.uuid })) }))

const interfaceRecords = (call: Call): readonly Json[] => seenSvms(call).flatMap((svm) => svm.lifs.map((lif) => ({
  uuid: lif.uuid, name: lif.name, ip: { address: lif.address, family: lif.address.includes(':') ? 'ipv6' : 'ipv4', netmask: '24' }, state: 'up', enabled: true, scope: 'svm', services: lif.services,
  svm: { name: svm.name, uuid: svm.uuid }, location: { is_home: true, node: { name: 'n1' }, home_node: { name: 'n1' } },
})))

const aggregateRecords = (call: Call): readonly Json[] =>
  call.cluster.aggregates.map(({ uuid, name, size }) => ({ uuid, name, state: 'online', node: { name: 'n1' }, space: { block_storage: { size, used: 0, available: size } } }))

const policyRecords = (call: Call): readonly Json[] =>
  seenSvms(call).flatMap((svm) => svm.policies.map(({ id, name, rules }) => ({ id, name, svm: { name: svm.name, uuid: svm.uuid }, rules: rules.map((rule, index) => ({ index: index + 1, ...rule })) })))

/** The list and the single object of a resource that is only read. */
const readers = (spec: CollectionSpec, records: (call: Call) => readonly Json[]): { readonly list: (call: Call) => Answer; readonly get: (call: Call) => Answer } => ({
  list: (call) => page(call, spec, records(call)),
  get: (call) => {
    const id = call.parameters['id']
    const found = records(call).find((record) => String(record[spec.id ?? 'uuid']) === id)
    if (found === undefined) throw notFound(spec.id ?? 'uuid')
    return { status: 200, body: single(found, call.query, spec, call.cluster.settings.release) }
  },
})

export const svms: ReturnType<typeof readers> = readers(svmSpec, svmRecords)
export const interfaces: ReturnType<typeof readers> = readers(lifSpec, interfaceRecords)
export const aggregates: ReturnType<typeof readers> = readers(aggregateSpec, aggregateRecords)
export const exportPolicies: ReturnType<typeof readers> = readers(policySpec, policyRecords)

export function createExportPolicy(call: Call): Answer {
  const name = textAt(call.body, 'name')
  if (name === undefined) throw missingField('name')
  const svm = call.cluster.svms.get(svmOf(call))
  if (svm === undefined) throw new OntapError(404, 2621462, 'The SVM does not exist.', 'svm.name')
  if (svm.policies.some((policy) => policy.name === name)) throw new OntapError(409, 1, 'entry with same identifiers exists', 'name')
  const rules = at(call.body, 'rules')
  const policy: ExportPolicy = { id: svm.sequence * 100 + svm.policies.length, name, rules: Array.isArray(rules) ? (rules as Json[]) : [] }
  svm.policies.push(policy)
  const records = call.query.get('return_records') === 'true' ? { num_records: 1, records: [{ id: policy.id, name, svm: { name: svm.name, uuid: svm.uuid } }] } : {}
  return { status: 201, headers: { Location: `${policySpec.path}/${policy.id}` }, body: records }
}

export function privateVersion(call: Call): Answer {
  const full = releaseText(call.cluster.settings.release)
  return { status: 200, body: { records: [{ version: { full } }], num_records: 1 } }
}

/** The command line's `volume modify`, for what the API has no field for. */
export function privateModifyVolume(call: Call): Answer {
  const { cluster, query, body } = call
  const svm = query.get('vserver') ?? call.svm
  const volume = svm === undefined || (call.svm !== undefined && svm !== call.svm) ? undefined : volumeNamed(cluster, svm, query.get('volume') ?? '')
  if (volume === undefined || volume.queued) throw new OntapError(404, 4, "entry doesn't exist")
  for (const [argument, value] of Object.entries(body)) {
    if (argument !== 'snapdir-access') throw new OntapError(400, 262179, `Unexpected argument "${argument}".`, argument)
    volume.snapshotDirectory = String(value) === 'true'
  }
  return { status: 200, body: { num_records: 1 } }
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
