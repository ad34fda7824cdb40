import { reachesTo } from './facts.ts'
import type { DatabaseFacts } from './facts.ts'
import { judge, worstSeverity } from './judge.ts'

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | bigint
}

interface Metric {
  readonly name: string
  readonly help: string
  readonly of: (facts: DatabaseFacts, now: number) => readonly Sample[]
}

const one = (value: number | bigint | undefined): readonly Sample[] => (value === undefined ? [] : [{ labels: {}, value }])
const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000)
const instant = (iso: string | undefined): number | undefined => (iso === undefined ? undefined : Date.parse(iso) / 1000)

/** Gauges only: each is a fact of now. Names and units as Prometheus recommends (base units, unit last). */
const metrics: readonly Metric[] = [
  { name: 'icb_up', help: 'Whether the storage of the database answered', of: (facts) => one(facts.unavailable === undefined ? 1 : 0) },
  { name: 'icb_snapshots', help: 'Snapshots of the backup area', of: (facts) => one(facts.snapshots?.count) },
  { name: 'icb_restorable_snapshots', help: 'Snapshots that are known to be restorable', of: (facts) => one(facts.snapshots?.restorable) },
  { name: 'icb_pinned_snapshots', help: 'Snapshots that somebody pinned', of: (facts) => one(facts.snapshots?.pinned) },
  { name: 'icb_newest_snapshot_timestamp_seconds', help: 'When the newest snapshot was made', of: (facts) => one(seconds(facts.snapshots?.newestAt)) },
  { name: 'icb_recoverable_until_timestamp_seconds', help: 'Last time to which the database can be restored from the backup storage; now minus this is the effective RPO', of: (facts) => one(seconds(reachesTo(facts))) },
  { name: 'icb_newest_redo_timestamp_seconds', help: 'When the newest archived log landed in the backup area', of: (facts) => one(seconds(facts.redo?.newestLogAt)) },
  { name: 'icb_retention_overdue_snapshots', help: 'Snapshots that retention gave up two days ago or earlier and that are still there', of: (facts) => one(facts.retention?.overdue) },
  { name: 'icb_last_backup_timestamp_seconds', help: 'End of the last backup run of this host', of: (facts) => one(seconds(facts.backups?.last.endedAt)) },
  { name: 'icb_last_backup_success', help: 'Whether the last backup run of this host ended well', of: (facts) => one(facts.backups === undefined ? undefined : facts.backups.last.ok ? 1 : 0) },
  { name: 'icb_backup_persisting_warnings', help: 'Kinds of warnings that each of the last backup runs gave', of: (facts) => one(facts.backups?.persistingWarnings.length) },
  { name: 'icb_snapshot_space_bytes', help: 'Space that the snapshots hold', of: (facts) => one(facts.snapshots?.spaceBytes) },
  { name: 'icb_copies_refreshed_timestamp_seconds', help: 'End of the last complete refresh of the image copies', of: (facts) => one(seconds(facts.copies?.refreshedAt)) },
  { name: 'icb_copies_refreshing', help: 'Whether a refresh has begun and not ended', of: (facts) => one(facts.copies === undefined ? undefined : facts.copies.state === 'refreshing' ? 1 : 0) },
  { name: 'icb_copies_bytes', help: 'Size of the image copies', of: (facts) => one(facts.copies?.bytes) },
  { name: 'icb_volume_size_bytes', help: 'Size of the volume of the backup area', of: (facts) => one(facts.volume?.sizeBytes) },
  { name: 'icb_volume_free_bytes', help: 'Free space of the volume of the backup area', of: (facts) => one(facts.volume?.freeBytes) },
  { name: 'icb_ledger_up', help: 'Whether the proof ledger could be read', of: (facts) => one(facts.ledgerProblem !== undefined ? 0 : facts.proofs === undefined ? undefined : 1) },
  {
    name: 'icb_restore_tests', help: 'Restore tests in the ledger by outcome',
    of: ({ proofs }) => (proofs === undefined ? [] : (['passed', 'failed', 'inconclusive', 'running'] as const).map((outcome) => ({ labels: { outcome }, value: proofs[outcome] }))),
  },
  { name: 'icb_last_proven_timestamp_seconds', help: 'End of the last passed restore test', of: (facts) => one(instant(facts.proofs?.lastProvenAt)) },
  { name: 'icb_last_validated_timestamp_seconds', help: 'End of the last restore test that read every block', of: (facts) => one(instant(facts.proofs?.lastValidatedAt)) },
  { name: 'icb_restore_tests_unproven_in_a_row', help: 'Restore tests since the last passed one', of: (facts) => one(facts.proofs?.failuresInARow) },
  { name: 'icb_restore_duration_seconds', help: 'Measured RTO of the last passed restore test: clone requested to database open', of: (facts) => one(facts.proofs?.restoreSeconds?.last) },
  { name: 'icb_problem', help: 'Whether something is wrong with the database, by severity', of: (facts, now) => (['warning', 'critical', 'unknown'] as const).map((severity) => ({ labels: { severity }, value: worstSeverity(judge(facts, now)) === severity ? 1 : 0 })) },
]

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/**
 * All databases in the text format of Prometheus (version 0.0.4), for node_exporter's textfile collector. What is not known is
 * left out, so that an alert can tell `absent` from 0. Byte counts keep every digit.
 */
export function renderPrometheus(all: readonly DatabaseFacts[], now: number): string {
  const lines: string[] = []
  for (const metric of metrics) {
    const samples = all.flatMap((facts) => metric.of(facts, now).map((sample) => ({ ...sample, labels: { database: facts.database, ...sample.labels } })))
    if (samples.length === 0) continue
    lines.push(`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} gauge`)
    for (const { labels, value } of samples) lines.push(`${metric.name}{${Object.entries(labels).map(([name, text]) => `${name}="${escape(text)}"`).join(',')}} ${value.toString()}`)
  }
  lines.push('# HELP icb_report_timestamp_seconds When these facts were collected', '# TYPE icb_report_timestamp_seconds gauge', `icb_report_timestamp_seconds ${String(now / 1000)}`)
  return `${lines.join('\n')}\n`
}
