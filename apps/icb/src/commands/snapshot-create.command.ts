import { createManualSnapshot } from '@icb/backup'
import { withLease } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import { text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { storageDependencies } from './storage-dependencies.ts'

/** `icb snapshot create <db>`: with the database its window is closed first; without it the snapshot is made as the area lies. */
export const snapshotCreate: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) =>
    withLease(connection, { action: 'snapshot-create', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, async (scope) => {
      const primarySql = connection.primarySql()
      const database = connection.config.oracleHome === undefined ? {} : { database: { sql: connection.sql(), rman: connection.rman(), ...(primarySql === undefined ? {} : { primarySql }) } }
      const reason = text(options, 'reason')
      const result = await createManualSnapshot({ ...(await storageDependencies(app, connection)), ...database, signal: scope.signal, lease: scope.lease, runId: scope.runId, tool: connection.context.tool }, reason === undefined ? {} : { reason })
      for (const warning of result.warnings) app.warn(warning.code, warning.message)
      app.print(`snapshot created: ${result.snapshot}${result.entry === undefined ? '' : ` (${result.entry.state})`}`)
      return { schema: 'snapshot/1', result }
    }),
  )
