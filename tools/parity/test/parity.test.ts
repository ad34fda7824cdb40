import { readFileSync } from 'node:fs'
import { referenceDirectory } from '@icb/testing'
import { describe, expect, it } from 'vitest'
import { documentPath, renderDocument } from '../src/document.ts'
import { hazards } from '../src/hazards.ts'
import { reasons } from '../src/reasons.ts'
import { missingFromReference } from '../src/reference.ts'
import { allRows } from '../src/rows.ts'
import { idsIn, scanTests } from '../src/scan.ts'

const tests = scanTests()
const ids = new Set(allRows.map(({ id }) => id))

describe('every row of the original', () => {
  it('has an id of its own that a test name can carry', () => {
    expect(ids.size).toBe(allRows.length)
    expect(hazards).toHaveLength(50)
    expect(idsIn(allRows.map(({ id }) => `[${id}]`).join(' ')).length).toBe(allRows.length)
  })

  it('has a test with its id, or a written reason, not both', () => {
    expect(allRows.filter(({ id }) => !tests.has(id) && reasons[id] === undefined).map(({ id }) => id)).toEqual([])
    expect(Object.keys(reasons).filter((id) => tests.has(id) || !ids.has(id) || (reasons[id] ?? '').length < 20)).toEqual([])
  })

  it('is what an id in a test name speaks of', () => {
    expect([...tests.keys()].filter((id) => !ids.has(id))).toEqual([])
  })

  it('stands in docs/parity.md as it is now (npm run parity:check -- --write)', () => {
    expect(readFileSync(documentPath, 'utf8')).toBe(renderDocument(tests))
  })
})

describe.skipIf(referenceDirectory() === undefined)('the lists (needs the reference data)', () => {
  it('lack nothing', () => {
    expect(missingFromReference(referenceDirectory() ?? '')).toEqual([])
  })
})
