import type { Host } from '../host/host.ts'
import { type FileHeader, NO_DBID, blockSizeOf } from '../storage/file-header.ts'
import { Datafile } from '../storage/datafile.ts'
import type { ControlFileData, DatafileRecord } from './records.ts'
import { asmCause } from './os-error.ts'
import { type OraError, ora } from './ora-error.ts'

/** `ORA-01110: data file 1: '/u01/x.dbf'` for the end of a stack. */
export const named = (record: { readonly file: number; readonly name: string }): readonly [number, string] => [1110, `data file ${record.file}: '${record.name}'`]

/**
 * Whether the file is the one that the control file means: same database, same creation, whole.
 * @returns the reason as a stack of ORA-01122 and its cause, or undefined
 */
export function verifyHeader(header: FileHeader, record: DatafileRecord, data: ControlFileData, size: number): OraError | undefined {
  const failed = (number: number, text: string): OraError => ora(1122, `database file ${record.file} failed verification check`, named(record), [number, text])
  // A file that DUPLICATE took from its database belongs to the next that has a control file made for it.
  if (header.dbid !== data.dbid && (header.dbid !== NO_DBID || data.type !== 'CREATED')) return failed(1206, 'file is not part of this database - wrong database id')
  if (header.file !== record.file) return failed(1204, `file number is ${header.file} rather than ${record.file} - wrong file`)
  if (header.creationScn !== record.creationScn) return failed(1203, 'wrong incarnation of this file - wrong creation SCN')
  const own = data.incarnations.find((i) => i.resetlogsScn === header.resetlogsScn && i.resetlogsId === header.resetlogsId)
  if (own?.status === 'ORPHAN') return ora(19909, `datafile ${record.file} belongs to an orphan incarnation`, named(record))
  if (own === undefined) return failed(1190, 'control file or data file is from before the last RESETLOGS')
  const blocks = Math.floor(size / blockSizeOf(header)) - 1
  // A file from before it grew is as long as it says itself; redo makes it longer.
  const right = header.checkpointScn < record.checkpointScn ? header.blocks : Math.max(header.blocks, record.blocks)
  if (blocks < right) return failed(1200, `actual file size of ${blocks} is smaller than correct size of ${right} blocks`)
  return undefined
}

/** Whether a file went past the point where the database left its incarnation: the redo of that way is not this database's. */
export function leftThePath(header: FileHeader, data: ControlFileData): boolean {
  const next = data.incarnations.filter((i) => i.status !== 'ORPHAN' && i.resetlogsScn > header.resetlogsScn).sort((a, b) => (a.resetlogsScn < b.resetlogsScn ? -1 : 1))[0]
  return next !== undefined && header.checkpointScn > next.resetlogsScn
}

/** Opens the file of a record and reads its header; an error is that of V$DATAFILE_HEADER. */
export async function inspectFile(host: Host, record: DatafileRecord, data: ControlFileData): Promise<{ readonly header: FileHeader } | { readonly header: undefined; readonly shown: string; readonly error: OraError }> {
  let datafile: Datafile | undefined
  // As the file is looked at it may grow: it is never shorter than what is known before.
  const known = { ...record }
  try {
    datafile = await Datafile.open(host.real(record.name), 'r')
  } catch (error) {
    return { header: undefined, shown: 'FILE NOT FOUND', error: ora(1157, `cannot identify/lock data file ${record.file} - see DBWR trace file`, named(record), ...asmCause(record.name, error)) }
  }
  if (datafile === undefined) {
    return { header: undefined, shown: 'CORRUPT HEADER', error: ora(1122, `database file ${record.file} failed verification check`, named(record), [1210, 'data file header is media corrupt']) }
  }
  const size = await datafile.size()
  await datafile.close()
  const error = verifyHeader(datafile.header, known, data, size)
  return error === undefined ? { header: datafile.header } : { header: undefined, shown: 'WRONG FILE', error }
}

/** Files that must agree for the database to be open: online and not closed for good at an earlier SCN. */
export function needsRecoveryTo(record: DatafileRecord): 'end' | 'stop-scn' | 'never' {
  if (record.status === 'OFFLINE' || record.status === 'RECOVER') return 'never'
  return record.stopScn !== null ? 'stop-scn' : 'end'
}
