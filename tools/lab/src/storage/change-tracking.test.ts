import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BITMAPS_PER_FILE, BLOCKS_PER_CHUNK, ChangeTracking } from './change-tracking.ts'

let dir: string
beforeAll(async () => { dir = await mkdtemp(path.join(os.tmpdir(), 'icb-bct-')) })
afterAll(async () => { await rm(dir, { recursive: true, force: true }) })

describe('block change tracking', () => {
  it('never misses a changed block, and says so when it does not reach back', () => {
    const step = fc.oneof(fc.record({ kind: fc.constant('change' as const), block: fc.integer({ min: 2, max: 300 }) }), fc.record({ kind: fc.constant('backup' as const) }))
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const tracking = new ChangeTracking(1)
      tracking.track(4, 300, 10n)
      let scn = 10n
      const changes: { scn: bigint; block: number }[] = []
      const backups = [10n]
      for (const s of steps) {
        scn += 1n
        if (s.kind === 'change') {
          tracking.mark(4, s.block)
          changes.push({ scn, block: s.block })
        } else {
          tracking.switch(4, scn)
          backups.push(scn)
        }
      }
      for (const [i, since] of backups.entries()) {
        const chunks = tracking.changedChunks(4, since)
        if (chunks === undefined) {
          expect(backups.length - i).toBeGreaterThan(BITMAPS_PER_FILE - 1)
          continue
        }
        for (const change of changes) if (change.scn >= since) expect(chunks).toContain(Math.floor(change.block / BLOCKS_PER_CHUNK) * BLOCKS_PER_CHUNK)
      }
      expect(tracking.changedChunks(4, 9n)).toBeUndefined()
      expect(tracking.changedChunks(5, 10n)).toBeUndefined()
    }))
  })

  it('survives being written', async () => {
    const tracking = new ChangeTracking(77)
    tracking.track(4, 300, 10n)
    tracking.mark(4, 42)
    tracking.switch(4, 20n)
    const file = path.join(dir, 'bct')
    await tracking.save(file, 1, 15n, { create: true })
    const loaded = await ChangeTracking.load(file)
    expect(loaded).toMatchObject({ checkpointScn: 15n, sequence: 1 })
    expect(loaded?.tracking.dbid).toBe(77)
    expect(loaded?.tracking.changedChunks(4, 10n)).toEqual([40])
    expect(loaded?.tracking.changedChunks(4, 20n)).toEqual([])
  })
})
