import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PieceCorruption, type PieceFrame, PieceWriter, readPiece, readPieceHeader } from './backup-piece.ts'

let dir: string
beforeAll(async () => { dir = await mkdtemp(path.join(os.tmpdir(), 'icb-piece-')) })
afterAll(async () => { await rm(dir, { recursive: true, force: true }) })

const header = { dbid: 5, dbName: 'ORCL', release: '12.1.0.2.0', setCount: 3, setStamp: 9, piece: 1, tag: 'T', created: 0, contains: ['incremental' as const], datafiles: [], logs: [] }
const frames: PieceFrame[] = [
  { kind: 'block', file: 4, block: 9, bytes: Buffer.alloc(8192, 1) },
  { kind: 'controlfile', bytes: Buffer.from('{"a":1}') },
  { kind: 'block', file: 4, block: 10, bytes: Buffer.alloc(8192, 2) },
  { kind: 'redo', log: 1, block: 7, bytes: Buffer.alloc(1024, 3) },
]

async function write(name: string): Promise<string> {
  const file = path.join(dir, name)
  const writer = await PieceWriter.create(file)
  for (const frame of frames) await writer.add(frame)
  const bytes = await writer.finish(header, false)
  expect(bytes).toBe((await readFile(file)).length)
  return file
}

async function all(file: string): Promise<PieceFrame[]> {
  const found: PieceFrame[] = []
  for await (const frame of readPiece(file)) found.push(frame)
  return found
}

describe('a backup piece', () => {
  it('gives back what was put in', async () => {
    const file = await write('whole')
    expect(await readPieceHeader(file)).toEqual(header)
    expect(await all(file)).toEqual(frames)
  })

  it('is none before it is finished, or when its end is missing', async () => {
    const file = path.join(dir, 'open')
    const writer = await PieceWriter.create(file)
    await writer.add(frames[0]!)
    await writer.abandon()
    expect(await readPieceHeader(file)).toBeUndefined()
    const whole = await write('cut')
    await writeFile(whole, (await readFile(whole)).subarray(0, -1))
    expect(await readPieceHeader(whole)).toBeUndefined()
  })

  it('shows a damaged byte', async () => {
    const file = await write('damaged')
    const bytes = await readFile(file)
    bytes[8192 + 16 + 8192 + 16 + 3] = 0xff
    await writeFile(file, bytes)
    await expect(all(file)).rejects.toBeInstanceOf(PieceCorruption)
  })
})
