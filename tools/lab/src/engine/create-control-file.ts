import { randomInt } from 'node:crypto'
import { access } from 'node:fs/promises'
import { timeOfStamp } from '../host/local-time.ts'
import { writeControlFile } from '../storage/control-file.ts'
import { Datafile } from '../storage/datafile.ts'
import { type FileHeader, NO_DBID, blockSizeOf } from '../storage/file-header.ts'
import type { ControlFileSpec } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { newFileName, omfName } from './omf.ts'
import { OraError, linesOf, ora } from './ora-error.ts'
import { createFailed, readError } from './os-error.ts'
import type { ControlFileData, DatafileRecord } from './records.ts'

interface Found {
  readonly name: string
  readonly header: FileHeader
}

const failed = (...below: readonly (readonly [number, string])[]): OraError => ora(1503, 'CREATE CONTROLFILE failed', ...below)

/**
 * Makes the control files of a database out of the headers of its datafiles, for OPEN RESETLOGS. What only a control file knew is lost: backups,
 * archived logs, tempfiles, RMAN's configuration. Where the headers name no DBID, the database gets a new one.
 * @throws OraError 01503 over 01504 (not DB_NAME), 01565 and 01160 (no datafile), 01161 (another name), 01159 (another database), 01167 (one file
 * twice), 01173 (no SYSTEM), 00200 with 00202 and 27038 (there already); 03001 for a container database
 */
export async function createControlFile(kernel: Kernel, spec: ControlFileSpec): Promise<void> {
  const { parameters, host, control } = kernel
  const name = parameters.get('db_name').toUpperCase()
  if (spec.name.toUpperCase() !== name) throw failed([1504, `database name '${spec.name}' does not match parameter db_name '${name}'`])
  if (parameters.get('enable_pluggable_database').toUpperCase() === 'TRUE') throw ora(3001, 'unimplemented feature')
  const files = await headersOf(kernel, spec)
  const [places, data] = [control.paths, build(kernel, spec, files)]
  for (const place of places) {
    const there = await access(host.real(place)).then(() => true, () => false)
    if (there && !spec.reuse) throw failed([200, 'control file could not be created'], [202, `control file: '${place}'`], [27038, 'created file already exists'])
  }
  for (const place of places) {
    try {
      await writeControlFile(host.real(place), data, { create: true, sync: host.lab.fsync })
    } catch (error) {
      throw failed([200, 'control file could not be created'], [202, `control file: '${place}'`], ...linesOf(createFailed(place, error)).slice(1))
    }
  }
}

async function headersOf(kernel: Kernel, spec: ControlFileSpec): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const name of spec.datafiles) {
    const header = await readHeader(kernel, name)
    const first = found[0]?.header
    if (!spec.rename && header.dbName.toUpperCase() !== spec.name.toUpperCase()) throw failed([1161, `database name ${header.dbName.toUpperCase()} in file header does not match given name of ${spec.name.toUpperCase()}`], [1110, `data file ${header.file}: '${name}'`])
    if (first !== undefined && header.dbid !== first.dbid) throw failed([1159, 'file is not from same database as previous files - wrong database id'], [1110, `data file ${header.file}: '${name}'`])
    const twice = found.find((other) => other.header.file === header.file)
    if (twice !== undefined) throw failed([1167, 'two files are the same file/group number or the same file'], [1110, `data file ${header.file}: '${twice.name}'`], [1110, `data file ${header.file}: '${name}'`])
    found.push({ name, header })
  }
  if (!found.some(({ header }) => header.file === 1)) throw failed([1173, 'data dictionary indicates missing data file from system tablespace'])
  return found.sort((a, b) => a.header.file - b.header.file)
}

async function readHeader({ host }: Kernel, name: string): Promise<FileHeader> {
  let datafile: Datafile | undefined
  try {
    datafile = await Datafile.open(host.real(name), 'r')
  } catch (error) {
    const cause = readError(error, name)
    throw failed([1565, `error in identifying file '${name}'`], ...(cause instanceof OraError ? linesOf(cause).slice(1) : []))
  }
  if (datafile === undefined) throw failed([1160, 'file is not a data file'], [1110, `data file : '${name}'`])
  await datafile.close()
  return datafile.header
}

