import type { DatafileCopyRow, DatafileRow } from '@icb/oracle'

type Copy = Pick<DatafileCopyRow, 'checkpointScn'>
type Datafile = Pick<DatafileRow, 'file' | 'name' | 'unrecoverableScn' | 'unrecoverableTime'>

/**
 * What was written without redo since the copies were refreshed (NOLOGGING, direct path): a restore from these copies to later than
 * that leaves those blocks corrupt, and no archived log helps. The next refresh reads them. `undefined`: nothing.
 */
export function unloggedSince(datafiles: readonly Datafile[], copies: ReadonlyMap<number, Copy>): string | undefined {
  const found = datafiles.filter(({ file, unrecoverableScn }) => {
    const copy = copies.get(file)
    return copy !== undefined && unrecoverableScn > copy.checkpointScn
  })
  if (found.length === 0) return undefined
  const each = found.slice(0, 5).map(({ file, unrecoverableScn, unrecoverableTime }) => `datafile ${String(file)} at SCN ${String(unrecoverableScn)}${unrecoverableTime === null ? '' : ` (${unrecoverableTime})`}`)
  return `changed without redo since the copies were refreshed: ${each.join(', ')}${found.length > 5 ? ` and ${String(found.length - 5)} more` : ''}; a restore of this point to later than that has these blocks corrupt`
}
