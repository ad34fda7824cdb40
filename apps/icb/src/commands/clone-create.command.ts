import type { Clone, Snapshot, SnapshotStorage } from '@icb/storage-core'
import { storageErrors } from '@icb/storage-core'
import { withDatabase } from '../app-context.ts'
import type { CommandAction } from '../command.ts'

/** A clone as JSON and tables show it. */
export function describeClone(clone: Clone): { readonly name: string; readonly id: string; readonly snapshot: string; readonly createdAt: string; readonly mounts: readonly string[] } {
  return { name: clone.name, id: clone.id, snapshot: clone.snapshot, createdAt: clone.createdAt.toUTC().toISO() ?? '', mounts: clone.mounts.map((mount) => (mount.kind === 'path' ? mount.path : `${mount.server}:${mount.path}`)) }
}

/** The snapshot of this name. @throws ICB_STORAGE_NOT_FOUND */
export async function snapshotByName(storage: SnapshotStorage, name: string, signal: AbortSignal): Promise<Snapshot> {
  for await (const snapshot of storage.listSnapshots({ signal })) if (snapshot.name === name) return snapshot
  throw storageErrors.NOT_FOUND(`there is no snapshot ${name}`, { hint: 'icb snapshot list shows them.' })
}

/** `icb clone create <db> <snapshot> <name>` */
export const cloneCreate: CommandAction = async (app, [name = '', snapshotName = '', cloneName = '']) =>
  withDatabase(app, name, async (connection) => {
    const storage = await connection.storage()
    const snapshot = await snapshotByName(storage, snapshotName, app.signal)
    const clone = describeClone(await storage.createClone(snapshot.id, cloneName, { signal: app.signal }))
    app.print(`clone created: ${clone.name}`)
    for (const mount of clone.mounts) app.print(`  ${mount}`)
    return { schema: 'clone/1', result: clone }
  })
