import { checks as autorestoreChecks } from '@icb/autorestore'
import { backupChecks } from '@icb/backup'
import { checks as calendarChecks } from '@icb/calendar'
import { checkHost } from '@icb/config'
import { connectDatabase } from '@icb/fleet'
import { checks as ledgerChecks } from '@icb/ledger'
import { checks as oracleChecks, nameChecks } from '@icb/oracle'
import { checks as pointChecks } from '@icb/recovery-point'
import { checks as rmanChecks } from '@icb/rman'
import { isIcbError, runChecks, checks as runtimeChecks } from '@icb/runtime'
import type { Check, CheckFinding } from '@icb/runtime'
import type { DatabaseConnection } from '@icb/fleet'
import { flag, texts } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'

interface Finding extends CheckFinding {
  readonly database?: string
}

const marks = { ok: '✓', warning: '!', failed: '✗', skipped: '-' } as const

async function checksOf(connection: DatabaseConnection): Promise<readonly Check[]> {
  const checks: Check[] = []
  const { backupSettings: settings, restoreTestSettings, hostView, context } = connection
  const base = { settings, clock: context.clock, logger: context.logger, events: context.events, signal: new AbortController().signal }
  const storage = await connection.storage()
  checks.push(...(await connection.storageChecks()))
  if (connection.config.oracleHome !== undefined) {
    const sql = connection.sql()
    checks.push(...oracleChecks({ session: sql, now: () => context.clock.now(), driver: connection.driver(), dbid: settings.dbid, uniqueName: settings.name }), ...backupChecks({ ...base, storage, sql }), ...rmanChecks({ rman: connection.rman(), dbid: settings.dbid }))
  } else checks.push(...backupChecks({ ...base, storage }))
  const { config, paths } = connection
  checks.push(
    ...pointChecks({ areaPath: config.areaPath }),
    // What root would make in the state directory would stop the user who runs backups.
    ...(context.uid === 0 ? [] : runtimeChecks({ clock: context.clock, journalDir: paths.journals, protectedPaths: [config.areaPath], leasePath: paths.areaLease })),
    ...nameChecks({ connects: [config.connect, config.primaryConnect, ...(config.registerCatalog && config.catalog !== undefined ? [config.catalog] : [])], withoutWallet: false, ...(config.tnsAdmin === undefined ? {} : { tnsAdmin: config.tnsAdmin }) }),
    ...calendarChecks({ calendars: { schedulebackup: config.scheduleBackup, schedulearchlog: config.scheduleArchivelog } }),
  )
  if (restoreTestSettings !== undefined) checks.push(...autorestoreChecks({ settings: restoreTestSettings, host: hostView, runProcess: context.runProcess }))
  return checks
}

/** `icb doctor [db]`: asks every package what it needs; exit code 1 when something is missing. */
export const doctor: CommandAction = async (app, [name], options) => {
  if (flag(options, 'repair')) return (await import('./doctor-repair.ts')).doctorRepair(app, { name, act: flag(options, 'yes'), hosts: texts(options, 'host') })
  if (flag(options, 'yes') || texts(options, 'host').length > 0) throw usageErrors.ARGUMENT('--yes and --host go with --repair')
  const config = await app.config()
  const findings: Finding[] = []
  for (const warning of [...config.warnings, ...(await checkHost(config, { signal: app.signal }))]) findings.push({ id: warning.code, title: 'configuration', status: 'warning', summary: warning.message })
  for (const database of config.databases.filter((entry) => name === undefined || entry.name === name)) {
    await using connection = connectDatabase(config, database.name, app.fleet)
    try {
      const ledger = connection.ledger()
      // All at once: questions to the database share its sessions then.
      const found = await runChecks([...(await checksOf(connection)), ...(ledger === undefined ? [] : ledgerChecks({ ledger }))], { signal: app.signal })
      findings.push(...found.map((finding) => ({ ...finding, database: database.name })))
      if (ledger === undefined) findings.push({ id: 'ledger.configured', title: 'proof ledger', database: database.name, status: 'warning', summary: 'no ledger is configured, so restore tests cannot store verdicts', advice: 'Set ledger.path.' })
    } catch (error) {
      findings.push({ id: 'connect', title: 'connection', database: database.name, status: 'failed', summary: (error as Error).message, ...(isIcbError(error) && error.hint !== undefined ? { advice: error.hint } : {}) })
    }
  }
  for (const finding of findings) {
    app.print(`${marks[finding.status]} ${finding.database === undefined ? '' : `${finding.database}: `}${finding.title}: ${finding.summary}`)
    if (finding.advice !== undefined && finding.status !== 'ok') app.print(`    ${finding.advice}`)
  }
  const failed = findings.filter((finding) => finding.status === 'failed').length
  app.print(`${String(findings.length)} checks, ${String(failed)} failed, ${String(findings.filter((finding) => finding.status === 'warning').length)} warnings`)
  return { schema: 'doctor/1', result: { findings }, exitCode: failed > 0 ? 1 : 0 }
}
