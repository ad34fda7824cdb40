import { storageErrors } from '@icb/storage-core'
import type { Clone } from '@icb/storage-core'
import { withDatabase } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'

/** `icb clone delete <db> <name>`: the adapter proves that it is a clone of this database's volume. */
export const cloneDelete: CommandAction = async (app, [name = '', cloneName = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const storage = await connection.storage()
    let found: Clone | undefined
    for await (const clone of storage.listClones({ signal: app.signal })) if (clone.name === cloneName) found = clone
    if (found === undefined) throw storageErrors.NOT_FOUND(`${name} has no clone ${cloneName}`, { hint: 'icb clone list shows them.' })
    const dryRun = flag(options, 'dryRun')
    if (!dryRun) await storage.deleteClone(found.id, { signal: app.signal })
    app.print(`${dryRun ? 'would delete' : 'clone deleted:'} ${cloneName}`)
    return { schema: 'clone-delete/1', result: { clone: cloneName, deleted: !dryRun } }
  })
