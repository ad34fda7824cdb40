import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isoNow, writeFileDurably } from '@icb/runtime'
import { hasHolds } from '@icb/storage-core'
import type { Snapshot } from '@icb/storage-core'
import { DateTime } from 'luxon'
import type { StorageDependencies } from './dependencies.ts'
import { backupErrors } from './errors.ts'

/** A snapshot that retention must keep. */
export interface Pin {
  readonly snapshot: string
  readonly reason: string
  /** ISO UTC. */
  readonly pinnedAt: string
  /** ISO UTC; absent: for ever. */
  readonly until?: string
  readonly kept: 'storage' | 'file'
}

export interface PinOptions {
  readonly snapshot: string
  readonly reason: string
  /** ISO with zone. */
  readonly until?: string
}

type PinDependencies = Pick<StorageDependencies, 'settings' | 'storage' | 'clock' | 'signal'>

/**
 * Pins a snapshot: as a hold where the storage keeps holds, and in `.icb/pins.json` of the area, because a listing does not tell a hold
 * without end. Pinning again replaces the pin.
 * @throws ICB_BACKUP_SNAPSHOT_UNKNOWN, ICB_BACKUP_PINS, ICB_STORAGE_…
 */
export async function pinSnapshot(deps: PinDependencies, options: PinOptions): Promise<Pin> {
  const until = options.until === undefined ? undefined : DateTime.fromISO(options.until, { setZone: true }).toUTC()
  if (until !== undefined && !until.isValid) throw backupErrors.PINS(`\`${options.until ?? ''}\` is not a time`, { hint: 'Write an ISO time with zone, such as 2027-01-31T00:00:00Z.' })
  const snapshot = await findSnapshot(deps, options.snapshot)
  const pin: Pin = { kept: hasHolds(deps.storage) ? 'storage' : 'file', snapshot: snapshot.name, reason: options.reason, pinnedAt: isoNow(deps.clock), ...(until === undefined ? {} : { until: until.toISO() }) }
  const mounted = await stat(deps.settings.areaPath).then((s) => s.isDirectory(), () => false)
  // The file goes first: a pin that retention sees and the storage does not is safe, the other way round it only surprises.
  if (mounted) await writePins(deps.settings.areaPath, [...(await readPins(deps)).filter((p) => p.snapshot !== snapshot.name), pin])
  if (hasHolds(deps.storage)) await deps.storage.hold(snapshot.id, { reason: options.reason, ...(until === undefined ? {} : { until }), signal: deps.signal })
  else if (!mounted) throw backupErrors.PINS(`this storage keeps no holds, and ${deps.settings.areaPath}, where pins are written, is not mounted here`)
  return pin
}

/** Removes a pin; one that is not there is fine. @throws ICB_BACKUP_SNAPSHOT_UNKNOWN (storages with holds), ICB_BACKUP_PINS, ICB_STORAGE_… */
export async function unpinSnapshot(deps: PinDependencies, options: { readonly snapshot: string }): Promise<void> {
  if (hasHolds(deps.storage)) {
    const snapshot = await findSnapshot(deps, options.snapshot)
    await deps.storage.releaseHold(snapshot.id, { signal: deps.signal })
  }
  const pins = await readPins(deps)
  const left = pins.filter((p) => p.snapshot !== options.snapshot)
  if (left.length !== pins.length) await writePins(deps.settings.areaPath, left)
}

/**
 * The pins written in the area, expired ones included.
 * @throws ICB_BACKUP_PINS when the file is there and unreadable: a pin that cannot be read must stop retention, not vanish.
 */
export async function readPins(deps: Pick<PinDependencies, 'settings'>): Promise<readonly Pin[]> {
  const path = pinsPath(deps.settings.areaPath)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw backupErrors.PINS(`${path} cannot be read`, { cause: error })
  })
  if (text === undefined) return []
  try {
    const data: unknown = JSON.parse(text)
    const pins = (data as { pins?: unknown }).pins
    if (!Array.isArray(pins)) throw new TypeError('no list `pins`')
    return pins.map(readPin)
  } catch (error) {
    throw backupErrors.PINS(`${path} is damaged`, { hint: 'Restore it from a snapshot, or correct it by hand; retention stops until then.', cause: error })
  }
}

function readPin(value: unknown): Pin {
  const { snapshot, reason, pinnedAt, until, kept: where } = value as Record<string, unknown>
  const kept = where === 'storage' ? 'storage' : 'file'
  if (typeof snapshot !== 'string' || typeof reason !== 'string' || typeof pinnedAt !== 'string') throw new TypeError('a pin lacks a field')
  if (until === undefined) return { snapshot, reason, pinnedAt, kept }
  if (typeof until !== 'string' || !DateTime.fromISO(until).isValid) throw new TypeError('a pin has no valid `until`')
  return { snapshot, reason, pinnedAt, until, kept }
}

async function writePins(areaPath: string, pins: readonly Pin[]): Promise<void> {
  const path = pinsPath(areaPath)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFileDurably(path, `${JSON.stringify({ version: 1, pins }, undefined, 2)}\n`)
  } catch (error) {
    throw backupErrors.PINS(`${path} cannot be written`, { cause: error })
  }
}

/** @throws ICB_BACKUP_SNAPSHOT_UNKNOWN */
export async function findSnapshot(deps: Pick<PinDependencies, 'storage' | 'settings' | 'signal'>, nameOrId: string): Promise<Snapshot> {
  for await (const snapshot of deps.storage.listSnapshots({ signal: deps.signal })) {
    if (snapshot.name === nameOrId || snapshot.id === nameOrId) return snapshot
  }
  throw backupErrors.SNAPSHOT_UNKNOWN(`${deps.settings.name} has no snapshot ${nameOrId}`, { hint: '`icb snapshot list` shows them.' })
}

function pinsPath(areaPath: string): string {
  return join(areaPath, '.icb', 'pins.json')
}
