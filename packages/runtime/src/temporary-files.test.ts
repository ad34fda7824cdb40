import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFileOnce, proveWritable, writeFileDurably } from './durable-file.ts'
import { findTemporaries, temporaryName } from './temporary-files.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'icb-temporary-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** A process id that is nobody's any more. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid ?? 0
}

async function plant(name: string, ageHours = 0): Promise<string> {
  await writeFile(join(dir, name), 'half')
  const then = new Date(Date.now() - ageHours * 3_600_000)
  await utimes(join(dir, name), then, then)
  return name
}

describe('temporary files', () => {
  it('of writers that died go with the next write beside them, others stay', async () => {
    const own = basename(temporaryName(join(dir, 'manifest.json')))
    const ofDead = await plant(own.replace(`-${String(process.pid)}-`, `-${String(await endedPid())}-`))
    const kept = [await plant(own), await plant('.manifest.json.0badcafe-1-0123456789ab.tmp', 23), await plant('.manifest.json.99-0123456789ab.tmp', 1), await plant('notes.tmp', 99)]
    const old = [await plant('.manifest.json.0badcafe-1-ba9876543210.tmp', 25), await plant('.manifest.json.99-ba9876543210.tmp', 25)]
    expect((await findTemporaries(dir, Date.now())).filter(({ abandoned }) => abandoned).map(({ path }) => basename(path)).sort()).toEqual([ofDead, ...old].sort())
    await writeFileDurably(join(dir, 'other.json'), 'x')
    expect((await readdir(dir)).sort()).toEqual([...kept, 'other.json'].sort())
  })

  it('of dead writers also go when a file is made once, or a directory is only tried', async () => {
    const planted = async (): Promise<string> => plant(basename(temporaryName(join(dir, 'a'))).replace(`-${String(process.pid)}-`, `-${String(await endedPid())}-`))
    await planted()
    await createFileOnce(join(dir, 'id'), 'x')
    expect(await readdir(dir)).toEqual(['id'])
    await planted()
    await proveWritable(dir)
    expect(await readdir(dir)).toEqual(['id'])
  })
})
