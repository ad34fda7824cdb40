import type { Manifest, ManifestWindow, PointEntry, PointState } from '@icb/recovery-point'
import type { ChainOutcome } from './archivelogs.ts'
import { backupErrors } from './errors.ts'
import type { SwitchPoint } from './log-switch.ts'
import { manifestBase, manifestLog } from './manifest-from-database.ts'
import type { ManifestFacts } from './manifest-from-database.ts'
import type { CopyWindow } from './window.ts'

export interface CloseInput extends Omit<ManifestFacts, 'controlFile'> {
  readonly previous: Manifest
  /** Of the copies as V$DATAFILE_COPY has them now. */
  readonly copies: CopyWindow
  readonly switchPoint: SwitchPoint
  readonly chain: ChainOutcome
}

/** The manifest of a snapshot: the copies as they are, and the redo up to the switch. */
export function closedManifest(input: CloseInput): Manifest {
  const { previous, copies, switchPoint, chain, ...facts } = input
  const before = previous.window
  const window: ManifestWindow = {
    redoFrom: copies.redoFrom, minScn: copies.minScn, lastScn: switchPoint.scn, lastTime: switchPoint.time, utcOffset: switchPoint.utcOffset,
    // The time belongs to that SCN; copies that were moved by somebody else since have another one.
    ...(before?.minTime === undefined || before.minScn !== copies.minScn ? {} : { minTime: before.minTime }),
  }
  return {
    ...manifestBase({ ...facts, controlFile: previous.controlFile }), state: 'refreshed', window,
    // A missing log is listed too: a restore must find it missing, not unknown.
    logs: [...chain.proof.logs, ...chain.missingRows].map((row) => manifestLog(input.areaPath, row)).sort((a, b) => a.thread - b.thread || a.sequence - b.sequence),
    ...(previous.refreshedAt === undefined ? {} : { refreshedAt: previous.refreshedAt }),
  }
}

/** What is wrong with a chain, one sentence each; empty when it is whole. */
export function chainRemarks(chain: ChainOutcome): readonly string[] {
  return [...chain.missing.map((m) => `archived log ${String(m.thread)}/${String(m.sequence)} is missing`), ...(chain.missing.length === 0 ? chain.proof.holes : [])]
}

/** @throws ICB_BACKUP_CHAIN_BROKEN */
export function assertChain(chain: ChainOutcome): void {
  const remarks = chainRemarks(chain)
  const [first] = remarks
  if (first === undefined) return
  throw backupErrors.CHAIN_BROKEN(`the archived logs in the area do not reach from the copies to now: ${first}${remarks.length > 1 ? ` and ${String(remarks.length - 1)} more` : ''}`, {
    hint: 'Bring the log back with `icb archivelogs --copy`. If it is lost for good, `icb backup --accept-gap` marks this point and makes the next one whole.',
    details: { missing: chain.missing, lost: chain.lost, holes: chain.proof.holes },
  })
}

export interface EntryInput {
  readonly snapshot: string
  /** ISO UTC. */
  readonly createdAt: string
  readonly runId: string
  readonly state: PointState
  readonly manifest: Manifest | undefined
  readonly manifestDigest: string
  readonly dbid: string
  readonly remarks: readonly string[]
}

/** The index entry of a snapshot. SCNs only where the manifest promises a window. */
export function pointEntry(input: EntryInput): PointEntry {
  const { manifest, remarks, dbid, ...rest } = input
  const window = manifest?.window
  return {
    ...rest, dbid: manifest?.database.dbid ?? dbid, resetlogsId: manifest?.database.resetlogsId ?? '',
    ...(window === undefined ? {} : { redoFrom: window.redoFrom, minScn: window.minScn, utcOffset: window.utcOffset }),
    ...(window?.lastScn == null ? {} : { lastScn: window.lastScn }),
    ...(window?.minTime === undefined ? {} : { minTime: window.minTime }),
    ...(window?.lastTime === undefined ? {} : { lastTime: window.lastTime }),
    ...(remarks.length === 0 ? {} : { remarks }),
  }
}

/** Labels for storages that keep them: enough to choose a point when the index is out of reach. */
export function pointLabels(entry: PointEntry): Readonly<Record<string, string>> {
  return {
    'icb-state': entry.state, 'icb-run': entry.runId,
    ...(entry.minScn === undefined ? {} : { 'icb-min-scn': String(entry.minScn) }),
    ...(entry.lastScn === undefined ? {} : { 'icb-last-scn': String(entry.lastScn) }),
  }
}
