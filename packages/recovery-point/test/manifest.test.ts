import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { hasErrorCode, isIcbError } from '@icb/runtime'
import { recordingLogger } from '@icb/runtime/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendPoint, ensureAreaId, findManifest, formatManifest, joinPoints, manifestFileName, parseManifest, pointEntryOf, readAreaId, readManifest, readPoints, rewritePoints, writeManifest } from '../src/index.ts'
import { sampleManifest } from './sample-manifest.ts'

let area: string
beforeEach(async () => {
  area = await mkdtemp(join(tmpdir(), 'icb-area-'))
})
afterEach(() => rm(area, { recursive: true, force: true }))

describe('manifest', () => {
  it('comes back as it was written, SCNs beyond 2^53 exactly, with its digest', async () => {
    const manifest = sampleManifest()
    const digest = await writeManifest(area, manifest)
    expect(await readManifest(area, { expectedDigest: digest })).toEqual({ manifest, digest })
    expect(await readFile(join(area, manifestFileName), 'utf8')).toContain('"checkpointScn": "18446744073709551615"')
  })

  it('tells a changed, a missing and a newer one apart', async () => {
    await expect(readManifest(area)).rejects.toMatchObject({ code: 'ICB_POINT_MANIFEST_MISSING' })
    expect(await findManifest(area)).toBeUndefined()
    await writeManifest(area, sampleManifest())
    await expect(readManifest(area, { expectedDigest: '00' })).rejects.toMatchObject({ code: 'ICB_POINT_MANIFEST_DIGEST' })
    await writeFile(join(area, manifestFileName), '{"version":2}')
    await expect(readManifest(area)).rejects.toMatchObject({ code: 'ICB_POINT_MANIFEST_VERSION' })
    await rm(join(area, manifestFileName))
    await mkdir(join(area, manifestFileName))
    await expect(readManifest(area)).rejects.toMatchObject({ code: 'ICB_POINT_STORE' })
  })

  it.each<[string, readonly (string | number)[], unknown]>([
    ['window.minScn', ['window', 'minScn'], 12],
    ['copies[0].path', ['copies', 0, 'path'], '../../etc/passwd'],
    ['copies[0].path', ['copies', 0, 'path'], '/u01/a.dbf'],
    ['controlFile', ['controlFile'], undefined],
    ['window', ['window'], undefined],
    ['window', ['state'], 'refreshing'],
    ['window.utcOffset', ['window', 'utcOffset'], 'CET'],
    ['database.dbid', ['database', 'dbid'], 'x'],
  ])('names the field that is wrong: %s', (field, path, value) => {
    const raw = JSON.parse(formatManifest(sampleManifest())) as Record<string, unknown>
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, raw)
    parent[String(path.at(-1))] = value
    expect(() => parseManifest(JSON.stringify(raw), '/clone/icb-manifest.json')).toThrow(expect.objectContaining({ code: 'ICB_POINT_MANIFEST_INVALID', details: { path: '/clone/icb-manifest.json', field } }))
  })

  it('is refused when it promises a window during a refresh', () => {
    expect(() => formatManifest(sampleManifest({ state: 'refreshing' }))).toThrow('window')
  })

  it('ignores keys that a later version adds', () => {
    const raw = { ...(JSON.parse(formatManifest(sampleManifest())) as object), later: { a: 1 } }
    expect(parseManifest(JSON.stringify(raw))).toEqual(sampleManifest())
  })

  it('hostile input is an error with a code, never anything else', () => {
    const text = formatManifest(sampleManifest())
    const fails = (input: string): boolean => {
      try {
        parseManifest(input)
        return true
      } catch (error) {
        return isIcbError(error)
      }
    }
    fc.assert(fc.property(fc.nat(text.length), fc.string({ maxLength: 5 }), (at, insert) => fails(text.slice(0, at) + insert + text.slice(at + 1))), { numRuns: 300 })
    fc.assert(fc.property(fc.json(), fails))
    expect(fails('['.repeat(200_000))).toBe(true)
    expect(fails('{"__proto__": {"version": 1}}')).toBe(true)
  })
})

describe('area id', () => {
  it('is made once among many callers', async () => {
    expect(await readAreaId(area)).toBeUndefined()
    const all = await Promise.all(Array.from({ length: 10 }, () => ensureAreaId(area)))
    expect(new Set(all.map((each) => each.areaId)).size).toBe(1)
    expect(all.filter((each) => each.created)).toHaveLength(1)
    expect(await readAreaId(area)).toBe(all[0]?.areaId)
  })

  it('is not made where no area is, and not read from rubbish', async () => {
    await expect(ensureAreaId(join(area, 'not-mounted'))).rejects.toMatchObject({ code: 'ICB_POINT_STORE' })
    await mkdir(join(area, '.icb'))
    await writeFile(join(area, '.icb', 'area-id'), '')
    await expect(ensureAreaId(area)).rejects.toMatchObject({ code: 'ICB_POINT_AREA_ID' })
  })
})

describe('points index', () => {
  const entry = (snapshot: string, remarks: readonly string[] = []) => pointEntryOf({ snapshot, createdAt: '2026-03-29T10:00:00.000Z', runId: 'r', manifest: sampleManifest(), digest: 'd', remarks })

  it('keeps the last entry of each snapshot', async () => {
    expect(await readPoints(area)).toEqual([])
    await appendPoint(area, entry('s1'))
    await appendPoint(area, entry('s2'))
    await appendPoint(area, entry('s1', ['archived log 1/42 is missing']))
    const points = await readPoints(area)
    expect(points.map((point) => [point.snapshot, point.state])).toEqual([
      ['s2', 'refreshed'],
      ['s1', 'damaged'],
    ])
    expect(points[0]).toMatchObject({ redoFrom: 100n, minScn: 120n, lastScn: 200n, lastTime: '2026-03-29 12:00:00', utcOffset: '+02:00', dbid: '1456789012' })
    await rewritePoints(area, [entry('s9')])
    expect((await readPoints(area)).map((point) => point.snapshot)).toEqual(['s9'])
  })

  it('survives torn and foreign lines, and goes on after them', async () => {
    await appendPoint(area, entry('s1'))
    const path = join(area, '.icb', 'points.jsonl')
    const line = await readFile(path, 'utf8')
    for (let length = 0; length < line.length; length += 7) {
      await writeFile(path, line + line.slice(0, length).replace('s1', 's2'))
      expect((await readPoints(area)).map((point) => point.snapshot)).toEqual(['s1'])
    }
    await appendFile(path, '\n[]\nnull\n')
    await appendPoint(area, entry('s3'))
    const logger = recordingLogger()
    expect((await readPoints(area, { logger })).map((point) => point.snapshot)).toEqual(['s1', 's3'])
    expect(logger.lines.map((each) => each.fields['line'])).toEqual([2, 3, 4])
  })

  it('joins with the listing: unknown where there is no entry', () => {
    const listed = (name: string) => ({ id: `vol@${name}`, name, createdAt: { toMillis: () => 0 } })
    const joined = joinPoints([listed('s0'), listed('s1')], [entry('s1'), entry('gone')])
    expect(joined.map((point) => [point.snapshotId, point.state, point.entry?.snapshot])).toEqual([
      ['vol@s0', 'unknown', undefined],
      ['vol@s1', 'refreshed', 's1'],
    ])
    expect(joined[0]?.createdAt).toBe('1970-01-01T00:00:00.000Z')
  })

  it('a write that cannot be done has a code', async () => {
    await expect(appendPoint(join(area, 'none'), entry('s1'))).rejects.toSatisfy((error) => hasErrorCode(error, 'ICB_POINT_STORE'))
  })
})
