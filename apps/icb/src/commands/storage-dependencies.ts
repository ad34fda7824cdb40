import type { StorageDependencies } from '@icb/backup'
import type { DatabaseConnection } from '@icb/fleet'
import type { AppContext } from '../app-context.ts'

/** What the snapshot commands need: the storage alone, no Oracle home. */
export async function storageDependencies(app: AppContext, connection: DatabaseConnection): Promise<StorageDependencies> {
  const ledger = connection.ledger()
  return { settings: connection.backupSettings, clock: app.clock, logger: app.logger, events: app.events, signal: app.signal, storage: await connection.storage(), ...(ledger === undefined ? {} : { ledger }) }
}
