import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checks } from './checks.ts'
import { appendPoint } from './points-index.ts'

let area: string
beforeEach(async () => {
  area = await mkdtemp(join(tmpdir(), 'icb-point-checks-'))
})
afterEach(() => rm(area, { recursive: true, force: true }))
const { signal } = new AbortController()
const ask = async (id: string): Promise<unknown> => checks({ areaPath: area }).find((check) => check.id === id)?.run({ signal })

it('tells a manifest that cannot be read, and lines of the index that are torn', async () => {
  expect(await ask('recovery-point.manifest')).toMatchObject({ status: 'skipped' })
  await writeFile(join(area, 'icb-manifest.json'), '{ "version": 1, "st')
  await expect(ask('recovery-point.manifest')).rejects.toMatchObject({ code: 'ICB_POINT_MANIFEST_INVALID' })
  expect(await ask('recovery-point.index')).toMatchObject({ status: 'ok', summary: '0 points, 0 of them whole' })
  await mkdir(join(area, '.icb'), { recursive: true })
  await appendPoint(area, { snapshot: 'orcl-1', createdAt: '2026-03-01T00:00:00.000Z', runId: 'deadbeef-1', manifestDigest: 'f'.repeat(64), state: 'refreshing', resetlogsId: '1', dbid: '4711' })
  await appendFile(join(area, '.icb', 'points.jsonl'), '{"snapshot":"orcl-2","cre\n')
  expect(await ask('recovery-point.index')).toMatchObject({ status: 'warning', summary: '1 points, 0 of them whole; 1 lines cannot be read (2)' })
})
