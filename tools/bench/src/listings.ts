import { silentLogger, systemClock } from '@icb/runtime'
import { fakeProcessRunner } from '@icb/runtime/testing'
import { validateAdapterOptions } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import type { HttpClient } from '@icb/storage-core/http'
import { adapter as openzfs } from '@icb/storage-openzfs'
// The adapters' own code is measured, without a server and the network between.
import { createOntapClient } from '../../../packages/storage-ontap/src/ontap-client.ts'
import { createOntapStorage } from '../../../packages/storage-ontap/src/ontap-storage.ts'
import type { RestClient } from '../../../packages/storage-zfssa/src/rest-client.ts'
import { createZfssaStorage } from '../../../packages/storage-zfssa/src/zfssa-storage.ts'
import { cpuWatch } from './measurement.ts'
import type { Measurement } from './measurement.ts'

const count = 10_000
const database = 'orcl'
const names = Array.from({ length: count }, (_, index) => `orcl-${new Date(1_774_778_400_000 + index * 3_600_000).toISOString().replaceAll(/[-:]|\.\d+/g, '')}-aabbccdd-m1a${String(index)}`)

interface Counted {
  readonly storage: SnapshotStorage
  readonly calls: () => number
}

async function zfs(): Promise<Counted> {
  const stdout = names.flatMap((name, index) => [
    ...Object.entries({ creation: String(1_774_778_400 + index * 3600), createtxg: String(index), used: '8192', referenced: '1099511627776', userrefs: '0', clones: '' }).map(([property, value]) => `tank/orcl@${name}\t${property}\t${value}\t-`),
    `tank/orcl@${name}\torg.icb:database\t${database}\tlocal`,
  ]).join('\n')
  const runProcess = fakeProcessRunner((spec) => (spec.args[0] === 'get' ? { stdout } : {}))
  const storage = await openzfs.open(validateAdapterOptions(openzfs, { dataset: 'tank/orcl' }), { database, areaPath: '/backup/orcl', baseDir: '/', clock: systemClock, logger: silentLogger, runProcess, resolveSecret: () => Promise.reject(new Error('no secrets')) })
  return { storage, calls: () => runProcess.calls.length }
}

function zfssa(): Counted {
  let calls = 0
  const all = names.map((name, index) => ({ name, id: String(index), creation: new Date(1_774_778_400_000 + index * 3_600_000).toISOString().replaceAll(/[-:]|\.\d+Z/g, ''), numclones: 0, space_unique: 8192, space_data: 1_099_511_627_776, project: 'backups', pool: 'p1' }))
  const client: RestClient = {
    send: async (_what, { path, query }) => {
      calls += 1
      if (!path.includes('snapshots')) return { status: 200, body: { pool: { name: 'p1', status: 'online', owner: 'a' }, filesystem: { name: database } }, date: undefined }
      const start = Number(query?.['start'] ?? 0)
      return { status: 200, body: { snapshots: all.slice(start, start + Number(query?.['limit'] ?? all.length)) }, date: undefined }
    },
    turnToPeer: () => false, host: 'appliance', version: () => Promise.resolve(1), close: () => Promise.resolve(),
  }
  const options = { url: 'https://appliance:215', pool: 'p1', project: 'backups', credentials: { user: 'u', password: 'p' } }
  return { storage: createZfssaStorage({ database, options, client, clock: systemClock, logger: silentLogger }).storage, calls: () => calls }
}

function ontap(): Counted {
  let calls = 0
  const page = 1000
  const records = names.map((name, index) => ({ uuid: `s${String(index)}`, name, create_time: new Date(1_774_778_400_000 + index * 3_600_000).toISOString(), comment: '' }))
  const volume = { uuid: 'v1', name: database, svm: { name: 'svm1' }, state: 'online', size: 1_099_511_627_776, nas: { path: '/orcl' } }
  const http: HttpClient = {
    request: async ({ path }) => {
      calls += 1
      const body = (): unknown => {
        if (path.startsWith('/api/cluster')) return { version: { generation: 9, major: 13 } }
        if (!path.includes('/snapshots')) return { records: path.includes('clone') ? [] : [volume] }
        const start = Number(/start=(\d+)/.exec(path)?.[1] ?? 0)
        return { records: records.slice(start, start + page), ...(start + page < count ? { _links: { next: { href: `/api/storage/volumes/v1/snapshots?start=${String(start + page)}` } } } : {}) }
      }
      return { status: 200, headers: {}, body: body() }
    },
    sent: 0, close: () => undefined,
  }
  const storage = createOntapStorage({ client: createOntapClient(http, { clock: systemClock, jobTimeoutMs: 1000 }), options: { filer: 'filer' }, names: { volumes: [database], svm: undefined }, database, filerHost: 'filer', clock: systemClock, logger: silentLogger })
  return { storage, calls: () => calls }
}

/** One listing of 10,000 snapshots through each adapter that asks somebody else. A call per snapshot would be ten thousand. */
export async function listings(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = []
  for (const [name, { storage, calls }] of [['openzfs', await zfs()], ['zfssa', zfssa()], ['ontap', ontap()]] as const) {
    const watch = cpuWatch()
    let ours = 0
    for await (const snapshot of storage.listSnapshots()) if (snapshot.ours) ours += 1
    const seconds = watch()
    if (ours !== count) throw new Error(`${name} listed ${String(ours)} snapshots of ours`)
    measurements.push({ name: `listing 10,000 snapshots, ${name}: calls`, value: calls(), unit: 'calls', goal: 15 }, { name: `listing 10,000 snapshots, ${name}: own work`, value: seconds, unit: 's CPU', goal: 2 })
  }
  return measurements
}
