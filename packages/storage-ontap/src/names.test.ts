import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cloneVolumeName, clonePath, fromSnapshotName, isCloneVolumeName, toSnapshotName } from './names.ts'

const anyName = fc.oneof(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1, unit: fc.constantFrom('.', 'x', '2', 'e', '-', '_', '$', '#') }))

describe('names on the filer', () => {
  it('snapshot names survive the way there and back and have no operator of a query', () => {
    fc.assert(fc.property(anyName, (name) => {
      const raw = toSnapshotName(name)
      expect(raw).toMatch(/^[A-Za-z0-9_.-]+$/)
      expect(fromSnapshotName(raw)).toBe(name)
    }))
  })

  it('names that others gave are shown as they are', () => {
    for (const raw of ['hourly.2026-05-01_0105', 'weekly', 'a.x41', 'a.xff', 'snap.xyz']) expect(fromSnapshotName(raw)).toBe(raw)
  })

  it('volume names keep the rules of ONTAP and different names stay different', () => {
    fc.assert(fc.property(anyName, anyName, fc.nat({ max: 12 }), (a, b, part) => {
      const name = cloneVolumeName(a, part)
      expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]{0,202}$/)
      expect(isCloneVolumeName(name)).toBe(true)
      expect(cloneVolumeName(b, part) === name).toBe(a === b)
      expect(cloneVolumeName(a, part + 1)).not.toBe(name)
    }))
    expect(cloneVolumeName('x'.repeat(300), 0)).toHaveLength(203)
  })

  it('a clone is mounted by its name where that is possible', () => {
    expect(clonePath('autorestore')).toBe('/autorestore')
    expect(clonePath('orcl-clone-1')).toBe('/orcl-clone-1')
    expect(clonePath('a/../b c')).toMatch(/^\/a_+b_c_[0-9a-f]{8}$/)
  })
})
