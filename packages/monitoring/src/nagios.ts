import { reachesTo } from './facts.ts'
import type { DatabaseFacts } from './facts.ts'
import { judge, worstSeverity } from './judge.ts'
import type { Finding, Severity } from './judge.ts'

export interface NagiosAnswer {
  /** 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
  readonly exitCode: 0 | 1 | 2 | 3
  readonly status: 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN'
  /** The first line with perfdata, then one line a finding. */
  readonly output: string
  readonly findings: readonly Finding[]
}

const answers = { ok: [0, 'OK'], warning: [1, 'WARNING'], critical: [2, 'CRITICAL'], unknown: [3, 'UNKNOWN'] } as const satisfies Record<Severity, readonly [number, string]>

/** What would end the text or begin perfdata. */
function clean(text: string): string {
  return text.replace(/\s*[|\r\n]+\s*/g, ' ')
}

/** `label=value unit;warning;critical;min` as the Monitoring Plugins guidelines have it. */
function perfdata(facts: DatabaseFacts, now: number): string {
  const { snapshots, copies, redo, retention, volume, proofs, thresholds: limits } = facts
  const data: string[] = []
  const age = (label: string, at: number | undefined, warning: number, critical: number): void => {
    if (at !== undefined) data.push(`${label}=${String(Math.max(0, Math.round((now - at) / 1000)))}s;${String(warning * 3600)};${String(critical * 3600)};0`)
  }
  age('snapshot_age', snapshots?.newestAt, limits.warningAgeHours, limits.criticalAgeHours)
  age('rpo', reachesTo(facts), limits.warningAgeHours, limits.criticalAgeHours)
  age('redo_age', redo?.newestLogAt, limits.redoWarningHours ?? limits.warningAgeHours, limits.redoCriticalHours ?? limits.criticalAgeHours)
  age('copies_age', copies?.refreshedAt, limits.warningAgeHours, limits.criticalAgeHours)
  age('proof_age', proofs?.lastProvenAt === undefined ? undefined : Date.parse(proofs.lastProvenAt), limits.proofWarningHours, limits.proofCriticalHours)
  if (proofs?.restoreSeconds !== undefined) data.push(`rto=${String(proofs.restoreSeconds.last)}s;;;0`)
  if (snapshots !== undefined) data.push(`snapshots=${String(snapshots.count)};;;0`, `restorable=${String(snapshots.restorable)};;;0`)
  if (retention !== undefined) data.push(`retention_overdue=${String(retention.overdue)};0;;0`)
  if (snapshots?.spaceBytes !== undefined) data.push(`space=${snapshots.spaceBytes.toString()}B;;;0`)
  if (volume?.freeBytes !== undefined) data.push(`free=${volume.freeBytes.toString()}B;;;0${volume.sizeBytes === undefined ? '' : `;${volume.sizeBytes.toString()}`}`)
  return data.join(' ')
}

/** One database as a Nagios plug-in answers: the worst finding first. */
export function nagiosAnswer(facts: DatabaseFacts, now: number): NagiosAnswer {
  const findings = judge(facts, now)
  const worst = worstSeverity(findings)
  const [exitCode, status] = answers[worst]
  const bad = findings.filter((finding) => finding.severity !== 'ok')
  const headline = bad.length === 0 ? (findings.find((finding) => finding.about === 'proof') ?? findings[0])?.text ?? 'nothing is known' : bad.map((finding) => finding.text).join('; ')
  const data = perfdata(facts, now)
  const lines = findings.map((finding) => `${answers[finding.severity][1]}: ${clean(finding.text)}`)
  return { exitCode, status, findings, output: [`${status}: ${facts.database}: ${clean(headline)}${data === '' ? '' : ` | ${data}`}`, ...lines].join('\n') }
}
