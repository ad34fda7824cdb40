import { storageErrors } from '@icb/storage-core'
import { isStorageError } from './array-errors.ts'
import { clientRecord, shareRecord } from './records.ts'
import type { DoradoClient } from './rest-client.ts'

/** NFS shares of file systems, and who may mount them. */
export interface Shares {
  /** Paths of all shares, by file system. */
  all(signal?: AbortSignal): Promise<ReadonlyMap<string, { readonly id: string; readonly path: string }>>
  /** Shares a file system at this path with these clients; what is there already is left alone. */
  ensure(fileSystem: string, path: string, clients: readonly string[], signal?: AbortSignal): Promise<void>
  remove(fileSystem: string, signal?: AbortSignal): Promise<void>
}

/** Read and write; the client sees writes once they are safe; nobody is squashed, except root. */
const access = { ACCESSVAL: 1, SYNC: 0, ALLSQUASH: 1, ROOTSQUASH: 0 } as const

export function createShares(client: DoradoClient, scope: (signal?: AbortSignal) => Promise<Readonly<Record<string, string>>>): Shares {
  const ofFileSystem = async (fileSystem: string, signal: AbortSignal | undefined): Promise<readonly { readonly ID: string; readonly FSID: string; readonly SHAREPATH: string }[]> =>
    (await client.list(shareRecord, { what: `looking for the share of file system ${fileSystem}`, path: '/NFSHARE', query: { filter: `FSID:${fileSystem}`, ...(await scope(signal)) }, signal })).filter(({ FSID }) => FSID === fileSystem)

  const create = async (what: string, path: string, body: Readonly<Record<string, string | number>>, signal: AbortSignal | undefined): Promise<void> => {
    try {
      await client.call({ what, method: 'POST', path, body: { ...body, ...(await scope(signal)) }, signal })
    } catch (error) {
      // Another caller was faster; the next look decides.
      if (!isStorageError(error, 'EXISTS')) throw error
    }
  }

  return {
    all: async (signal) => {
      const found = await client.list(shareRecord, { what: 'listing NFS shares', path: '/NFSHARE', query: await scope(signal), signal })
      return new Map(found.map(({ ID, FSID, SHAREPATH }) => [FSID, { id: ID, path: SHAREPATH }]))
    },
    ensure: async (fileSystem, path, clients, signal) => {
      let [share] = await ofFileSystem(fileSystem, signal)
      if (share === undefined) {
        await create(`sharing ${path}`, '/NFSHARE', { SHAREPATH: path, FSID: fileSystem }, signal)
        ;[share] = await ofFileSystem(fileSystem, signal)
      }
      if (share === undefined) throw storageErrors.EXISTS(`the path ${path} is shared by another file system`)
      const { ID } = share
      const present = new Set((await client.list(clientRecord, { what: `looking for clients of ${path}`, path: '/NFS_SHARE_AUTH_CLIENT', query: { filter: `PARENTID:${ID}`, ...(await scope(signal)) }, signal })).map(({ NAME }) => NAME))
      for (const name of clients) if (!present.has(name)) await create(`letting ${name} mount ${path}`, '/NFS_SHARE_AUTH_CLIENT', { NAME: name, PARENTID: ID, ...access }, signal)
    },
    remove: async (fileSystem, signal) => {
      for (const { ID, SHAREPATH } of await ofFileSystem(fileSystem, signal)) {
        try {
          await client.call({ what: `ending the share ${SHAREPATH}`, method: 'DELETE', path: `/NFSHARE/${encodeURIComponent(ID)}`, query: await scope(signal), signal })
        } catch (error) {
          if (!isStorageError(error, 'NOT_FOUND')) throw error
        }
      }
    },
  }
}
