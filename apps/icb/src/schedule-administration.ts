import type { CommandOutcome } from './command.ts'
import { text } from './command.ts'
import { connectDatabase } from '@icb/fleet'
import type { DatabaseConnection } from '@icb/fleet'
import type { AppContext } from './app-context.ts'

/**
 * A connection as SYSDBA, whatever the backups of the database use: SYSBACKUP may make neither users nor job classes. `--connect` names
 * another login for it.
 */
export async function withAdministration(app: AppContext, name: string, options: Readonly<Record<string, unknown>>, work: (connection: DatabaseConnection) => Promise<CommandOutcome>): Promise<CommandOutcome> {
  const config = await app.config()
  const connect = text(options, 'connect')
  const databases = config.databases.map((database) => (database.name === name ? { ...database, privilege: 'sysdba' as const, ...(connect === undefined ? {} : { connect, driver: 'sqlplus' as const }) } : database))
  await using connection = connectDatabase({ ...config, databases }, name, app.fleet)
  return await work(connection)
}
