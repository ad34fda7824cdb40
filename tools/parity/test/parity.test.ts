import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { referenceDirectory, repositoryRoot } from '@icb/testing'
import { describe, expect, it } from 'vitest'
import { documentPath, renderDocument } from '../src/document.ts'
import { hazards } from '../src/hazards.ts'
import { mutants, notMutated } from '../src/mutants.ts'
import { mutatedText } from '../src/mutate.ts'
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

describe('every hazard', () => {
  it('is brought back by a change, or says why none can', () => {
    const changed = new Set(mutants.map(({ hazard }) => hazard))
    expect(hazards.map((_, index) => `H${String(index + 1)}`).filter((id) => changed.has(id) === (notMutated[id] !== undefined))).toEqual([])
  })

  it.each(mutants.map((mutant) => [mutant.hazard, mutant.does, mutant] as const))('%s %s: the change still has its place, and its test the id', (hazard, _does, mutant) => {
    const text = readFileSync(join(repositoryRoot, mutant.file), 'utf8')
    expect(mutatedText(mutant, text)).not.toBe(text)
    expect(tests.get(hazard)).toContain(mutant.test)
  })
})

describe.skipIf(referenceDirectory() === undefined)('the lists (needs the reference data)', () => {
  it('lack nothing', () => {
    expect(missingFromReference(referenceDirectory() ?? '')).toEqual([])
  })
})
