import { applyConfigure, planConfigure } from '@icb/backup'
import type { ConfigurePlan } from '@icb/backup'
import { withLease } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { confirmed } from '../confirm.ts'

function show(app: AppContext, plan: ConfigurePlan): void {
  for (const entry of plan.unchanged) app.print(`  = ${entry.title}: ${entry.value}`)
  for (const change of plan.changes) {
    app.print(`  ${change.foreign ? '!' : '~'} ${change.title}`)
    app.print(`      from ${change.from ?? '(default)'}`)
    app.print(`      to   ${change.to}`)
  }
  for (const warning of plan.warnings) app.warn('ICB_BACKUP_CONFIGURE', warning)
}

/** `icb configure <db>`: the difference first, then the change, then the proof. */
export const configure: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) =>
    withLease(connection, { action: 'configure', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal: app.signal }, async ({ runId, signal }) => {
      const { context } = connection
      const primarySql = connection.primarySql()
      const deps = {
        settings: connection.backupSettings, clock: context.clock, logger: context.logger, events: context.events, signal, runId,
        sql: connection.sql(), rman: connection.rman(), ...(primarySql === undefined ? {} : { primarySql }), stateDir: connection.paths.database,
      }
      const plan = await planConfigure(deps)
      show(app, plan)
      if (plan.changes.length === 0) {
        app.print('nothing to change')
        return { schema: 'configure/1', result: { plan, applied: [] } }
      }
      if (flag(options, 'dryRun')) return { schema: 'configure/1', result: { plan, applied: [] } }
      if (app.options.json !== true && !(await confirmed(app, options, { command: 'configure asks before it changes a database', question: 'apply these changes?' }))) return { schema: 'configure/1', result: { plan, applied: [] }, exitCode: 1 }
      const result = await applyConfigure(deps, plan, { takeOver: flag(options, 'takeOver') })
      app.print(`${String(result.applied.length)} changes applied${result.savedTo === undefined ? '' : `; the old values are in ${result.savedTo}`}`)
      return { schema: 'configure/1', result }
    }),
  )
