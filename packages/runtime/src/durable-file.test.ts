import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendLineDurably, createFileOnce, writeFileDurably } from './durable-file.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'icb-durable-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('durable files', () => {
  it('replaces content and mode, leaving nothing else', async () => {
    const path = join(dir, 'a.json')
    await writeFileDurably(path, 'one')
    await writeFileDurably(path, 'two', { mode: 0o600 })
    expect(await readFile(path, 'utf8')).toBe('two')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(dir)).toEqual(['a.json'])
  })

  it('[H31] leaves no temporary file when the target cannot be replaced', async () => {
    await expect(writeFileDurably(dir, 'x')).rejects.toThrow()
    await expect(writeFileDurably(join(dir, 'missing', 'x'), 'x')).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await readdir(dir)).toEqual([])
  })

  it('keeps the old file, and only that, when the replacement is not allowed any more', async () => {
    const path = join(dir, 'a.json')
    await writeFileDurably(path, 'one')
    await expect(writeFileDurably(path, 'two', { stillAllowed: () => Promise.reject(new Error('not yours')) })).rejects.toThrow('not yours')
    expect(await readFile(path, 'utf8')).toBe('one')
    expect(await readdir(dir)).toEqual(['a.json'])
  })

  it('creates a file once among many', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => createFileOnce(join(dir, 'id'), String(i))))
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(await readFile(join(dir, 'id'), 'utf8')).toBe(String(made.indexOf(true)))
    expect(await readdir(dir)).toEqual(['id'])
  })

  it('never merges a new line with a torn one', async () => {
    const path = join(dir, 'lines')
    await appendLineDurably(path, 'one')
    await writeFile(path, 'tor', { flag: 'a' })
    await appendLineDurably(path, 'two')
    expect(await readFile(path, 'utf8')).toBe('one\ntor\ntwo\n')
    await expect(appendLineDurably(path, 'a\nb')).rejects.toThrow(TypeError)
  })
})
