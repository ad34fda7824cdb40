import type { RunReport } from './run.ts'
import { faultName, placeOf } from './plan.ts'

/** Runs by place and fault; `(n)`: of those, n faults came too late. */
export function renderTable(reports: readonly RunReport[]): readonly string[] {
  const columns = [...new Set(reports.map((report) => faultName(report.plan)))].sort()
  const places = [...new Set(reports.map((report) => placeOf(report.plan)))].sort()
  const cell = (place: string | undefined, column: string | undefined): string => {
    const these = reports.filter((report) => (place === undefined || placeOf(report.plan) === place) && (column === undefined || faultName(report.plan) === column))
    const missed = these.filter((report) => !report.struck).length
    return these.length === 0 ? '' : `${String(these.length)}${missed > 0 ? ` (${String(missed)})` : ''}`
  }
  const rows = [['', ...columns, 'all'], ...places.map((place) => [place, ...columns.map((column) => cell(place, column)), cell(place, undefined)]), ['all', ...columns.map((column) => cell(undefined, column)), cell(undefined, undefined)]]
  const widths = rows[0]?.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0))) ?? []
  return rows.map((row) => row.map((text, index) => (index === 0 ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0))).join('  ').trimEnd())
}

/** The last line of every torture: what it found in how many runs. */
export function summaryLine(reports: readonly RunReport[]): string {
  const count = (kind: string): number => reports.reduce((sum, report) => sum + report.findings.filter((finding) => finding.kind === kind).length, 0)
  const reachedCount = count('reached')
  return `${String(reports.length)} runs, ${String(count('lost'))} lost, ${String(count('left over'))} left over${reachedCount > 0 ? `, ${String(reachedCount)} reached` : ''}`
}
