import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'
import type { FuzzReport } from './fuzz.ts'
import { openSubjects } from './subjects.ts'

// npm run fuzz -- [--inputs 10000] [--seed 1] [--parser manifest]

const { values } = parseArgs({ options: { inputs: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' }, parser: { type: 'string' } } })
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const columns = ['parser', 'inputs', 'rejected', 'accepted', 'crashes', 'wrong', 'slowest ms']
const row = (cells: readonly string[]): string => cells.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(11))).join('')
const countOf = (report: FuzzReport, kind: string): number => report.findings.filter((finding) => finding.kind === kind).length

await using opened = await openSubjects()
const subjects = opened.subjects.filter(({ name }) => values.parser === undefined || name.includes(values.parser))
console.log(`seed ${String(seed)}\n${row(columns)}`)
const reports: FuzzReport[] = []
for (const subject of subjects) {
  const report = await fuzz(subject, { inputs, seed, now: () => performance.now() })
  reports.push(report)
  console.log(row([report.subject, String(report.inputs), String(report.rejected), String(report.accepted), String(countOf(report, 'crash')), String(countOf(report, 'wrong success')), report.slowest.toFixed(1)]))
  for (const { kind, what, input } of report.findings.slice(0, 3)) console.log(`  ${kind}: ${what}\n    input: ${JSON.stringify(input.text).slice(0, 2000)}`)
}
const total = (kind: string): number => reports.reduce((sum, report) => sum + countOf(report, kind), 0)
const [crashes, wrong] = [total('crash'), total('wrong success')]
console.log(`${String(reports.length)} parsers, ${String(reports.reduce((sum, report) => sum + report.inputs, 0))} inputs, ${String(crashes)} crashes, ${String(wrong)} wrong successes`)
process.exitCode = crashes + wrong === 0 && reports.length > 0 ? 0 : 1
