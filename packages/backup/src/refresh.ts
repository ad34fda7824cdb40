import { refreshScript } from '@icb/rman'
import type { RmanEvent } from '@icb/rman'
import type { DatafileCopyRow, DatafileRow } from '@icb/oracle'
import { backupErrors } from './errors.ts'
import { callRman } from './rman-call.ts'
import type { RmanDependencies } from './rman-call.ts'
import { completeSettings } from './settings.ts'

/** What the refresh did, by datafile number. */
export interface RefreshSummary {
  readonly merged: readonly number[]
  /** Copied in full: first run, new datafiles, or `allowFull`. */
  readonly created: readonly number[]
  /** Unchanged since their copy (read-only tablespaces, PDB$SEED). */
  readonly skipped: readonly number[]
  readonly durationMs: number
}

/** What RMAN's output said about each datafile. */
export interface RefreshWatch {
  readonly onEvent: (event: RmanEvent) => void
  readonly merged: ReadonlySet<number>
  /** Announced as a whole copy: `no parent backup or copy of datafile N found`. */
  readonly level0: ReadonlySet<number>
  readonly skipped: ReadonlyMap<number, string>
  readonly piecesWritten: number
}

/** Listens to one refresh. */
export function watchRefresh(onProgress: (text: string) => void = () => undefined): RefreshWatch {
  const merged = new Set<number>()
  const level0 = new Set<number>()
  const skipped = new Map<number, string>()
  let piecesWritten = 0
  const onEvent = (event: RmanEvent): void => {
    switch (event.type) {
      case 'input-file': onProgress(`reading datafile ${String(event.file)}`); break
      case 'merging': merged.add(event.file); onProgress(`merging datafile ${String(event.file)}`); break
      case 'level0': if (event.file !== undefined) level0.add(event.file); break
      case 'skipped': skipped.set(event.file, event.reason); break
      case 'piece': if (event.action === 'written') piecesWritten++; break
      default: break
    }
  }
  return { onEvent, merged, level0, skipped, get piecesWritten() { return piecesWritten } }
}

export interface RefreshInput {
  /** RMAN channels; 1 where the edition is not Enterprise. */
  readonly parallel: number
  readonly onProgress: (text: string) => void
  readonly warn: (code: string, message: string) => void
}

/** Level 1 and merge in one RUN block. @throws ICB_BACKUP_RMAN_FAILED */
export async function refreshCopies(deps: RmanDependencies, input: RefreshInput): Promise<{ readonly watch: RefreshWatch; readonly durationMs: number }> {
  const settings = completeSettings(deps.settings)
  const watch = watchRefresh(input.onProgress)
  const result = await callRman(deps, {
    what: 'refreshing the image copies',
    script: refreshScript({
      area: settings.areaPath, parallel: input.parallel, copyTag: settings.tag, incrementTag: settings.incrementalTag,
      ...(settings.sectionSize === undefined ? {} : { sectionSize: settings.sectionSize }),
    }),
    deadlineMs: settings.refreshDeadlineMs, onEvent: watch.onEvent, warn: input.warn,
  })
  return { watch, durationMs: result.durationMs }
}

export interface RefreshFacts {
  /** Datafiles before the refresh; files created meanwhile belong to the next run. */
  readonly datafiles: readonly DatafileRow[]
  /** Current copy of each datafile before and after. */
  readonly before: ReadonlyMap<number, DatafileCopyRow>
  readonly after: ReadonlyMap<number, DatafileCopyRow>
  readonly watch: Pick<RefreshWatch, 'merged' | 'level0' | 'skipped'>
}

/**
 * Decides per datafile what happened, by RMAN's output and by the repository, which must agree.
 * @throws ICB_BACKUP_REFRESH_INCOMPLETE when a file was neither merged nor copied nor skipped as unchanged.
 */
export function judgeRefresh({ datafiles, before, after, watch }: RefreshFacts): Omit<RefreshSummary, 'durationMs'> & { /** Files that had a copy and were copied in full. */ readonly alarms: readonly number[] } {
  const merged: number[] = []
  const created: number[] = []
  const skipped: number[] = []
  const failures: { file: number; reason: string }[] = []
  for (const { file, checkpointScn, enabled, status } of datafiles) {
    const [old, copy] = [before.get(file), after.get(file)]
    if (copy === undefined) failures.push({ file, reason: 'has no copy after the refresh' })
    else if (old === undefined || copy.recid !== old.recid) {
      // RMAN gives the copy a new record also when it moves forward by a merge.
      if (watch.merged.has(file) && !watch.level0.has(file)) merged.push(file)
      else if (watch.level0.has(file) || old === undefined) created.push(file)
      else failures.push({ file, reason: 'got a new copy that the output does not explain' })
    } else if (watch.merged.has(file)) {
      if (copy.checkpointScn < old.checkpointScn) failures.push({ file, reason: `went back to checkpoint ${String(copy.checkpointScn)}` })
      else merged.push(file)
    } else if (watch.skipped.has(file) || ((enabled !== 'READ WRITE' || status === 'OFFLINE') && copy.checkpointScn >= checkpointScn)) skipped.push(file)
    else failures.push({ file, reason: `was neither merged nor copied nor skipped (copy at ${String(copy.checkpointScn)}, file at ${String(checkpointScn)})` })
  }
  const [first] = failures
  if (first !== undefined) {
    throw backupErrors.REFRESH_INCOMPLETE(`the refresh did not cover ${String(failures.length)} datafiles (datafile ${String(first.file)} ${first.reason})`, { hint: 'The snapshot before this refresh is whole; see the log of this run.', details: { failures } })
  }
  return { merged, created, skipped, alarms: created.filter((file) => before.has(file)) }
}
