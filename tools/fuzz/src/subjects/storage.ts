import { fakeProcessRunner } from '@icb/runtime/testing'
import { silentLogger, systemClock } from '@icb/runtime'
import { isOurSnapshotName, validateAdapterOptions } from '@icb/storage-core'
import type { SnapshotStorage } from '@icb/storage-core'
import type { HttpClient } from '@icb/storage-core/http'
import { adapter as openzfs } from '@icb/storage-openzfs'
// The parsers themselves are fed, without a server and its TLS around them.
import { createOntapClient } from '../../../../packages/storage-ontap/src/ontap-client.ts'
import { createOntapStorage } from '../../../../packages/storage-ontap/src/ontap-storage.ts'
import { parseExactly } from '../../../../packages/storage-zfssa/src/exact-json.ts'
import type { RestClient } from '../../../../packages/storage-zfssa/src/rest-client.ts'
import { createZfssaStorage } from '../../../../packages/storage-zfssa/src/zfssa-storage.ts'
import { storageErrors } from '@icb/storage-core'
import type { FuzzOutcome, FuzzSubject } from '../subject.ts'

const database = 'orcl'

/** What is taken for ours has one of our names, a time and sizes that can be; a clone has a snapshot. */
async function listed(storage: SnapshotStorage): Promise<FuzzOutcome> {
  let count = 0
  for await (const snapshot of storage.listSnapshots()) {
    count += 1
    if (snapshot.ours && !isOurSnapshotName(snapshot.name, database)) return { wrong: `${JSON.stringify(snapshot.name)} counts as ours` }
    if (!snapshot.createdAt.isValid) return { wrong: `${JSON.stringify(snapshot.name)} has no time` }
    if ([snapshot.spaceTotal, snapshot.spaceUnique].some((bytes) => bytes !== undefined && bytes < 0n)) return { wrong: `${JSON.stringify(snapshot.name)} has a negative size` }
  }
  for await (const clone of storage.listClones()) {
    count += 1
    if (clone.snapshot === '' || clone.name === '') return { wrong: 'a clone of nothing' }
  }
  return count === 0 ? 'rejected' : 'accepted'
}

const names = ['orcl-20260329T100000Z-aabbccdd-m1abcdef0001', 'orcl-20260330T100000Z-aabbccdd-m1abcdef0002', 'by-hand', 'hourly.2026-03-29_1005']

const zfsLines = names.flatMap((name, index) => [
  ...Object.entries({ creation: String(1_774_778_400 + index * 86_400), createtxg: String(12 + index), used: '9007199254740993', referenced: '18446744073709551615', userrefs: '0', clones: index === 0 ? 'tank/clones/x y' : '' }).map(([property, value]) => [`tank/orcl@${name}`, property, value, '-'].join('\t')),
  [`tank/orcl@${name}`, 'org.icb:database', database, index < 2 ? 'local' : 'inherited from tank'].join('\t'),
])
const zfsSubject: FuzzSubject = {
  name: 'zfs output',
  originals: [`${zfsLines.join('\n')}\n`],
  words: ['\t', '\tlocal\n', '-', 'none', 'org.icb:database', '{}', '@'],
  async examine({ text }) {
    const storage = await openzfs.open(validateAdapterOptions(openzfs, { dataset: 'tank/orcl' }), {
      database, areaPath: '/backup/orcl', baseDir: '/', clock: systemClock, logger: silentLogger, resolveSecret: () => Promise.reject(new Error('no secrets')),
      runProcess: fakeProcessRunner((spec) => (spec.args[0] === 'get' ? { stdout: text } : {})),
    })
    return listed(storage)
  },
}

const ontapVolume = { uuid: 'v1', name: 'orcl', svm: { name: 'svm1' }, state: 'online', size: 1099511627776, space: { available: 99999999 }, nas: { path: '/orcl', uid: 0, gid: 0, export_policy: { name: 'default' } }, aggregates: [{ name: 'aggr1' }], snapshot_policy: { name: 'none' } }
const ontapSnapshots = JSON.stringify({ records: names.map((name, index) => ({ uuid: `s${String(index)}`, name: name.replaceAll(':', '_'), create_time: `2026-03-29T1${String(index)}:00:00+02:00`, comment: 'icb 1 {}', size: 9007199254740993, owners: [] })), num_records: names.length }, undefined, 1)
const ontapSubject: FuzzSubject = {
  name: 'ONTAP answers',
  originals: [ontapSnapshots],
  words: ['"records"', '"num_records"', '"_links"', '{"next":{"href":"/api/x"}}', '"error"', '"owners"', '[null]'],
  examine({ text }) {
    let asked = 0
    const http: HttpClient = {
      request: async ({ path }) => {
        asked += 1
        if (asked > 50) throw storageErrors.PROTOCOL('the filer sends its listing for ever')
        if (path.startsWith('/api/cluster')) return { status: 200, headers: {}, body: { version: { generation: 9, major: 13 } } }
        if (/\/snapshots/.test(path)) return { status: 200, headers: {}, body: jsonOr(text) }
        return { status: 200, headers: {}, body: { records: /volumes/.test(path) ? [ontapVolume] : [] } }
      },
      sent: 0,
      close: () => undefined,
    }
    return listed(createOntapStorage({ client: createOntapClient(http, { clock: systemClock, jobTimeoutMs: 1000 }), options: { filer: 'filer' }, names: { volumes: ['orcl'], svm: undefined }, database, filerHost: 'filer', clock: systemClock, logger: silentLogger }))
  },
}

/** As the HTTP client answers: JSON as a value, anything else as text. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const zfssaSnapshots = JSON.stringify({ snapshots: names.map((name, index) => ({ name, id: `id${String(index)}`, creation: `2026032${String(index + 1)}T10:00:00`, numclones: index === 0 ? 1 : 0, space_unique: 9007199254740993n.toString(), space_data: 18446744073709551615n.toString(), project: 'backups', pool: 'p1' })) }, undefined, 1).replaceAll(/"(\d{16,})"/g, '$1')
const zfssaSubject: FuzzSubject = {
  name: 'ZFSSA answers',
  originals: [zfssaSnapshots],
  words: ['"snapshots"', '"fault"', '"creation"', '"numclones"', '[null]', '20260329T25:61:61', '1e999'],
  examine({ text }) {
    let asked = 0
    const client: RestClient = {
      send: async (what, { path }) => {
        asked += 1
        if (asked > 50) throw storageErrors.PROTOCOL('the appliance sends its listing for ever')
        if (path.includes('snapshots')) {
          try {
            return { status: 200, body: parseExactly(text), date: undefined }
          } catch {
            throw storageErrors.PROTOCOL(`${what}: no JSON`)
          }
        }
        return { status: 200, body: { pools: [], pool: { name: 'p1', status: 'online', owner: 'a', asn: 'a' }, filesystems: [], filesystem: { name: 'orcl' } }, date: undefined }
      },
      turnToPeer: () => false,
      host: 'appliance',
      version: () => Promise.resolve(1),
      close: () => Promise.resolve(),
    }
    const options = { url: 'https://appliance:215', pool: 'p1', project: 'backups', credentials: { user: 'u', password: 'p' } }
    return listed(createZfssaStorage({ database, options, client, clock: systemClock, logger: silentLogger }).storage)
  },
}

export const storageSubjects: readonly FuzzSubject[] = [zfsSubject, zfssaSubject, ontapSubject]
