import { randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { stampOf } from '../host/local-time.ts'
import { blockType, formatBlock, sealBlock } from '../storage/block.ts'
import { writeControlFile } from '../storage/control-file.ts'
import { createFile } from '../storage/file-io.ts'
import { REDO_START, writeRedoHeader } from '../storage/redo-log.ts'
import { appendRow, encodeRow, freeBytes, writeRows } from './block-rows.ts'
import { DICTIONARY_OBJECT, PROPERTIES_OBJECT, SMON_OBJECT } from './objects.ts'
import { History } from './history.ts'
import type { RowValue } from './instance-api.ts'
import { omfId } from './omf.ts'
import { writeSpfile } from './parameter-file.ts'
import type { ControlFileData, DatafileRecord } from './records.ts'
import { firstFreeBlock, mapBlockOf, mapBlocks, setOwner } from './space-map.ts'
import { createDatafile, creationHeader, newDatafileRecord } from './structure.ts'
import { SMON_COLUMNS } from './system-monitor.ts'

export interface DatabaseSpec {
  readonly host: Host
  readonly dbName: string
  readonly uniqueName: string
  readonly sid: string
  /** Megabytes. */
  readonly sizes: { readonly system: number; readonly sysaux: number; readonly undo: number; readonly users: number; readonly redo: number }
  readonly redoGroups: number
  /** Further parameters for the spfile. */
  readonly parameters: Readonly<Record<string, string>>
}

const MB = 1024 * 1024
const CREATION_SCN = 1594143n

/** CREATE DATABASE: files, dictionary, control files and spfile of a database that was shut down cleanly. Returns its DBID. */
export async function createDatabase(spec: DatabaseSpec): Promise<number> {
  const { host, sid } = spec
  const base = '/u01/app/oracle'
  const place = `${base}/oradata/${spec.uniqueName.toUpperCase()}`
  const recovery = `${base}/fast_recovery_area/${spec.uniqueName.toUpperCase()}`
  const now = host.now()
  const dbid = randomInt(1_000_000_000, 4_294_967_295)
  const resetlogsId = stampOf(now, host.timeZone)
  const resetlogsScn = CREATION_SCN - 1n
  for (const directory of [`${place}/datafile`, `${place}/onlinelog`, `${place}/controlfile`, `${recovery}/controlfile`, `${recovery}/onlinelog`, `${base}/admin/${spec.uniqueName}/adump`]) {
    await mkdir(host.real(directory), { recursive: true })
  }
  const controlFiles = [`${place}/controlfile/o1_mf_${omfId()}_.ctl`, `${recovery}/controlfile/o1_mf_${omfId()}_.ctl`]
  const data: ControlFileData = {
    type: 'CURRENT', dbid, name: spec.dbName, created: now, release: host.lab.release, compatible: host.lab.release, resetlogsScn, resetlogsId, resetlogsTime: now, checkpointScn: CREATION_SCN,
    checkpointTime: now, sequence: 1, logMode: 'ARCHIVELOG', forceLogging: false, flashbackOn: false, openMode: null, cleanShutdown: true, bct: { status: 'DISABLED', filename: null, bytes: 0 },
    datafiles: [], tempfiles: [], threads: [{ thread: 1, status: 'CLOSED', enabled: 'PUBLIC', instance: sid, currentGroup: 1, sequence: 1, checkpointScn: CREATION_SCN }], logGroups: [], logHistory: [],
    archivedLogs: [], datafileCopies: [], backupSets: [], backupPieces: [], backupDatafiles: [], corruptions: [], rmanConfiguration: [], rmanStatus: [],
    incarnations: [{ incarnation: 1, resetlogsScn, resetlogsId, resetlogsTime: now, status: 'CURRENT' }], flashbackLogs: [], recoveredToScn: null, recids: {},
  }
  const history = new History()
  await history.open(host.labDir, dbid, resetlogsId)
  const tablespaces = [['SYSTEM', spec.sizes.system], ['SYSAUX', spec.sizes.sysaux], ['UNDOTBS1', spec.sizes.undo], ['USERS', spec.sizes.users]] as const
  for (const [i, [tablespace, megabytes]] of tablespaces.entries()) {
    const name = `${place}/datafile/o1_mf_${tablespace.toLowerCase()}_${omfId()}_.dbf`
    const operation = { op: 'create-file' as const, file: i + 1, name, tablespace, tablespaceNumber: i < 3 ? i : i + 1, blocks: Math.floor((megabytes * MB) / 8192), creationScn: BigInt(7 + i * 900), creationTime: now }
    const record: DatafileRecord = { ...newDatafileRecord(operation, name), checkpointScn: CREATION_SCN, checkpointTime: now }
    data.datafiles.push(record)
    await writeInitialFile(host, data, record, history)
  }
  const temp = `${place}/datafile/o1_mf_temp_${omfId()}_.tmp`
  const tempHandle = await createFile(host.real(temp))
  await tempHandle.truncate(2 * MB + 8192)
  await tempHandle.close()
  data.tempfiles.push({ file: 1, name: temp, tablespace: 'TEMP', blocks: (2 * MB) / 8192 })
  for (let group = 1; group <= spec.redoGroups; group += 1) {
    const member = `${place}/onlinelog/o1_mf_${group}_${omfId()}_.log`
    const handle = await createFile(host.real(member))
    await handle.truncate(spec.sizes.redo * MB)
    if (group === 1) {
      await writeRedoHeader(handle, { dbid, dbName: spec.dbName, thread: 1, sequence: 1, resetlogsScn, resetlogsId, firstScn: CREATION_SCN, firstTime: now, nextScn: null, nextTime: null, bytes: REDO_START })
    }
    await handle.close()
    data.logGroups.push({
      group, thread: 1, members: [member], sizeBytes: spec.sizes.redo * MB, sequence: group === 1 ? 1 : 0, firstScn: group === 1 ? CREATION_SCN : 0n, firstTime: now, nextScn: null,
      status: group === 1 ? 'CURRENT' : 'UNUSED', archived: group !== 1,
    })
  }
  for (const file of controlFiles) await writeControlFile(host.real(file), data, { create: true })
  await history.close()
  const settings = new Map(Object.entries({
    audit_file_dest: `${base}/admin/${spec.uniqueName}/adump`, compatible: host.lab.release, control_files: controlFiles.join(', '), db_block_size: '8192', db_create_file_dest: `${base}/oradata`, db_name: spec.dbName,
    db_recovery_file_dest: `${base}/fast_recovery_area`, db_recovery_file_dest_size: '4G', db_unique_name: spec.uniqueName, diagnostic_dest: base, open_cursors: '300', pga_aggregate_target: '100M', processes: '300',
    remote_login_passwordfile: 'EXCLUSIVE', sga_target: '300M', undo_tablespace: 'UNDOTBS1', ...spec.parameters,
  }))
  const dbs = path.join(host.home, 'dbs')
  await mkdir(dbs, { recursive: true })
  await writeSpfile(path.join(dbs, `spfile${sid}.ora`), settings)
  return dbid
}

async function writeInitialFile(host: Host, data: ControlFileData, record: DatafileRecord, history: History): Promise<void> {
  const header = creationHeader(data, record)
  const datafile = await createDatafile(host.real(record.name), header, false)
  const blocks = initialBlocks(record)
  const maps = new Map<number, Buffer>()
  for (let map = 2; map < 2 + mapBlocks(record.blocks); map += 1) maps.set(map, formatBlock(record.file, map, blockType.map, 0))
  for (const [block, buffer] of blocks) {
    const map = maps.get(mapBlockOf(block))
    if (map !== undefined) setOwner(map, block, buffer.readUInt32LE(24))
  }
  // In the order of blocks, all as of the creation of the database: redo before that is never needed.
  for (const [block, buffer] of [...maps, ...blocks]) {
    await datafile.writeBlocks(block, sealBlock(buffer, record.creationScn))
    history.note(record.creationScn, record.file, block, buffer)
  }
  await history.write()
  await datafile.writeHeader({ ...header, checkpointScn: CREATION_SCN, checkpointTime: record.checkpointTime })
  await datafile.close()
}

/** Dictionary rows in SYSTEM; filler tables and their indexes make SYSTEM and SYSAUX look used. */
function initialBlocks(record: DatafileRecord): Map<number, Buffer> {
  const blocks = new Map<number, Buffer>()
  let next = firstFreeBlock(record.blocks)
  const add = (type: number, objectId: number, rows: readonly (readonly RowValue[])[]): void => {
    const buffer = formatBlock(record.file, next, type, objectId)
    const left = writeRows(buffer, rows)
    if (left.length > 0) throw new Error('initial rows do not fit')
    blocks.set(next, buffer)
    next += 1
  }
  if (record.tablespace === 'SYSTEM') {
    const columns = (list: readonly { readonly name: string; readonly type: string }[]): string => JSON.stringify(list)
    const properties = [['DICT.BASE', '2'], ['DEFAULT_TEMP_TABLESPACE', 'TEMP'], ['DEFAULT_PERMANENT_TABLESPACE', 'USERS'], ['DBTIMEZONE', '00:00'], ['NLS_CHARACTERSET', 'AL32UTF8']]
    add(blockType.data, DICTIONARY_OBJECT, [
      [SMON_OBJECT, null, 'SYS', 'SMON_SCN_TIME', 'SYSAUX', columns(SMON_COLUMNS)],
      [PROPERTIES_OBJECT, null, 'SYS', 'PROPS$', 'SYSTEM', columns([{ name: 'NAME', type: 'VARCHAR2' }, { name: 'VALUE$', type: 'VARCHAR2' }])],
    ])
    add(blockType.data, PROPERTIES_OBJECT, properties)
  }
  const filler = record.tablespace === 'SYSTEM' ? 90 : record.tablespace === 'SYSAUX' ? 60 : 0
  for (let i = 0; i < filler; i += 1) {
    const index = i % 3 === 2
    const objectId = index ? 12 : 11
    const buffer = formatBlock(record.file, next, index ? blockType.index : blockType.data, objectId)
    writeRows(buffer, [])
    for (let row = 0; ; row += 1) {
      const bytes = encodeRow([i * 1000 + row, index ? record.file : `${record.tablespace} source line ${i}.${row}`])
      if (freeBytes(buffer) < bytes.length + 200) break
      appendRow(buffer, bytes)
    }
    blocks.set(next, buffer)
    next += 1
  }
  return blocks
}
