import { reachesTo } from './facts.ts'
import type { DatabaseFacts } from './facts.ts'
import { ageText, judge, worstSeverity } from './judge.ts'
import type { Severity } from './judge.ts'

const words: Readonly<Record<Severity, string>> = { ok: 'OK', warning: 'Warning', critical: 'Critical', unknown: 'Unknown' }
const marks: Readonly<Record<Severity, string>> = { ok: '✓', warning: '!', critical: '✗', unknown: '?' }

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function size(bytes: bigint | undefined): string {
  if (bytes === undefined) return '–'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = Number(bytes)
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : String(Math.round(value))} ${units[unit] ?? ''}`
}

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dfe3e8; --ground: #f5f6f8; --card: #fff; --ok: #1a7f4b; --warning: #8a5a00; --critical: #b3261e; --unknown: #5b4b9a }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --line: #313a46; --ground: #14181e; --card: #1c222a; --ok: #5fcf95; --warning: #e3b04b; --critical: #ff8a80; --unknown: #b9a8ff } }
* { box-sizing: border-box }
body { margin: 0; padding: 2rem clamp(1rem, 4vw, 3rem); background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, sans-serif }
main { max-width: 76rem; margin: 0 auto }
h1 { font-size: 1.5rem; margin: 0 0 .25rem } p.when { color: var(--soft); margin: 0 0 1.25rem }
ul.sums { display: flex; flex-wrap: wrap; gap: .75rem; list-style: none; padding: 0; margin: 0 0 1.5rem }
ul.sums li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem } ul.sums b { font-size: 1.25rem; margin-right: .4rem }
.ok { color: var(--ok) } .warning { color: var(--warning) } .critical { color: var(--critical) } .unknown { color: var(--unknown) }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
th, td { text-align: left; vertical-align: top; padding: .6rem .75rem } tbody { border-top: 1px solid var(--line) }
th { font-size: .8rem; color: var(--soft); font-weight: 600 } td.number { font-variant-numeric: tabular-nums; white-space: nowrap } td:first-child { font-weight: 600; overflow-wrap: anywhere; min-width: 9rem }
tr.remarks > td { font-weight: 400; padding-top: 0; overflow-wrap: anywhere } td ul { margin: 0; padding-left: 1.1rem } .status { white-space: nowrap; font-weight: 600 }
@media (max-width: 60rem) {
  table, tbody, tr, td { display: block; width: 100% } thead { display: none } table { border: 0; background: none }
  tbody { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .75rem; padding: .25rem 0 }
  td { padding: .25rem .9rem; display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: .5rem } td::before { content: attr(data-name); color: var(--soft); font-weight: 400 }
  td:first-child { font-size: 1.1rem; display: block } td:first-child::before { content: none } td.number { white-space: normal }
  tr.remarks > td { font-size: 1rem; padding: .4rem .9rem }
}`

/** Worst first, then by name. */
function sorted(all: readonly DatabaseFacts[], now: number): readonly { readonly facts: DatabaseFacts; readonly severity: Severity }[] {
  const rank: readonly Severity[] = ['critical', 'unknown', 'warning', 'ok']
  return all.map((facts) => ({ facts, severity: worstSeverity(judge(facts, now)) })).sort((a, b) => rank.indexOf(a.severity) - rank.indexOf(b.severity) || (a.facts.database < b.facts.database ? -1 : 1))
}

function row(facts: DatabaseFacts, severity: Severity, now: number): string {
  const cell = (name: string, content: string, kind = ''): string => `<td data-name="${name}"${kind === '' ? '' : ` class="${kind}"`}>${content}</td>`
  const ago = (at: number | undefined): string => (at === undefined ? '–' : ageText(now - at))
  const bad = judge(facts, now).filter((finding) => finding.severity !== 'ok')
  const { snapshots, proofs } = facts
  // Below the numbers, in the whole width: messages of Oracle are long.
  const remarks = bad.length === 0 ? '' : `<tr class="remarks"><td colspan="8"><ul>${bad.map((finding) => `<li class="${finding.severity}">${text(finding.text)}</li>`).join('')}</ul></td></tr>`
  return `<tbody><tr>${[
    cell('Database', text(facts.database)),
    cell('Status', `${marks[severity]} ${words[severity]}`, `status ${severity}`),
    cell('Last proof', !facts.restoreTests ? 'not tested' : proofs?.lastProvenAt === undefined ? 'never' : `${ago(Date.parse(proofs.lastProvenAt))} ago`, 'number'),
    cell('RTO', proofs?.restoreSeconds === undefined ? '–' : proofs.restoreSeconds.last < 120 ? `${String(proofs.restoreSeconds.last)} s` : ageText(proofs.restoreSeconds.last * 1000), 'number'),
    cell('Could lose', ago(reachesTo(facts)), 'number'),
    cell('Snapshots', snapshots === undefined ? '–' : snapshots.count === 0 ? 'none' : `${String(snapshots.restorable)} of ${String(snapshots.count)} restorable`, 'number'),
    cell('Copies', facts.copies === undefined ? '–' : `${size(facts.copies.bytes)}, ${facts.copies.refreshedAt === undefined ? 'never refreshed' : `${ago(facts.copies.refreshedAt)} old`}`, 'number'),
    cell('Free', size(facts.volume?.freeBytes), 'number'),
  ].join('')}</tr>${remarks}</tbody>`
}

/** One self-contained page without scripts: opens from a file or a mail, at any width, in light and dark. */
export function renderHtmlReport(all: readonly DatabaseFacts[], now: number): string {
  const rows = sorted(all, now)
  const count = (severity: Severity): number => rows.filter((each) => each.severity === severity).length
  const sums = (['critical', 'unknown', 'warning', 'ok'] as const).filter((severity) => severity === 'ok' || count(severity) > 0).map((severity) => `<li class="${severity}"><b>${String(count(severity))}</b>${words[severity]}</li>`)
  const heads = ['Database', 'Status', 'Last proof', 'RTO', 'Could lose', 'Snapshots', 'Copies', 'Free'].map((name) => `<th scope="col">${name}</th>`).join('')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Backups and proofs</title><style>${style}</style></head>
<body><main><h1>Backups and proofs of ${String(all.length)} ${all.length === 1 ? 'database' : 'databases'}</h1><p class="when">${new Date(now).toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
<ul class="sums">${sums.join('')}</ul>
<table><thead><tr>${heads}</tr></thead>
${rows.map(({ facts, severity }) => row(facts, severity, now)).join('\n')}
</table></main></body></html>
`
}
