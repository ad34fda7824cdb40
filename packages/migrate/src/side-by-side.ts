import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '@icb/runtime'

/** While this file is in an area, the original may work there too and its lock is respected. */
export function sideBySidePath(areaPath: string): string {
  return join(areaPath, '.icb', 'original.json')
}

export interface SideBySide {
  readonly version: 1
  /** ISO UTC. */
  readonly since: string
  /** Directory of the original's installation. */
  readonly installation: string
}

/** `undefined`: the original does not work in this area, or does not any more. */
export async function readSideBySide(areaPath: string): Promise<SideBySide | undefined> {
  try {
    return JSON.parse(await readFile(sideBySidePath(areaPath), 'utf8')) as SideBySide
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    // A file that cannot be understood still says that the original may be there.
    if (error instanceof SyntaxError) return { version: 1, since: '', installation: '' }
    throw error
  }
}

/** From now on every run of icb in this area also takes the original's lock. Idempotent: a first beginning stays as it was. */
export async function beginSideBySide(areaPath: string, state: Omit<SideBySide, 'version'>): Promise<boolean> {
  if ((await readSideBySide(areaPath)) !== undefined) return false
  await writeFileDurably(sideBySidePath(areaPath), `${JSON.stringify({ version: 1, ...state }, null, 2)}\n`)
  return true
}

/** The original works there no more. Idempotent. */
export async function endSideBySide(areaPath: string): Promise<boolean> {
  const there = (await readSideBySide(areaPath)) !== undefined
  await rm(sideBySidePath(areaPath), { force: true })
  return there
}
