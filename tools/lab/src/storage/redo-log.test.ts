import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REDO_START, RedoCorruption, encodeRedoHeader, frameRecord, readRecords, readRedoHeader, type RedoHeader } from './redo-log.ts'
import { encodeRecord } from './redo-record.ts'

let dir: string
beforeAll(async () => { dir = await mkdtemp(path.join(os.tmpdir(), 'icb-redo-')) })
afterAll(async () => { await rm(dir, { recursive: true, force: true }) })

const header: RedoHeader = { dbid: 5, dbName: 'ORCL', thread: 1, sequence: 3, resetlogsScn: 1n, resetlogsId: 9, firstScn: 10n, firstTime: 0, nextScn: null, nextTime: null, bytes: null }
const frames = [11n, 12n, 13n].map((scn) => frameRecord(encodeRecord({ scn, time: 0, changes: [], operations: [{ op: 'end-of-thread' }] }), 3))

async function log(name: string, change: Partial<RedoHeader>, body: Buffer): Promise<string> {
  const file = path.join(dir, name)
  await writeFile(file, Buffer.concat([encodeRedoHeader({ ...header, ...change }), body]))
  return file
}

async function scns(file: string): Promise<bigint[]> {
  const found: bigint[] = []
  for await (const { record } of readRecords(file)) found.push(record.scn)
  return found
}

const all = Buffer.concat(frames)

describe('a redo log', () => {
  it('gives its records back', async () => {
    const file = await log('whole', { nextScn: 20n, nextTime: 1, bytes: REDO_START + all.length }, all)
    expect(await scns(file)).toEqual([11n, 12n, 13n])
    expect((await readRedoHeader(file))?.header.nextScn).toBe(20n)
  })

  it('ends at the last record that reached the disk, wherever the write broke off', async () => {
    for (let cut = 0; cut < all.length; cut += 7) {
      const file = await log('torn', {}, Buffer.concat([all.subarray(0, cut), Buffer.alloc(all.length - cut)]))
      const whole = frames.reduce((count, _frame, i) => (frames.slice(0, i + 1).reduce((n, f) => n + f.length, 0) <= cut ? count + 1 : count), 0)
      const found = await scns(file)
      // Padding zeros may complete the last record.
      expect([whole, whole + 1]).toContain(found.length)
    }
  })

  it('does not take records of an older use of the file for its own', async () => {
    const stale = frameRecord(encodeRecord({ scn: 5n, time: 0, changes: [], operations: [] }), 2)
    expect(await scns(await log('stale', {}, Buffer.concat([all, stale])))).toEqual([11n, 12n, 13n])
  })

  it('is corrupt, not shorter, when a finished one is damaged', async () => {
    const file = await log('damaged', { nextScn: 20n, nextTime: 1, bytes: REDO_START + all.length }, all)
    const handle = await open(file, 'r+')
    await handle.write(Buffer.from([0xff]), 0, 1, REDO_START + (frames[0]?.length ?? 0) + 20)
    await handle.close()
    await expect(scns(file)).rejects.toBeInstanceOf(RedoCorruption)
    await writeFile(file, (await readFile(file)).subarray(0, 600))
    await expect(scns(file)).rejects.toBeInstanceOf(RedoCorruption)
  })
})
