import { readdir } from 'node:fs/promises'
import type { JournalRun, Leftover } from '@icb/runtime'
import { createCloneMounter } from './clone-mounter.ts'
import type { CloneMounter } from './clone-mounter.ts'
import { cloneNameOf } from './restore-run.ts'
import { guardSandbox, removeRunDirectory, runDirectory } from './sandbox.ts'
import type { RecoveryDependencies } from './settings.ts'
import { instanceFiles, removeInstanceFiles, settingsOfSlot } from './slots.ts'
import { runsOwnInstance, stopOwnInstance } from './steps/instance-steps.ts'

export type LeftoverDependencies = Omit<RecoveryDependencies, 'runId'>

/** A leftover, and how to take it away; without `remove` it is only shown. */
export interface FoundLeftover extends Leftover {
  readonly remove?: () => Promise<void>
}

export type RemovableLeftover = FoundLeftover & Required<Pick<FoundLeftover, 'remove'>>

/** A clone that a run may have made, by the step that recorded its name before it was made. */
export interface RecordedClone {
  readonly createStep: string
  readonly mountStep: string
  /** The only name that this run gives; another one in the journal is not its own. */
  readonly name: string
  readonly mounter: CloneMounter
}

function recorded(run: JournalRun, step: string, key: string): string | undefined {
  const record = run.records.findLast((entry) => entry.kind === 'intent' && entry.step === step && (entry.data as Record<string, unknown> | undefined)?.[key] !== undefined)
  const value = (record?.data as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : undefined
}

/**
 * What a run made, in the order in which it must go: instance, mounts, clones, scratch directory. Each is asked for by the name that the
 * journal recorded before it was made, and proven to be that run's. Ask for the next one when the one before is gone.
 */
export async function* madeByRun(deps: LeftoverDependencies, run: JournalRun, clones: readonly RecordedClone[]): AsyncGenerator<RemovableLeftover> {
  const { settings, storage, signal, host } = deps
  const { runId } = run
  const about = { runId, decision: 'repair', reason: `made by ${run.header.action} ${runId}, which ended without cleaning up` } as const
  const scratch = runDirectory(settings.scratch, runId)
  const sid = recorded(run, 'start-instance', 'sid')
  if (sid !== undefined) {
    const oracle = deps.sandboxOracle(sid)
    try {
      const slot = { deps, sid, oracle, scratch }
      // Another run may use the SID by now; ours is gone then.
      if (await runsOwnInstance(slot, signal)) yield { ...about, kind: 'instance', name: sid, remove: () => stopOwnInstance(slot, signal) }
      if (!(await host.runningSids()).includes(sid)) {
        const uniqueName = recorded(run, 'start-instance', 'uniqueName')
        const names = { sid, ...(uniqueName === undefined ? {} : { uniqueName }) }
        const remove = (): Promise<void> => removeInstanceFiles(names, oracle.dbsDirectory)
        for (const name of await instanceFiles(names, oracle.dbsDirectory)) yield { ...about, kind: 'file', name, remove }
      }
    } finally {
      await oracle.sql.close()
    }
  }
  for (const { createStep, mountStep, name, mounter } of clones) {
    if (recorded(run, createStep, 'clone') !== name) continue
    const { mountPoint } = mounter
    const mounted = recorded(run, mountStep, 'mount') !== undefined && mountPoint !== undefined && (await host.mounts()).some((mount) => mount.mountPoint === mountPoint)
    if (mounted) yield { ...about, kind: 'mount', name: mountPoint, remove: () => mounter.unmount({ signal }) }
    for await (const clone of storage.listClones({ signal })) {
      if (clone.name === name) yield { ...about, kind: 'clone', name, remove: () => storage.deleteClone(clone.id, { signal }) }
    }
  }
  if ((await host.probe(scratch)).state === 'present') yield { ...about, kind: 'scratch', name: scratch, remove: () => removeRunDirectory(scratch, host) }
}

/** The slot of a restore test that got as far as its clone. */
export function slotOf(run: JournalRun): string | undefined {
  return recorded(run, 'create-clone', 'slot')
}

/** The one clone of a restore test. @throws ICB_AUTORESTORE_SETTINGS */
export function recordedCloneOfTest(deps: LeftoverDependencies, run: JournalRun): RecordedClone {
  const slot = slotOf(run)
  const settings = slot === undefined ? deps.settings : settingsOfSlot(deps.settings, slot)
  const name = settings.mount === 'fstab' && settings.cloneName !== undefined ? settings.cloneName : cloneNameOf(settings.database, run.runId)
  return { createStep: 'create-clone', mountStep: 'mount-clone', name, mounter: createCloneMounter({ ...deps, settings }) }
}

/** {@link madeByRun} for a restore test. */
export function leftoversOfTest(deps: LeftoverDependencies, run: JournalRun): AsyncGenerator<RemovableLeftover> {
  return madeByRun(deps, run, [recordedCloneOfTest(deps, run)])
}

export interface StrayOptions {
  /** Every journal of restore tests and restores of this database on this host. */
  readonly journals: readonly JournalRun[]
  /** The run that holds the lease now, if one does: its objects are in use. */
  readonly running?: string
  /** Ids of hosts that are gone for good, by a person's word: what their runs left may go, too. */
  readonly hosts: readonly string[]
}

const runIdPattern = /^([0-9a-f]{8})-[0-9a-z]+$/

/** The run that a clone is named after: `<db>-rt-<run id>` of a restore test, `<db>-rs-<run id>-<use>` of a restore. */
function runOfClone(database: string, name: string): string | undefined {
  if (!name.startsWith(`${database}-`)) return undefined
  return /^r[ts]-([0-9a-f]{8}-[0-9a-z]+)(?:-[a-z])?$/.exec(name.slice(database.length + 1))?.[1]
}

/** What is known of the run that an object is named after. */
function judge(runId: string, options: StrayOptions, ownHost: string, object: 'clone' | 'scratch'): Pick<Leftover, 'decision' | 'reason'> | undefined {
  if (runId === options.running) return { decision: 'keep', reason: `restore test ${runId} is running` }
  const journal = options.journals.find((run) => run.runId === runId)
  if (journal?.header.action === 'restore') return { decision: 'keep', reason: `belongs to restore ${runId}, which stands until somebody removes it` }
  const step = object === 'clone' ? 'create-clone' : 'prepare-scratch'
  if (journal !== undefined) {
    // Unfinished ones are told by leftoversOfTest, with everything else of the same run.
    if (!journal.finished) return undefined
    const intended = journal.steps.some(({ name }) => name === step)
    return intended ? { decision: 'repair', reason: `made by restore test ${runId}, which has ended` } : { decision: 'keep', reason: `the journal of run ${runId} does not say that it made this` }
  }
  const host = runIdPattern.exec(runId)?.[1]
  if (host === undefined) return { decision: 'keep', reason: 'its name holds no run id' }
  if (host === ownHost) return { decision: 'keep', reason: `run ${runId} has no journal on this host, so nothing proves that it is over` }
  if (object === 'clone' && options.hosts.includes(host)) return { decision: 'repair', reason: `made by run ${runId} of host ${host}, which is gone` }
  return { decision: 'keep', reason: `made on host ${host}; ${object === 'clone' ? `if that host is gone: --host ${host}` : 'its files are for that host to remove'}` }
}

/**
 * Clones of this database and directories of restore tests that no unfinished journal accounts for. Only what a finished journal of this
 * host says it made may go, and clones of hosts that a person has declared gone; everything else is shown with the reason for keeping it.
 */
export async function strayObjects(deps: LeftoverDependencies, options: StrayOptions): Promise<readonly FoundLeftover[]> {
  const { settings, storage, host, signal } = deps
  const found: FoundLeftover[] = []
  for await (const clone of storage.listClones({ signal })) {
    const runId = runOfClone(settings.database, clone.name)
    if (runId === undefined) {
      found.push({ kind: 'clone', name: clone.name, decision: 'keep', reason: clone.name === settings.cloneName ? 'the next restore test replaces it' : 'no run made it' })
      continue
    }
    const judged = judge(runId, options, host.hostId, 'clone')
    if (judged !== undefined) found.push({ kind: 'clone', name: clone.name, runId, ...judged, ...(judged.decision === 'repair' ? { remove: () => storage.deleteClone(clone.id, { signal }) } : {}) })
  }
  found.push(...(await strayDirectories(deps, options)))
  return found
}

async function strayDirectories({ settings, host }: LeftoverDependencies, options: StrayOptions): Promise<readonly FoundLeftover[]> {
  try {
    await guardSandbox(settings.scratch, host, { keepAway: [settings.areaPath] })
  } catch (error) {
    return (await host.probe(settings.scratch)).state === 'absent' ? [] : [{ kind: 'scratch', name: settings.scratch, decision: 'keep', reason: (error as Error).message }]
  }
  const found: FoundLeftover[] = []
  for (const name of (await readdir(settings.scratch)).filter((each) => each.startsWith('run-')).sort()) {
    const runId = name.slice(4)
    const directory = runDirectory(settings.scratch, runId)
    const judged = judge(runId, options, host.hostId, 'scratch')
    if (judged !== undefined) found.push({ kind: 'scratch', name: directory, runId, ...judged, ...(judged.decision === 'repair' ? { remove: () => removeRunDirectory(directory, host) } : {}) })
  }
  return found
}
