import { watch } from 'node:fs'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pollUntil, systemClock } from '@icb/runtime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeBench } from './local-harness.ts'
import type { Bench } from './local-harness.ts'

let bench: Bench
beforeEach(async () => {
  bench = await makeBench()
  await (await bench.open({ mode: 'copy' })).createSnapshot('orcl-20260101T000000Z-x1')
})
afterEach(() => bench.destroy())

describe('files of a moment', () => {
  it('probing makes no name that a killed process could leave', async () => {
    const seen = new Set<string | null>()
    const watcher = watch(bench.snapshotDirectory, (_event, name) => { seen.add(name) })
    try {
      await bench.open({ mode: 'auto' })
      await writeFile(join(bench.snapshotDirectory, 'afterwards'), '')
      await pollUntil({ clock: systemClock, what: 'the watcher to see the last file', deadlineMs: 20_000, intervalMs: 5 }, async () => (seen.has('afterwards') ? true : undefined))
    } finally {
      watcher.close()
    }
    // The kernel calls a file without a name by its number.
    expect([...seen].filter((name) => !/^#\d+$/.test(name ?? ''))).toEqual(['afterwards'])
  })

  it('are removed when they are older than a day, and nothing that others put there', async () => {
    const old = ['.icb-probe-0123abcd', '.icb-probe-0123abcd.copy', 'volume.json.0123abcd']
    const kept = ['.icb-probe-89abcdef', 'volume.json.bak', 'notes']
    const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3_600_000)
    for (const name of [...old, ...kept]) {
      const path = join(bench.snapshotDirectory, name)
      await writeFile(path, '')
      if (name !== '.icb-probe-89abcdef') await utimes(path, twoDaysAgo, twoDaysAgo)
    }
    const storage = await bench.open()
    expect([...((await storage.listLeftovers?.()) ?? [])].sort()).toEqual(old)
    expect([...((await storage.removeLeftovers?.()) ?? [])].sort()).toEqual(old)
    expect((await readdir(bench.snapshotDirectory)).sort()).toEqual([...kept, 'snapshots', 'volume.json'].sort())
  })
})
