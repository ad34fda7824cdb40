import { removeSchedule } from '@icb/backup'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { withAdministration } from '../schedule-administration.ts'

/** `icb schedule remove <db>`: what `schedule install` made, and nothing else. The starter file stays: other schedulers may use it. */
export const scheduleRemove: CommandAction = async (app, [name = ''], options) =>
  withAdministration(app, name, options, async (connection) => {
    const deps = { sql: connection.sql(), settings: connection.backupSettings, signal: app.signal }
    const plan = await removeSchedule(deps, { dryRun: true })
    for (const change of plan.changes) app.print(`  - ${change.id}`)
    for (const warning of plan.warnings) app.warn('ICB_BACKUP_SCHEDULE', warning)
    if (plan.changes.length === 0) app.print('nothing to remove')
    if (plan.changes.length === 0 || flag(options, 'dryRun')) return { schema: 'schedule-remove/1', result: { plan, applied: false } }
    if (app.options.json !== true && !(await confirmed(app, options, { command: 'schedule remove asks before it changes a database', question: 'remove these?' }))) return { schema: 'schedule-remove/1', result: { plan, applied: false }, exitCode: 1 }
    await removeSchedule(deps, { dryRun: false })
    app.print(`${String(plan.changes.length)} objects removed`)
    return { schema: 'schedule-remove/1', result: { plan, applied: true } }
  })
