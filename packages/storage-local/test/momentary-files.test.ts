import { watch } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
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

  it('are removed when their writer is gone, and nothing that others put there', async () => {
    const snapshot = join(bench.snapshotDirectory, 'snapshots', 'orcl-20260101T000000Z-x1')
    const foreign = join(bench.snapshotDirectory, 'snapshots', 'orcl-20260101T000000')
    await mkdir(foreign)
    const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3_600_000)
    const plant = async (directory: string, names: readonly string[], old: boolean): Promise<void> => {
      for (const name of names) {
        await writeFile(join(directory, name), '')
        if (old) await utimes(join(directory, name), twoDaysAgo, twoDaysAgo)
      }
    }
    const old = ['.icb-probe-0123abcd', '.icb-probe-0123abcd.copy', '.volume.json.0123abcd-7-0123456789ab.tmp']
    const labels = '.labels.json.0123abcd-7-0123456789ab.tmp'
    await plant(bench.snapshotDirectory, [...old, 'volume.json.bak', 'notes'], true)
    await plant(bench.snapshotDirectory, ['.icb-probe-89abcdef', '.volume.json.0123abcd-7-ba9876543210.tmp'], false)
    await plant(snapshot, [labels], true)
    await plant(foreign, [labels], true)
    const storage = await bench.open()
    expect([...((await storage.listLeftovers?.()) ?? [])].sort()).toEqual([...old, labels].sort())
    expect([...((await storage.removeLeftovers?.()) ?? [])].sort()).toEqual([...old, labels].sort())
    expect((await readdir(bench.snapshotDirectory)).sort()).toEqual(['.icb-probe-89abcdef', '.volume.json.0123abcd-7-ba9876543210.tmp', 'notes', 'snapshots', 'volume.json', 'volume.json.bak'])
    expect((await readdir(snapshot)).sort()).toEqual(['owner.json', 'snapshot.json', 'tree'])
    expect(await readdir(foreign)).toEqual([labels])
  })
})
