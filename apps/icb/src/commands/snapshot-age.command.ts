import { snapshotAge } from '@icb/backup'
import { DateTime } from 'luxon'
import type { Snapshot } from '@icb/storage-core'
import { withDatabase } from '../app-context.ts'
import type { CommandAction } from '../command.ts'

/** `icb snapshot age <db>`: a Nagios check; every error of its own is UNKNOWN (3). */
export const snapshotAgeCommand: CommandAction = async (app, [name = '']) => {
  try {
    return await withDatabase(app, name, async (connection) => {
      const snapshots: Snapshot[] = []
      for await (const snapshot of (await connection.storage()).listSnapshots({ signal: app.signal })) snapshots.push(snapshot)
      const { warningAgeHours: warningHours, criticalAgeHours: criticalHours } = connection.config
      const age = snapshotAge(snapshots, { now: DateTime.fromMillis(app.clock.now(), { zone: 'utc' }), warningHours, criticalHours, database: name })
      return { schema: 'snapshot-age/1', result: age, exitCode: age.exitCode, ...(app.options.json === true ? {} : { plain: `${age.text} | ${age.perfdata}` }) }
    })
  } catch (error) {
    const message = (error as Error).message
    return { schema: 'snapshot-age/1', result: { status: 'UNKNOWN', text: `UNKNOWN: ${message}` }, exitCode: 3, ...(app.options.json === true ? {} : { plain: `UNKNOWN: ${message}` }) }
  }
}
