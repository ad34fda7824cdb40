import type { DatafileCopyRow, DatafileRow } from '@icb/oracle'

export interface CopyWindow {
  /** Lowest checkpoint of a copy that needs recovery: the redo chain starts here. */
  readonly redoFrom: bigint
  /** Highest SCN in any block of any copy: restorable from here. */
  readonly minScn: bigint
}

type CopyScns = Pick<DatafileCopyRow, 'file' | 'checkpointScn' | 'absoluteFuzzyScn' | 'recoveryFuzzyScn'>
type FileState = Pick<DatafileRow, 'file' | 'enabled' | 'status' | 'lastScn'>

/**
 * The SCN window of a set of copies. A copy of a file that stopped (read only, offline) at or before the copy's checkpoint needs no
 * redo and does not pull `redoFrom` down. `undefined` without copies.
 */
export function windowOfCopies(copies: readonly CopyScns[], datafiles: readonly FileState[]): CopyWindow | undefined {
  if (copies.length === 0) return undefined
  const stopped = new Map(datafiles.filter((d) => d.lastScn !== null && (d.enabled !== 'READ WRITE' || d.status === 'OFFLINE')).map((d) => [d.file, d.lastScn ?? 0n]))
  const recoverable = copies.filter((c) => {
    const stop = stopped.get(c.file)
    return stop === undefined || c.checkpointScn < stop
  })
  const considered = recoverable.length > 0 ? recoverable : copies
  const redoFrom = considered.reduce((low, c) => (c.checkpointScn < low ? c.checkpointScn : low), considered[0]?.checkpointScn ?? 0n)
  const minScn = copies.reduce((high, c) => [c.checkpointScn, highestScn(c)].reduce((a, b) => (b > a ? b : a), high), 0n)
  return { redoFrom, minScn }
}

/** Highest SCN in any block of a copy that was taken while the file was open; 0 when it is not fuzzy. */
export function highestScn(copy: Pick<CopyScns, 'absoluteFuzzyScn' | 'recoveryFuzzyScn'>): bigint {
  const absolute = copy.absoluteFuzzyScn ?? 0n
  const recovery = copy.recoveryFuzzyScn ?? 0n
  return absolute > recovery ? absolute : recovery
}

/** The newest available copy of each datafile that still exists, by file number. */
export function currentCopies<C extends Pick<DatafileCopyRow, 'file' | 'creationScn' | 'status' | 'checkpointScn' | 'recid'>>(copies: readonly C[], datafiles: readonly Pick<DatafileRow, 'file' | 'creationScn'>[]): ReadonlyMap<number, C> {
  const result = new Map<number, C>()
  for (const { file, creationScn } of datafiles) {
    const newest = copies
      .filter((c) => c.file === file && c.creationScn === creationScn && c.status === 'A')
      .reduce<C | undefined>((best, c) => (best === undefined || c.checkpointScn > best.checkpointScn || (c.checkpointScn === best.checkpointScn && c.recid > best.recid) ? c : best), undefined)
    if (newest !== undefined) result.set(file, newest)
  }
  return result
}
