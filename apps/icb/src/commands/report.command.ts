import { resolve } from 'node:path'
import { collectFacts, connectDatabase, forEachDatabase } from '@icb/fleet'
import { ageText, judge, renderHtmlReport, renderPrometheus, usualThresholds, worstSeverity } from '@icb/monitoring'
import type { DatabaseFacts } from '@icb/monitoring'
import { writeFileDurably } from '@icb/runtime'
import { text } from '../command.ts'
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
    ago(snapshots?.newestReaches), snapshots === undefined ? '-' : `${String(snapshots.restorable)}/${String(snapshots.count)}`, ago(copies?.refreshedAt), volume?.freeBytes === undefined ? '-' : formatBytes(volume.freeBytes),
    findings.filter((finding) => finding.severity !== 'ok').map((finding) => finding.text).join('; '),
  ]
}

/** `icb report [db...]`: a table for people, `--json` for machines, `--html` for a browser or a mail, `--metrics` for Prometheus. Reports; it judges nothing by its exit code. */
export const report: CommandAction = async (app, names, options) => {
  const config = await app.config()
  const unknown = names.find((name) => !config.databases.some((database) => database.name === name))
  if (unknown !== undefined) throw usageErrors.ARGUMENT(`the configuration has no database ${unknown}`)
  const chosen = names.length > 0 ? names : config.databases.map((database) => database.name)
  const outcomes = await forEachDatabase(chosen, { concurrency: 8, signal: app.signal }, async (name) => {
    await using connection = connectDatabase(config, name, app.fleet)
    return await collectFacts(connection, { signal: app.signal })
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
  if (html === undefined && metrics === undefined) {
    for (const line of renderTable(['DATABASE', 'STATUS', 'LAST PROOF', 'RTO', 'COULD LOSE', 'RESTORABLE', 'COPIES', 'FREE', 'REMARKS'], all.map((facts) => cells(facts, now)))) app.print(line)
  } else for (const file of [html, metrics]) if (file !== undefined) app.print(resolve(file))
  return { schema: 'report/1', result: { at: new Date(now).toISOString(), databases: all.map((facts) => ({ ...facts, status: worstSeverity(judge(facts, now)), findings: judge(facts, now) })) } }
}
