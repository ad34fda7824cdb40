import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode, pollUntil } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { migrateErrors } from './errors.ts'

/** The lock of the original: a file in the area's root that a run links there, which is atomic on NFS too. */
export const originalLockName = 'backup.lck'

/** How a lock that a run of icb took begins, so that a killed run's one is known. */
const ours = 'icb '

export interface OriginalLockOptions {
  readonly areaPath: string
  readonly runId: string
  readonly hostname: string
  /** How long to wait for a program of the original. */
  readonly waitMs: number
  readonly clock: Clock
  readonly logger: Logger
  readonly signal?: AbortSignal | undefined
}

export interface OriginalLock {
  /** Removes the lock, if it is still the one that was taken. Idempotent. */
  release(): Promise<void>
}

/** What the lock's file says; `undefined`: nobody holds it. */
export async function readOriginalLock(areaPath: string): Promise<{ readonly text: string; readonly byIcb: boolean } | undefined> {
  try {
    const text = (await readFile(join(areaPath, originalLockName), 'utf8')).trim()
    return { text, byIcb: text.startsWith(ours) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Removes a lock that a killed run of icb left. The caller holds the lease of the area and has not taken the lock. Idempotent. */
export async function removeLeftLock(areaPath: string): Promise<boolean> {
  // One that cannot be read is not known to be ours.
  if ((await readOriginalLock(areaPath).catch(() => undefined))?.byIcb !== true) return false
  await rm(join(areaPath, originalLockName), { force: true })
  return true
}

/**
 * Takes `backup.lck` as the original does, so that neither works while the other one does. The caller holds the lease of the area: a lock that a run of icb left is
 * therefore one of a run that is gone, and is removed. A lock of the original is never broken, however old: its holder cannot be asked.
 * @throws ICB_MIGRATE_ORIGINAL_BUSY
 */
export async function takeOriginalLock(options: OriginalLockOptions): Promise<OriginalLock> {
  const { areaPath, runId, clock, logger, signal } = options
  const lock = join(areaPath, originalLockName)
  // By this it is known again: file systems may show two names of one file with two numbers.
  const said = `${ours}${runId} on ${options.hostname}, process ${String(process.pid)}`
  const own = join(areaPath, '.icb', `original-${runId}.lck`)
  await mkdir(join(areaPath, '.icb'), { recursive: true })
  const handle = await open(own, 'w', 0o644)
  try {
    await handle.writeFile(`${said}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  const isOurs = async (): Promise<boolean> => (await readOriginalLock(areaPath).catch(() => undefined))?.text === said
  const attempt = async (): Promise<true | undefined> => {
    try {
      await link(own, lock)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    // Over NFS an answer may be lost after the link was made.
    if (await isOurs()) return true
    // A lock that cannot be read is not known to be ours.
    const held = await readOriginalLock(areaPath).catch(() => undefined)
    if (held?.byIcb === true) {
      logger.warn({ lock, text: held.text }, 'a lock for the original, left by a run that is gone, is removed')
      await rm(lock, { force: true })
    }
    return undefined
  }
  const release = async (): Promise<void> => {
    if (await isOurs()) await rm(lock, { force: true })
    await rm(own, { force: true })
  }
  try {
    // The second look finds free what the first one freed.
    if ((await attempt()) !== true && (await attempt()) !== true) await pollUntil({ clock, what: `${lock} to be released`, deadlineMs: options.waitMs, intervalMs: 1000, maxIntervalMs: 5000, signal }, attempt)
    return { release }
  } catch (error) {
    await release()
    if (!hasErrorCode(error, 'ICB_DEADLINE_EXPIRED')) throw error
    const held = await readOriginalLock(areaPath).catch((reason: unknown) => ({ text: `its file cannot be read (${(reason as NodeJS.ErrnoException).code ?? String(reason)})` }))
    throw migrateErrors.errors.ORIGINAL_BUSY(`the original holds ${lock}${held === undefined ? '' : `: ${held.text}`}`, { hint: 'Wait for its run to end. If the process it names is gone, remove the file: the original never does.', details: { lock } })
  }
}
