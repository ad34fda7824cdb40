import { pointEntryOf } from '@icb/recovery-point'
import type { Manifest, ManifestWindow, PointEntry, ReadManifest } from '@icb/recovery-point'
import type { ChainOutcome } from './archivelogs.ts'
import { backupErrors } from './errors.ts'
import { describeGap } from './log-chain.ts'
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
    logs: [...chain.logs, ...chain.missingRows].map((row) => manifestLog(input.areaPath, row)).sort((a, b) => a.thread - b.thread || a.sequence - b.sequence),
    ...(previous.refreshedAt === undefined ? {} : { refreshedAt: previous.refreshedAt }),
  }
}

/** What is wrong with a chain, one sentence each; empty when it is whole. */
export function chainRemarks(chain: ChainOutcome): readonly string[] {
  return chain.gaps.map(describeGap)
}

/** @throws ICB_BACKUP_CHAIN_BROKEN */
export function assertChain(chain: ChainOutcome): void {
  const remarks = chainRemarks(chain)
  const [first] = remarks
  if (first === undefined) return
  throw backupErrors.CHAIN_BROKEN(`the archived logs in the area do not reach from the copies to now: ${first}${remarks.length > 1 ? ` and ${String(remarks.length - 1)} more` : ''}`, {
    hint: 'Bring the log back with `icb archivelogs --copy`. If it is lost for good, `icb backup --accept-gap` marks this point and makes the next one whole.',
    details: { missing: chain.missing, lost: chain.lost, gaps: remarks },
  })
}

export interface EntryInput {
  readonly snapshot: string
  /** ISO UTC. */
  readonly createdAt: string
  readonly runId: string
  /** Absent: the area has no manifest, so nothing is known of the point. */
  readonly manifest: ReadManifest | undefined
  readonly dbid: string
  readonly remarks: readonly string[]
}

/** The index entry of a snapshot. */
export function entryOf({ manifest, dbid, remarks, ...rest }: EntryInput): PointEntry {
  if (manifest !== undefined) return pointEntryOf({ ...rest, ...manifest, remarks })
  return { ...rest, manifestDigest: '', state: 'unknown', resetlogsId: '', dbid, remarks }
}

/** Labels for storages that keep them: enough to choose a point when the index is out of reach. */
export function pointLabels(entry: PointEntry): Readonly<Record<string, string>> {
  return {
    'icb-state': entry.state, 'icb-run': entry.runId,
    ...(entry.minScn === undefined ? {} : { 'icb-min-scn': String(entry.minScn) }),
    ...(entry.lastScn === undefined ? {} : { 'icb-last-scn': String(entry.lastScn) }),
  }
}
