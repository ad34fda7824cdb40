import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { appendLineDurably, writeFileDurably } from '@icb/runtime'
import type { Manifest, PointEntry } from '@icb/recovery-point'

const scnKeys = new Set(['resetlogsScn', 'creationScn', 'checkpointScn', 'fuzzyScn', 'firstScn', 'nextScn', 'redoFrom', 'minScn', 'lastScn', 'bytes'])

function encode(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? v.toString() : v), indent)
}

function decode(text: string): unknown {
  return JSON.parse(text, (key, v: unknown) => (scnKeys.has(key) && typeof v === 'string' ? BigInt(v) : v))
}

export async function readManifest(areaPath: string): Promise<{ readonly manifest: Manifest; readonly digest: string } | undefined> {
  const text = await readFile(join(areaPath, 'icb-manifest.json'), 'utf8').catch((e: unknown) => {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  })
  if (text === undefined) return undefined
  return { manifest: decode(text) as Manifest, digest: createHash('sha256').update(text).digest('hex') }
}

export async function writeManifest(areaPath: string, manifest: Manifest): Promise<string> {
  const text = `${encode(manifest, 2)}\n`
  await writeFileDurably(join(areaPath, 'icb-manifest.json'), text)
  return createHash('sha256').update(text).digest('hex')
}

export async function appendPoint(areaPath: string, entry: PointEntry): Promise<void> {
  await mkdir(join(areaPath, '.icb'), { recursive: true })
  await appendLineDurably(join(areaPath, '.icb', 'points.jsonl'), encode(entry))
}

export async function readPoints(areaPath: string): Promise<readonly PointEntry[]> {
  const text = await readFile(join(areaPath, '.icb', 'points.jsonl'), 'utf8').catch((e: unknown) => {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw e
  })
  return text.split('\n').flatMap((line) => (line === '' ? [] : [decode(line) as PointEntry]))
}
