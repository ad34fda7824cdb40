import { deleteSnapshot } from '@icb/backup'
import { withLease } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { storageDependencies } from './storage-dependencies.ts'

/** `icb snapshot delete <db> <snapshot>`: only one of ours, without clones and pins. */
export const snapshotDelete: CommandAction = async (app, [name = '', snapshot = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const deps = await storageDependencies(app, connection)
    if (flag(options, 'dryRun')) {
      app.print(`would delete ${snapshot}`)
      return { schema: 'snapshot-delete/1', result: { snapshot, deleted: false } }
    }
    await withLease(connection, { action: 'snapshot-delete', lease: 'area', waitMs: 60_000, signal: app.signal }, async () => deleteSnapshot(deps, { snapshot }))
    app.print(`snapshot deleted: ${snapshot}`)
    return { schema: 'snapshot-delete/1', result: { snapshot, deleted: true } }
  })
