import { doradoErrors } from './array.ts'
import type { DoradoArray, DoradoFileSystem, DoradoSnapshot } from './array.ts'

/** One request after its session was checked. */
export interface DoradoRequest {
  readonly method: string
  /** Parts behind the device's id; the collection's name in any case of letters. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

type Record_ = Readonly<Record<string, string>>

const systemVstore = '0'

/** Answers the member `data`; `undefined`: an empty collection, or a change. @throws DoradoError */
export function answerRest(array: DoradoArray, { method, path: [kind = '', id, ...rest], query, body }: DoradoRequest): unknown {
  if (rest.length > 0) throw doradoErrors.parameter('URL')
  const text = (key: string): string | undefined => (body[key] === undefined ? undefined : `${body[key] as string | number}`)
  const need = (key: string): string => {
    const value = text(key)
    if (value === undefined) throw doradoErrors.parameter(key)
    return value
  }
  const vstore = query.get('vstoreId') ?? text('vstoreId') ?? systemVstore
  const ofVstore = <T extends { readonly vstore: string }>(all: Iterable<T>): T[] => [...all].filter((each) => each.vstore === vstore)

  switch (kind.toLowerCase()) {
    case 'vstore':
      return method === 'GET' ? page(array.vstores.map((each) => ({ ID: each.id, NAME: each.name })), query) : refuse(method)
    case 'storagepool':
      return method === 'GET' ? page([{ ID: array.pool.id, NAME: array.pool.name, HEALTHSTATUS: '1', RUNNINGSTATUS: '27' }], query) : refuse(method)
    case 'filesystem': {
      if (id === undefined && method === 'GET') return page(ofVstore(array.fileSystems.values()).map((each) => fileSystemView(array, each)), query)
      if (id === undefined && method === 'POST') {
        const wanted = { name: need('NAME'), vstore, description: text('DESCRIPTION') ?? '' }
        const made = text('ISCLONEFS') === 'true' ? array.cloneFileSystem(need('PARENTFILESYSTEMID'), need('PARENTSNAPSHOTID'), wanted) : array.createFileSystem({ ...wanted, sectors: sectorsIn(need('CAPACITY')) })
        return fileSystemView(array, made)
      }
      const found = array.fileSystems.get(id ?? '')
      if (found === undefined) throw doradoErrors.noFileSystem(id ?? '')
      if (method === 'GET') return fileSystemView(array, found)
      if (method === 'PUT') {
        found.description = text('DESCRIPTION') ?? found.description
        return fileSystemView(array, found)
      }
      if (method !== 'DELETE') return refuse(method)
      array.removeFileSystem(found.id)
      return {}
    }
    case 'fssnapshot': {
      const parent = query.get('PARENTID')
      if ((id === undefined || id === 'count') && method === 'GET') {
        if (parent === null) throw doradoErrors.parameter('PARENTID')
        if (!array.fileSystems.has(parent)) throw doradoErrors.noParent(parent)
        const all = [...array.snapshots.values()].filter((each) => each.fileSystem === parent).map((each) => snapshotView(array, each))
        return id === 'count' ? { COUNT: String(all.length) } : page(query.get('sortby') === 'TIMESTAMP,d' ? all.reverse() : all, query)
      }
      if (id === undefined && method === 'POST') {
        if (need('PARENTTYPE') !== '40') throw doradoErrors.parameter('PARENTTYPE')
        return snapshotView(array, array.createSnapshot(need('PARENTID'), need('NAME'), text('DESCRIPTION') ?? ''))
      }
      const found = array.snapshots.get(id ?? '')
      if (found === undefined) throw doradoErrors.noSnapshot(id ?? '')
      if (method === 'GET') return snapshotView(array, found)
      if (method !== 'DELETE') return refuse(method)
      array.removeSnapshot(found.id)
      return {}
    }
    case 'nfshare': {
      const view = ({ id: ID, fileSystem, path }: { readonly id: string; readonly fileSystem: string; readonly path: string }): Record_ => ({ ID, FSID: fileSystem, SHAREPATH: path, NAME: path, TYPE: '16401' })
      if (id === undefined && method === 'GET') return page(ofVstore(array.shares.values()).map(view), query)
      if (id === undefined && method === 'POST') {
        const [fileSystem, path] = [need('FSID'), need('SHAREPATH')]
        if (!array.fileSystems.has(fileSystem)) throw doradoErrors.noFileSystem(fileSystem)
        if (!/^\/[^/]+\/$/.test(path)) throw doradoErrors.parameter('SHAREPATH')
        if (ofVstore(array.shares.values()).some((each) => each.path === path)) throw doradoErrors.exists(path)
        const made = { id: array.nextId(), fileSystem, path, vstore }
        array.shares.set(made.id, made)
        return view(made)
      }
      const found = array.shares.get(id ?? '')
      if (found === undefined) throw doradoErrors.noShare(id ?? '')
      if (method === 'GET') return view(found)
      if (method !== 'DELETE') return refuse(method)
      array.shares.delete(found.id)
      for (const client of [...array.clients.values()]) if (client.share === found.id) array.clients.delete(client.id)
      return {}
    }
    case 'nfs_share_auth_client': {
      const view = ({ id: ID, share, name, access }: { readonly id: string; readonly share: string; readonly name: string; readonly access: string }): Record_ => ({ ID, PARENTID: share, NAME: name, ACCESSVAL: access, TYPE: '16409' })
      if (id === undefined && method === 'GET') return page([...array.clients.values()].map(view), query)
      if (id !== undefined || method !== 'POST') return refuse(method)
      const share = need('PARENTID')
      if (!array.shares.has(share)) throw doradoErrors.noShare(share)
      const name = need('NAME')
      if ([...array.clients.values()].some((each) => each.share === share && each.name === name)) throw doradoErrors.exists(name)
      const made = { id: array.nextId(), share, name, access: need('ACCESSVAL') }
      array.clients.set(made.id, made)
      return view(made)
    }
    default:
      throw doradoErrors.parameter('URL')
  }
}

function refuse(method: string): never {
  throw doradoErrors.parameter(`method ${method}`)
}

function sectorsIn(text: string): bigint {
  if (!/^\d+$/.test(text) || BigInt(text) < 2048n) throw doradoErrors.parameter('CAPACITY')
  return BigInt(text)
}

/** `filter=NAME::x` (exactly) or `NAME:x` (in part), and `range=[from-to)`; 100 without one. */
function page(all: readonly Record_[], query: URLSearchParams): readonly Record_[] | undefined {
  const filter = query.get('filter')
  const [, key = '', exact = '', value = ''] = filter === null ? [] : (/^(\w+)(::?)(.*)$/.exec(filter) ?? [])
  if (filter !== null && key === '') throw doradoErrors.parameter('filter')
  const matching = filter === null ? all : all.filter((each) => (exact === '::' ? each[key] === value : each[key]?.includes(value) === true))
  const [, from = '0', to = '100'] = /^\[(\d+)-(\d+)\]$/.exec(query.get('range') ?? '[0-100]') ?? []
  const found = matching.slice(Number(from), Math.min(Number(to), Number(from) + 100))
  // The real one leaves the member out where there is nothing.
  return found.length === 0 ? undefined : found
}

function fileSystemView(array: DoradoArray, { id, name, description, sectors, parent, vstore }: DoradoFileSystem): Record_ {
  const used = BigInt(Math.ceil(array.engine.bytes(id) / 512))
  return {
    ID: id, NAME: name, DESCRIPTION: description, TYPE: '40', CAPACITY: String(sectors), ALLOCCAPACITY: String(used), AVAILABLECAPCITY: String(sectors > used ? sectors - used : 0n), HEALTHSTATUS: '1', RUNNINGSTATUS: '27',
    SECTORSIZE: '8192', ALLOCTYPE: '1', ISCLONEFS: String(parent !== undefined), vstoreId: vstore, PARENTID: array.pool.id, PARENTNAME: array.pool.name,
    ...(parent === undefined ? {} : { PARENTFILESYSTEMID: parent.fileSystem, PARENTFILESYSTEMNAME: array.fileSystems.get(parent.fileSystem)?.name ?? '', PARENTSNAPSHOTID: parent.snapshot, PARENTSNAPSHOTNAME: array.snapshots.get(parent.snapshot)?.name ?? '' }),
  }
}

function snapshotView(array: DoradoArray, { id, name, fileSystem, seconds, description }: DoradoSnapshot): Record_ {
  // TIMESTAMP is in the zone of the array, here two hours ahead.
  return { ID: id, NAME: name, PARENTID: fileSystem, PARENTNAME: array.fileSystems.get(fileSystem)?.name ?? '', PARENTTYPE: '40', TYPE: '48', TIMESTAMP: String(seconds + 7200), utcTimeStamp: String(seconds), DESCRIPTION: description, HEALTHSTATUS: '1', RUNNINGSTATUS: '43' }
}
