import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeStand } from './stand.ts'
import type { Stand } from './stand.ts'

let stand: Stand
beforeEach(async () => {
  stand = await makeStand({ settings: { logRetentionDays: 20 } })
})
afterEach(() => stand.remove())

it('[H6] [K:logretention] old logs go only where they carry our name of this database', async () => {
  const directory = join(stand.areaPath, 'backup_logs')
  await mkdir(directory)
  const days = (count: number): Date => new Date(stand.clock.now() - count * 86_400_000)
  const logs: readonly (readonly [string, number])[] = [
    ['orcl_20260101T100000_imagecopywithsnap.log', 21], ['orcl_20260102T100000Z_backup.log', 21], ['orcl_20260120T100000_imagecopywithsnap.log', 19],
    ['other_20260101T100000_imagecopywithsnap.log', 400], ['listener.log', 400], ['orcl_thesis.log', 400], ['orcl_20260101T100000_notes.txt', 400],
  ]
  for (const [name, age] of logs) {
    await writeFile(join(directory, name), 'x')
    await utimes(join(directory, name), days(age), days(age))
  }
  expect((await stand.backup()).outcome).toBe('done')
  expect((await readdir(directory)).sort()).toEqual(logs.slice(2).map(([name]) => name).sort())
})