function build(kernel: Kernel, spec: ControlFileSpec, files: readonly Found[]): ControlFileData {
  const { host, parameters, sid } = kernel
  const now = host.now()
  const newest = files.reduce((high, { header }) => (header.checkpointScn > high.checkpointScn ? header : high), files[0]?.header as FileHeader)
  const { resetlogsScn, resetlogsId } = files[0]?.header as FileHeader
  const resetlogsTime = timeOfStamp(resetlogsId, host.timeZone)
  const logGroups = spec.logGroups.map(({ group, members, bytes }) => ({
    group, thread: 1, members: members.length === 0 ? [omfName(parameters, 'onlinelog', String(group))] : members.map((member) => newFileName(parameters, member, 'onlinelog', String(group))), sizeBytes: bytes,
    sequence: 0, firstScn: 0n, firstTime: now, nextScn: null, status: 'UNUSED' as const, archived: true,
  }))
  return {
    type: 'CREATED', dbid: newest.dbid === NO_DBID ? randomInt(1_000_000_000, 4_294_967_295) : newest.dbid, name: spec.name.toUpperCase() === newest.dbName.toUpperCase() ? newest.dbName : spec.name, created: now, release: host.lab.release, compatible: parameters.get('compatible'),
    resetlogsScn, resetlogsId, resetlogsTime, checkpointScn: newest.checkpointScn, checkpointTime: newest.checkpointTime, sequence: 1, logMode: spec.archivelog ? 'ARCHIVELOG' : 'NOARCHIVELOG', forceLogging: spec.forceLogging, flashbackOn: false,
    // Oracle reads this one in the dictionary.
    ...(parameters.get('max_string_size').toUpperCase() === 'EXTENDED' ? { maxStringSize: 'EXTENDED' as const } : {}),
    openMode: null, cleanShutdown: true, bct: { status: 'DISABLED', filename: null, bytes: 0 }, datafiles: files.map(recordOf), tempfiles: [],
    threads: [{ thread: 1, status: 'CLOSED', enabled: 'PUBLIC', instance: sid, currentGroup: logGroups[0]?.group ?? 1, sequence: 0, checkpointScn: newest.checkpointScn }], logGroups, logHistory: [], archivedLogs: [], datafileCopies: [], backupSets: [], backupPieces: [],
    backupDatafiles: [], backupRedologs: [], corruptions: [], rmanConfiguration: [], rmanStatus: [], incarnations: [{ incarnation: 1, resetlogsScn, resetlogsId, resetlogsTime, status: 'CURRENT' }], flashbackLogs: [], recoveredToScn: null, recids: {},
  }
}

function recordOf({ name, header }: Found): DatafileRecord {
  const { file, tablespace, tablespaceNumber, blocks, creationScn, creationTime, checkpointScn, checkpointTime, encryption, createdBlocks, autoextend } = header
  return {
    file, name, tablespace, tablespaceNumber, blocks, blockSize: blockSizeOf(header), creationScn, creationTime, checkpointScn, checkpointTime, status: tablespace === 'SYSTEM' ? 'SYSTEM' : 'ONLINE', enabled: 'READ WRITE',
    ...(encryption === undefined ? {} : { encryption }), ...(createdBlocks === undefined ? {} : { createdBlocks }), ...(autoextend === undefined ? {} : { autoextend }), stopScn: null, unrecoverableScn: 0n, unrecoverableTime: null,
  }
}

/** What DUPLICATE does before it makes the control file: the datafiles of a mounted copy belong to no database any more. */
export async function zeroDbid({ control, host }: Kernel): Promise<void> {
  for (const { name, file } of control.data.datafiles) {
    const datafile = await Datafile.open(host.real(name), 'r+')
    if (datafile === undefined) throw ora(1122, `database file ${file} failed verification check`, [1110, `data file ${file}: '${name}'`], [1210, 'data file header is media corrupt'])
    try {
      await datafile.writeHeader({ ...datafile.header, dbid: NO_DBID })
    } finally {
      await datafile.close()
    }
  }
}

