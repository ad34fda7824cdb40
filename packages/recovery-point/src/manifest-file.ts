import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { writeFileDurably } from '@icb/runtime'
import type { ReplaceFileOptions } from '@icb/runtime'
import { z } from 'zod'
import { readAreaFile, storing } from './area-file.ts'
import { pointErrors } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { describeIssue, manifestSchema } from './schema.ts'

/** Name of the manifest in the root of a backup area. */
export const manifestFileName = 'icb-manifest.json'

/** 32767 datafiles of a few hundred bytes each, and as many logs. */
const maxBytes = 64 * 1024 * 1024

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function invalid(where: string, what: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown): Error {
  return pointErrors.errors.MANIFEST_INVALID(`${where} cannot be used: ${what}`, {
    hint: 'Take another recovery point; if it is the live area, the next backup writes a new manifest.',
    details: { path: where, ...details },
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * Reads the text of a manifest: SCNs and byte counts from decimal strings to bigints, everything checked, unknown keys ignored.
 * @param where names the text in errors
 * @throws ICB_POINT_MANIFEST_INVALID naming the field, ICB_POINT_MANIFEST_VERSION
 */
export function parseManifest(text: string, where: string = manifestFileName): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(where, `it is no JSON (${error instanceof Error ? error.message : String(error)})`, {}, error)
  }
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined
  if (typeof version === 'number' && version > 1) {
    throw pointErrors.errors.MANIFEST_VERSION(`${where} has version ${version}, this program reads version 1`, { hint: 'Use the version that wrote it, or a newer one.', details: { path: where, version } })
  }
  const result = manifestSchema.safeParse(value)
  if (result.success) return result.data
  const issue = describeIssue(result.error)
  throw invalid(where, issue.text, { field: issue.field }, result.error)
}

/** The text of a manifest as it is stored; its SHA-256 is the digest of the points index. @throws ICB_POINT_MANIFEST_INVALID */
export function formatManifest(manifest: Manifest): string {
  const result = z.safeEncode(manifestSchema, manifest)
  if (result.success) return `${JSON.stringify(result.data, undefined, 2)}\n`
  const issue = describeIssue(result.error)
  throw invalid(manifestFileName, issue.text, { field: issue.field }, result.error)
}

/**
 * Writes `icb-manifest.json` of an area: a new name, synced, renamed, directory synced. Answers its digest (SHA-256, hex).
 * @param options.stillAllowed asked right before the new one takes its name; when it rejects, the old manifest stays
 * @throws ICB_POINT_MANIFEST_INVALID, ICB_POINT_STORE, and what `stillAllowed` throws
 */
export async function writeManifest(areaPath: string, manifest: Manifest, options: Pick<ReplaceFileOptions, 'stillAllowed'> = {}): Promise<string> {
  const path = join(areaPath, manifestFileName)
  const text = formatManifest(manifest)
  await storing(path, 'written', () => writeFileDurably(path, text, options))
  return digestOf(text)
}

export interface ReadManifest {
  readonly manifest: Manifest
  /** SHA-256 of the file, hex. */
  readonly digest: string
}

/** Like {@link readManifest}; `undefined` when the area has none. @throws ICB_POINT_MANIFEST_INVALID, ICB_POINT_MANIFEST_VERSION, ICB_POINT_STORE */
export async function findManifest(areaPath: string): Promise<ReadManifest | undefined> {
  const path = join(areaPath, manifestFileName)
  const content = await readAreaFile(path, maxBytes)
  return content === undefined ? undefined : { manifest: parseManifest(content.toString('utf8'), path), digest: digestOf(content) }
}

/**
 * Reads the manifest of a backup area or of a mounted clone.
 * @param options.expectedDigest what the points index recorded; another digest is an error
 * @throws ICB_POINT_MANIFEST_MISSING, ICB_POINT_MANIFEST_DIGEST, ICB_POINT_MANIFEST_INVALID, ICB_POINT_MANIFEST_VERSION, ICB_POINT_STORE
 */
export async function readManifest(areaPath: string, options: { readonly expectedDigest?: string } = {}): Promise<ReadManifest> {
  const path = join(areaPath, manifestFileName)
  const content = await readAreaFile(path, maxBytes)
  if (content === undefined) {
    throw pointErrors.errors.MANIFEST_MISSING(`there is no ${manifestFileName} in ${areaPath}`, { hint: 'A snapshot made by the seed scripts has an autorestore.cfg instead.', details: { path } })
  }
  const digest = digestOf(content)
  // Before its content is believed.
  if (options.expectedDigest !== undefined && options.expectedDigest !== digest) {
    throw pointErrors.errors.MANIFEST_DIGEST(`${path} is not the manifest that was recorded with the snapshot`, {
      hint: 'The file was changed after the snapshot, or the clone is of another snapshot.',
      details: { path, expected: options.expectedDigest, found: digest },
    })
  }
  return { manifest: parseManifest(content.toString('utf8'), path), digest }
}
