import { afterAll, beforeAll, expect, it } from 'vitest'
import { fuzz } from '../src/fuzz.ts'
import { openSubjects } from '../src/subjects.ts'
import type { OpenSubjects } from '../src/subjects.ts'

// The same as `npm run fuzz`, with fewer inputs and one seed.

let opened: OpenSubjects
beforeAll(async () => {
  opened = await openSubjects()
})
afterAll(async () => {
  await (opened as OpenSubjects | undefined)?.[Symbol.asyncDispose]()
})

it('damaged documents are refused by typed errors, or mean what they say', async () => {
  for (const subject of opened.subjects) {
    const report = await fuzz(subject, { inputs: 500, seed: 20260301, now: () => 0 })
    expect(report.findings.slice(0, 3), subject.name).toEqual([])
    expect(report.accepted + report.rejected, subject.name).toBe(500)
    expect(report.rejected + report.accepted, subject.name).toBeGreaterThan(0)
  }
}, 120_000)
