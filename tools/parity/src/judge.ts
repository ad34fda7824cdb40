import { readFileSync } from 'node:fs'
import { reasons } from './reasons.ts'
import { allRows } from './rows.ts'
import { idsIn } from './scan.ts'

interface Report {
  readonly files: readonly { readonly file: string; readonly broken: boolean; readonly tests: readonly { readonly name: string; readonly state: string; readonly note?: string }[] }[]
}

export interface Judged {
  readonly id: string
  readonly outcome: 'shown' | 'reason' | 'failed' | 'skipped' | 'nothing'
  readonly passed: number
  readonly failed: readonly string[]
}

/** What became of each row in a run of its tests: one that passes is enough, one that fails is too many. */
export function judgeReport(path: string): readonly Judged[] {
  const { files } = JSON.parse(readFileSync(path, 'utf8')) as Report
  const tests = files.flatMap(({ tests: all }) => all)
  const seen = new Map<string, { passed: number; failed: string[]; skipped: number }>()
  for (const { name, state } of tests) {
    for (const id of idsIn(name)) {
      const entry = seen.get(id) ?? { passed: 0, failed: [], skipped: 0 }
      seen.set(id, entry)
      if (state === 'passed') entry.passed++
      else if (state === 'failed') entry.failed.push(name)
      else entry.skipped++
    }
  }
  return allRows.map(({ id }): Judged => {
    const { passed = 0, failed = [], skipped = 0 } = seen.get(id) ?? {}
    const outcome = failed.length > 0 ? 'failed' : passed > 0 ? 'shown' : reasons[id] !== undefined ? 'reason' : skipped > 0 ? 'skipped' : 'nothing'
    return { id, outcome, passed, failed }
  })
}
