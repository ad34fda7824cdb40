import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSlotFile, writeSlotFile } from './slot-file.ts'

let dir: string
beforeAll(async () => { dir = await mkdtemp(path.join(os.tmpdir(), 'icb-slot-')) })
afterAll(async () => { await rm(dir, { recursive: true, force: true }) })

describe('a slot file', () => {
  it('holds the last document written', async () => {
    const file = path.join(dir, 'a')
    for (let sequence = 1n; sequence < 6n; sequence += 1n) {
      await writeSlotFile(file, 'TEST', sequence, Buffer.from(`document ${sequence}`), { create: sequence === 1n })
      expect((await readSlotFile(file, 'TEST'))?.bytes.toString()).toBe(`document ${sequence}`)
    }
    expect(await readSlotFile(file, 'OTHER')).toBeUndefined()
  })

  it('keeps the older document whatever part of the newer one reached the disk', async () => {
    const file = path.join(dir, 'torn')
    await writeSlotFile(file, 'TEST', 1n, Buffer.alloc(300, 'a'), { create: true })
    await writeSlotFile(file, 'TEST', 2n, Buffer.alloc(300, 'b'))
    const old = await readFile(file)
    await writeSlotFile(file, 'TEST', 3n, Buffer.alloc(300, 'c'))
    const now = await readFile(file)
    const first = now.findIndex((byte, i) => byte !== old[i])
    const last = now.length - 1 - [...now].reverse().findIndex((byte, i) => byte !== old[old.length - 1 - i])
    await fc.assert(fc.asyncProperty(fc.integer({ min: first, max: last - 1 }), async (cut) => {
      await writeFile(file, Buffer.concat([now.subarray(0, cut), old.subarray(cut)]))
      const found = await readSlotFile(file, 'TEST')
      expect(found?.sequence === 2n || found?.sequence === 3n).toBe(true)
      expect(new Set(found?.bytes).size).toBe(1)
    }), { numRuns: 30 })
  })

  it('grows with its document', async () => {
    const file = path.join(dir, 'grows')
    await writeSlotFile(file, 'TEST', 1n, Buffer.from('small'), { create: true })
    await writeSlotFile(file, 'TEST', 2n, Buffer.alloc(700_000, 'x'))
    expect((await readSlotFile(file, 'TEST'))?.bytes.length).toBe(700_000)
  })
})
