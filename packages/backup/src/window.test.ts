import { describe, expect, it } from 'vitest'
import { currentCopies, windowOfCopies } from './window.ts'

const copy = (file: number, checkpointScn: bigint, absoluteFuzzyScn = 0n, recoveryFuzzyScn = 0n) => ({ file, checkpointScn, absoluteFuzzyScn, recoveryFuzzyScn })
const file = (n: number, enabled = 'READ WRITE', lastScn: bigint | null = null, status = 'ONLINE') => ({ file: n, enabled, lastScn, status })

describe('windowOfCopies', () => {
  it('needs redo from the lowest checkpoint and passes the highest SCN of any block', () => {
    expect(windowOfCopies([copy(1, 100n, 130n), copy(2, 90n, 0n, 140n), copy(3, 120n)], [file(1), file(2), file(3)])).toEqual({ redoFrom: 90n, minScn: 140n })
    expect(windowOfCopies([], [])).toBeUndefined()
  })

  it('does not go back for a file that stopped before its copy was made', () => {
    expect(windowOfCopies([copy(1, 100n), copy(2, 10n)], [file(1), file(2, 'READ ONLY', 10n)])?.redoFrom).toBe(100n)
    expect(windowOfCopies([copy(1, 100n), copy(2, 10n)], [file(1), file(2, 'READ ONLY', 20n)])?.redoFrom).toBe(10n)
    expect(windowOfCopies([copy(2, 10n)], [file(2, 'READ ONLY', 10n)])?.redoFrom).toBe(10n)
  })
})

describe('currentCopies', () => {
  it('takes the newest available copy of the file as it is now, not of one that had its number before', () => {
    const row = (recid: number, creationScn: bigint, checkpointScn: bigint, status = 'A') => ({ recid, file: 5, creationScn, checkpointScn, status })
    const rows = [row(1, 10n, 100n), row(2, 10n, 200n), row(3, 10n, 300n, 'X'), row(4, 7n, 400n)]
    expect(currentCopies(rows, [{ file: 5, creationScn: 10n }]).get(5)?.recid).toBe(2)
    expect(currentCopies(rows, [{ file: 5, creationScn: 11n }]).size).toBe(0)
  })
})
