import { lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Lease, Logger } from '@icb/runtime'
import { acquireLease, hasErrorCode, pollUntil } from '@icb/runtime'
import { autorestoreErrors as errors } from './errors.ts'
import { guardSidName } from './guards.ts'
import type { HostView } from './host-view.ts'
import type { RestoreTestSettings } from './settings.ts'

/** One of the host's places for a test instance, locked until it is released. */
export interface Slot {
  readonly sid: string
  release(): Promise<void>
}

export interface SlotDependencies {
  readonly settings: RestoreTestSettings
  readonly host: HostView
  /** Directory of the slots' locks, the same for every test of this host. */
  readonly slotLocks: string
  /** How long to wait while all slots are in use, milliseconds. */
  readonly slotWaitMs: number
  readonly runId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** The settings with `{slot}` of the mount point and the clone name replaced. */
export function settingsOfSlot(settings: RestoreTestSettings, sid: string): RestoreTestSettings {
  const named = (text: string): string => text.replaceAll('{slot}', sid.toLowerCase())
  return {
    ...settings,
    ...(settings.mountPoint === undefined ? {} : { mountPoint: named(settings.mountPoint) }),
    ...(settings.cloneName === undefined ? {} : { cloneName: named(settings.cloneName) }),
  }
}

/** db_unique_name of a slot's instances. */
export function uniqueNameOfSlot(sid: string): string {
  return `icb_${sid.toLowerCase()}`
}

/** Whether the strategy mounts at a place of the slot's own. */
export function ownsMountPoint(mount: RestoreTestSettings['mount']): boolean {
  return mount === 'fstab' || mount === 'sudo'
}

type LockDependencies = Pick<SlotDependencies, 'slotLocks' | 'host' | 'runId' | 'clock' | 'logger' | 'signal'>

/** The lease file of one slot. */
export function slotLock(directory: string, sid: string): string {
  return join(directory, `slot-${sid.toLowerCase()}.lease`)
}

/** The lock of one slot; `undefined` while somebody else has it. */
export async function lockSlot(sid: string, deps: LockDependencies): Promise<Lease | undefined> {
  await mkdir(deps.slotLocks, { recursive: true })
  try {
    return await acquireLease({
      path: slotLock(deps.slotLocks, sid), boundTo: deps.host.hostId, runId: deps.runId, purpose: `slot ${sid}`, waitMs: 0, clock: deps.clock, logger: deps.logger, signal: deps.signal,
    })
  } catch (error) {
    if (hasErrorCode(error, 'ICB_LEASE_HELD')) return undefined
    throw error
  }
}

/** What a killed test left in a slot, which only a test of the same database may remove; `undefined`: nothing. */
async function remainsIn(sid: string, deps: SlotDependencies): Promise<string | undefined> {
  // SIDs differ by case on disk but would share names of memory segments and logs.
  if ((await deps.host.runningSids()).some((running) => running.toLowerCase() === sid.toLowerCase())) return `${sid}: an instance runs`
  const { mount, mountPoint } = settingsOfSlot(deps.settings, sid)
  if (ownsMountPoint(mount) && (await deps.host.mounts()).some((entry) => entry.mountPoint === mountPoint)) return `${sid}: ${mountPoint ?? ''} is mounted`
  return undefined
}

/**
 * Locks a free slot of this host, waiting for one if all are in use. A slot in which an instance runs or a clone is
 * mounted is not free, whoever left it there.
 * @throws ICB_AUTORESTORE_SLOT_BUSY, ICB_AUTORESTORE_SETTINGS, ICB_LEASE_STORE
 */
export async function takeSlot(deps: SlotDependencies): Promise<Slot> {
  const { settings, clock, signal } = deps
  settings.slots.forEach(guardSidName)
  const held = 'another restore test has it'
  let why: string[] = []
  const attempt = async (): Promise<Slot | undefined> => {
    why = []
    for (const sid of settings.slots) {
      const lease = await lockSlot(sid, deps)
      if (lease === undefined) {
        why.push(`${sid}: ${held}`)
        continue
      }
      const remains = await remainsIn(sid, deps)
      if (remains === undefined) return { sid, release: () => lease.release() }
      why.push(remains)
      await lease.release()
    }
    return undefined
  }
  const busy = (cause?: unknown): Error =>
    errors.SLOT_BUSY(`all slots are in use on this host: ${why.join('; ')}`, { hint: 'Wait for the other restore tests, or add slots to the configuration.', ...(cause === undefined ? {} : { cause }) })
  const first = await attempt()
  if (first !== undefined) return first
  // What is not a restore test does not end by itself.
  if (!why.some((each) => each.endsWith(held))) throw busy()
  try {
    return await pollUntil({ clock, what: 'a free slot', deadlineMs: deps.slotWaitMs, intervalMs: 1000, signal }, attempt)
  } catch (error) {
    if (signal.aborted) throw error
    throw busy(error)
  }
}

/** The file that an instance locks for its db_unique_name, in its Oracle home. */
export function nameLock(uniqueName: string, dbsDirectory: string): string {
  return join(dbsDirectory, `lk${uniqueName.toUpperCase()}`)
}

/** An instance that somebody started, by the names that its files have. */
export interface InstanceNames {
  readonly sid: string
  /** Default: that of a slot. */
  readonly uniqueName?: string
}

/** Files that an instance left in its Oracle home. */
export async function instanceFiles({ sid, uniqueName = uniqueNameOfSlot(sid) }: InstanceNames, dbsDirectory: string): Promise<readonly string[]> {
  const paths = [join(dbsDirectory, `hc_${sid}.dat`), nameLock(uniqueName, dbsDirectory)]
  const there = await Promise.all(paths.map(async (path) => (await lstat(path).catch(() => undefined))?.isFile() === true))
  return paths.filter((_, index) => there[index])
}

/** Removes them: nothing of a slot may be left on the host, or they pile up. */
export async function removeInstanceFiles(names: InstanceNames, dbsDirectory: string): Promise<void> {
  for (const path of await instanceFiles(names, dbsDirectory)) await rm(path, { force: true })
}
