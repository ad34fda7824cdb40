import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { referenceDirectory } from '@icb/testing'
import { documentPath, renderDocument } from './document.ts'
import { judgeReport } from './judge.ts'
import { mutants, notMutated } from './mutants.ts'
import { runMutants } from './mutate.ts'
import { reasons } from './reasons.ts'
import { missingFromReference } from './reference.ts'
import { scanTests } from './scan.ts'

const [action = '', argument = ''] = process.argv.slice(2)
if (action === 'files') {
  console.log([...new Set([...scanTests().values()].flat())].sort().join('\n'))
} else if (action === 'write') {
  writeFileSync(documentPath, renderDocument(scanTests()))
  console.log(documentPath)
} else if (action === 'judge') {
  const rows = judgeReport(argument)
  for (const { id, outcome, passed, failed } of rows) {
    if (outcome === 'shown') console.log(`✓ ${id.padEnd(34)} ${String(passed)} ${passed === 1 ? 'test' : 'tests'}`)
    else if (outcome === 'reason') console.log(`- ${id.padEnd(34)} ${reasons[id] ?? ''}`)
    else console.log(`✗ ${id.padEnd(34)} ${outcome === 'failed' ? failed.join('; ') : outcome === 'skipped' ? 'its tests were skipped' : 'no test and no reason'}`)
  }
  const reference = referenceDirectory()
  const missing = reference === undefined ? [] : missingFromReference(reference)
  for (const line of missing) console.log(`✗ ${line}`)
  const current = existsSync(documentPath) && readFileSync(documentPath, 'utf8') === renderDocument(scanTests())
  if (!current) console.log('✗ docs/parity.md is not as it is now: npm run parity:check -- --write')
  const count = (outcome: string): number => rows.filter((row) => row.outcome === outcome).length
  const lacking = rows.length - count('shown') - count('reason') + missing.length + (current ? 0 : 1)
  console.log(`${String(rows.length)} rows: ${String(count('shown'))} shown by passing tests, ${String(count('reason'))} with a written reason, ${String(lacking)} lacking`)
  process.exitCode = lacking === 0 ? 0 : 1
} else if (action === 'mutants') {
  const only = process.argv.slice(3)
  const unnoticed = runMutants(only)
  if (only.length === 0) for (const [hazard, why] of Object.entries(notMutated)) console.log(`- ${hazard.padEnd(4)} ${why}`)
  console.log(`${String(only.length === 0 ? mutants.length : mutants.filter(({ hazard }) => only.includes(hazard)).length)} changes, ${String(unnoticed)} not noticed`)
  process.exitCode = unnoticed === 0 ? 0 : 1
} else {
  console.error('usage: files | write | judge <report> | mutants [hazard …]')
  process.exitCode = 2
}
