import { join, resolve } from 'node:path'
import { collectFacts, connectDatabase, forEachDatabase, mailToAll, readBackupRuns, stateDirectory } from '@icb/fleet'
import { ageText, judge, reachesTo, renderHtmlReport, renderPrometheus, usualThresholds, worstSeverity } from '@icb/monitoring'
import type { DatabaseFacts } from '@icb/monitoring'
import { writeFileDurably } from '@icb/runtime'
import { flag, text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { formatBytes } from '../duration.ts'
import { usageErrors } from '../errors.ts'
import { renderTable } from '../table.ts'

function cells(facts: DatabaseFacts, now: number): readonly string[] {
  const findings = judge(facts, now)
  const ago = (at: number | undefined): string => (at === undefined ? '-' : ageText(now - at))
  const { snapshots, proofs, copies, volume } = facts
  return [
    facts.database, worstSeverity(findings), ago(proofs?.lastProvenAt === undefined ? undefined : Date.parse(proofs.lastProvenAt)), proofs?.restoreSeconds === undefined ? '-' : `${String(proofs.restoreSeconds.last)} s`,
    ago(reachesTo(facts)), snapshots === undefined ? '-' : `${String(snapshots.restorable)}/${String(snapshots.count)}`, ago(copies?.refreshedAt), volume?.freeBytes === undefined ? '-' : formatBytes(volume.freeBytes),
    findings.filter((finding) => finding.severity !== 'ok').map((finding) => finding.text).join('; '),
  ]
}

/** `2 of 40 databases need attention`, for a subject. */
function summaryOf(all: readonly DatabaseFacts[], now: number): string {
  const bad = all.filter((facts) => worstSeverity(judge(facts, now)) !== 'ok').length
  return bad === 0 ? `all ${String(all.length)} databases are fine` : `${String(bad)} of ${String(all.length)} databases need attention`
}

/** `icb report [db...]`: a table for people, `--json` for machines, `--html` for a browser or a mail, `--metrics` for Prometheus, `--mail` to whoever is configured. Reports; it judges nothing by its exit code. */
export const report: CommandAction = async (app, names, options) => {
  const config = await app.config()
  const unknown = names.find((name) => !config.databases.some((database) => database.name === name))
  if (unknown !== undefined) throw usageErrors.ARGUMENT(`the configuration has no database ${unknown}`)
  const chosen = names.length > 0 ? names : config.databases.map((database) => database.name)
  const backupRuns = await readBackupRuns(join(stateDirectory(config, app.fleet), 'journals'))
  const outcomes = await forEachDatabase(chosen, { concurrency: 8, signal: app.signal }, async (name) => {
    await using connection = connectDatabase(config, name, app.fleet)
    return await collectFacts(connection, { signal: app.signal, backupRuns })
  })
  app.signal.throwIfAborted()
  const all = outcomes.map((outcome): DatabaseFacts =>
    outcome.ok ? outcome.value : { database: outcome.database, unavailable: outcome.error instanceof Error ? outcome.error.message : String(outcome.error), restoreTests: false, thresholds: { ...usualThresholds, warningAgeHours: 0, criticalAgeHours: 0 } },
  )
  const now = app.clock.now()
  const html = text(options, 'html')
  const metrics = text(options, 'metrics')
  if (html !== undefined) await writeFileDurably(resolve(html), renderHtmlReport(all, now))
  // Read by another user: node_exporter.
  if (metrics !== undefined) await writeFileDurably(resolve(metrics), renderPrometheus(all, now), { mode: 0o644 })
  const table = renderTable(['DATABASE', 'STATUS', 'LAST PROOF', 'RTO', 'COULD LOSE', 'RESTORABLE', 'COPIES', 'FREE', 'REMARKS'], all.map((facts) => cells(facts, now)))
  const mail = flag(options, 'mail')
  if (mail) {
    const told = await mailToAll(config, chosen, { subject: `icb: ${summaryOf(all, now)}`, text: `${table.join('\n')}\n`, html: renderHtmlReport(all, now) }, app.fleet, app.signal)
    if (told.length === 0) throw usageErrors.ARGUMENT('--mail: no database of the report names a mail server and recipients', { hint: 'Set mailserver and mailto in [monitoring] (notify.mailServer, notify.mailTo).' })
    app.print(`mailed to ${told.join(', ')}`)
  }
  if (html === undefined && metrics === undefined && !mail) for (const line of table) app.print(line)
  else for (const file of [html, metrics]) if (file !== undefined) app.print(resolve(file))
  return { schema: 'report/1', result: { at: new Date(now).toISOString(), databases: all.map((facts) => ({ ...facts, status: worstSeverity(judge(facts, now)), findings: judge(facts, now) })) } }
}
