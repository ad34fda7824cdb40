import { reachesTo, retentionCriticalDays, retentionWarningDays } from './facts.ts'
import type { DatabaseFacts } from './facts.ts'

export type Severity = 'ok' | 'warning' | 'critical' | 'unknown'

/** One thing that is or is not as it should be. */
export interface Finding {
  readonly about: 'snapshot' | 'rpo' | 'redo' | 'copies' | 'backup' | 'retention' | 'proof' | 'space' | 'storage' | 'ledger'
  readonly severity: Severity
  /** One sentence without the database's name. */
  readonly text: string
}

const hourMs = 3_600_000

/** `3 h`, `2.5 days` for people. */
export function ageText(ms: number): string {
  const hours = Math.max(0, ms) / hourMs
  if (hours < 1) return `${String(Math.round(hours * 60))} min`
  return hours < 72 ? `${hours.toFixed(hours < 10 ? 1 : 0)} h` : `${(hours / 24).toFixed(1)} days`
}

function byAge(ms: number, warningHours: number, criticalHours: number): Severity {
  return ms >= criticalHours * hourMs ? 'critical' : ms >= warningHours * hourMs ? 'warning' : 'ok'
}

/** Everything that can be said of one database, in a fixed order. */
export function judge(facts: DatabaseFacts, now: number): readonly Finding[] {
  const { thresholds: limits, snapshots, copies, redo, backups, retention, volume, proofs } = facts
  const findings: Finding[] = []
  const add = (about: Finding['about'], severity: Severity, text: string): void => { findings.push({ about, severity, text }) }
  if (facts.unavailable !== undefined) add('storage', 'unknown', `the storage cannot be asked: ${facts.unavailable}`)
  if (snapshots !== undefined) {
    if (snapshots.newestAt === undefined) add('snapshot', 'critical', 'there is no snapshot')
    else {
      const age = now - snapshots.newestAt
      add('snapshot', byAge(age, limits.warningAgeHours, limits.criticalAgeHours), `the newest snapshot is ${ageText(age)} old`)
    }
    if (snapshots.newestReaches === undefined && snapshots.count > 0) add('rpo', 'warning', 'no snapshot is known to be restorable')
  }
  const reached = reachesTo(facts)
  if (reached !== undefined) add('rpo', byAge(now - reached, limits.warningAgeHours, limits.criticalAgeHours), `${ageText(now - reached)} would be lost now`)
  if (redo !== undefined) {
    const age = now - redo.newestLogAt
    add('redo', byAge(age, limits.redoWarningHours ?? limits.warningAgeHours, limits.redoCriticalHours ?? limits.criticalAgeHours), `the newest archived log is ${ageText(age)} old`)
  }
  if (copies !== undefined) {
    if (copies.refreshedAt === undefined) add('copies', 'critical', 'the image copies were never refreshed')
    else {
      const age = now - copies.refreshedAt
      add('copies', byAge(age, limits.warningAgeHours, limits.criticalAgeHours), `the image copies are ${ageText(age)} old${copies.state === 'refreshing' ? '; a refresh has begun and not ended' : ''}`)
    }
  }
  if (backups !== undefined) {
    const { last, persistingWarnings: persisting, runs } = backups
    if (!last.ok) add('backup', 'warning', `the last backup run failed${last.step === undefined ? '' : ` at ${last.step}`}${last.message === undefined ? '' : `: ${last.message}`}`)
    else if (persisting.length > 0) add('backup', 'warning', `each of the last ${String(runs)} backup runs warned: ${persisting.join(', ')}`)
    else add('backup', 'ok', 'the last backup run ended well')
  }
  if (retention !== undefined) {
    const { overdue, longOverdue, why } = retention
    const text = `${String(overdue)} ${overdue === 1 ? 'snapshot has' : 'snapshots have'} outlived retention by ${String(longOverdue > 0 ? retentionCriticalDays : retentionWarningDays)} days or more (${why.join(', ')})`
    add('retention', longOverdue > 0 ? 'critical' : overdue > 0 ? 'warning' : 'ok', overdue === 0 ? 'nothing has outlived retention' : text)
  }
  if (facts.ledgerProblem !== undefined) add('ledger', 'critical', `the ledger cannot be read: ${facts.ledgerProblem}`)
  if (facts.restoreTests && proofs !== undefined) {
    const why = proofs.lastOutcome === undefined || proofs.lastOutcome === 'passed' ? '' : `; the last test was ${proofs.lastOutcome}${proofs.lastReasons.length === 0 ? '' : ` (${proofs.lastReasons.join(', ')})`}`
    if (proofs.lastProvenAt === undefined) add('proof', 'critical', `no restore was ever proven${why}`)
    else {
      const age = now - Date.parse(proofs.lastProvenAt)
      const late = byAge(age, limits.proofWarningHours, limits.proofCriticalHours)
      // A point that was found bad is no matter of age.
      add('proof', proofs.lastOutcome === 'failed' ? 'critical' : late === 'ok' && why !== '' ? 'warning' : late, `the last proven restore is ${ageText(age)} ago${why}`)
    }
  }
  if (volume?.sizeBytes !== undefined && volume.freeBytes !== undefined && volume.sizeBytes > 0n) {
    const percent = Number((volume.freeBytes * 1000n) / volume.sizeBytes) / 10
    add('space', percent < limits.spaceCriticalPercent ? 'critical' : percent < limits.spaceWarningPercent ? 'warning' : 'ok', `${percent.toFixed(1)} % of the volume is free`)
  }
  return findings
}

const order: readonly Severity[] = ['critical', 'unknown', 'warning', 'ok']

export function worstSeverity(findings: readonly Finding[]): Severity {
  return order.find((severity) => findings.some((finding) => finding.severity === severity)) ?? 'unknown'
}
