import { randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { compatibleOf } from '../host/release.ts'
import { stampOf } from '../host/local-time.ts'
import { blockType, formatBlock, sealBlock } from '../storage/block.ts'
import { writeControlFile } from '../storage/control-file.ts'
import { createFile } from '../storage/file-io.ts'
import { REDO_START, writeRedoHeader } from '../storage/redo-log.ts'
import { appendRow, encodeRow, freeBytes, writeRows } from './block-rows.ts'
import { DICTIONARY_OBJECT, PROPERTIES_OBJECT, SMON_OBJECT } from './objects.ts'
import { History } from './history.ts'
import type { RowValue } from './instance-api.ts'
import { systemName } from './asm-names.ts'
import { omfId } from './omf.ts'
import { writeSpfile } from './parameter-file.ts'
import { SEED, newPdb } from './containers.ts'
import { compareReleases } from './mount.ts'
import type { ControlFileData, DatafileRecord, PdbRecord } from './records.ts'
import { firstFreeBlock, mapBlockOf, mapsOf, setOwner } from './space-map.ts'
import { createDatafile, creationHeader, newDatafileRecord } from './structure.ts'
import { SMON_COLUMNS } from './system-monitor.ts'

export interface DatabaseSpec {
  readonly host: Host
  readonly dbName: string
  readonly uniqueName: string
  /** The instances that will open it, the first one on `host`; several make a cluster database with a redo thread each. */
  readonly sids: readonly [string, ...string[]]
  /** Megabytes. */
  readonly sizes: { readonly system: number; readonly sysaux: number; readonly undo: number; readonly users: number; readonly redo: number }
  readonly redoGroups: number
  /** PDBs of a CDB, beside its seed; undefined: no CDB. */
  readonly pdbs?: readonly string[] | undefined
  /** Disk groups for its files and for its recovery area; undefined: the host's file systems. */
  readonly diskGroups?: { readonly data: string; readonly recovery: string } | undefined
  /** Further parameters for the spfile. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Where a cluster database has its server parameter file without ASM. */
export const clusterSpfile = (uniqueName: string): string => `/u01/app/oracle/oradata/${uniqueName.toUpperCase()}/spfile${uniqueName}.ora`

const MB = 1024 * 1024
const CREATION_SCN = 1594143n

/** What {@link createDatabase} made. */
export interface MadeDatabase {
  readonly dbid: number
  /** Where the server parameter file is, when instances need a text file in their homes that leads to it. */
  readonly spfile: string | undefined
}

/** CREATE DATABASE: files, dictionary, control files and spfile of a database that was shut down cleanly. */
export async function createDatabase(spec: DatabaseSpec): Promise<MadeDatabase> {
  const { host } = spec
  const [sid] = spec.sids
  const cluster = spec.sids.length > 1
  const base = '/u01/app/oracle'
  const place = `${base}/oradata/${spec.uniqueName.toUpperCase()}`
  const recovery = `${base}/fast_recovery_area/${spec.uniqueName.toUpperCase()}`
  const groups = spec.diskGroups
  /** In a disk group where the database has one, else below a directory. */
  const nameOf = (where: 'data' | 'recovery', file: { readonly type: string; readonly tag: string; readonly guid?: string | undefined }, otherwise: string): string => (groups === undefined ? otherwise : systemName(host, { group: groups[where], uniqueName: spec.uniqueName, ...file }))
  const now = host.now()
  const dbid = randomInt(1_000_000_000, 4_294_967_295)
  const resetlogsId = stampOf(now, host.timeZone)
  const resetlogsScn = CREATION_SCN - 1n
  const directories = groups === undefined ? [`${place}/datafile`, `${place}/onlinelog`, `${place}/controlfile`, `${recovery}/controlfile`, `${recovery}/onlinelog`] : []
  for (const directory of [...directories, `${base}/admin/${spec.uniqueName}/adump`]) await mkdir(host.real(directory), { recursive: true })
  const current = { type: 'CONTROLFILE', tag: 'current' }
  const controlFiles = [nameOf('data', current, `${place}/controlfile/o1_mf_${omfId()}_.ctl`), nameOf('recovery', current, `${recovery}/controlfile/o1_mf_${omfId()}_.ctl`)]
  const data: ControlFileData = {
    type: 'CURRENT', dbid, name: spec.dbName, created: now, release: host.lab.release, compatible: compatibleOf(host.lab.release), resetlogsScn, resetlogsId, resetlogsTime: now, checkpointScn: CREATION_SCN,
    checkpointTime: now, sequence: 1, logMode: 'ARCHIVELOG', forceLogging: false, flashbackOn: false, openMode: null, cleanShutdown: true, bct: { status: 'DISABLED', filename: null, bytes: 0 },
    datafiles: [], tempfiles: [], threads: spec.sids.map((instance, i) => ({ thread: i + 1, status: 'CLOSED' as const, enabled: 'PUBLIC' as const, instance, currentGroup: i * spec.redoGroups + 1, sequence: 1, checkpointScn: CREATION_SCN })), logGroups: [], logHistory: [],
    archivedLogs: [], datafileCopies: [], backupSets: [], backupPieces: [], backupDatafiles: [], backupRedologs: [], corruptions: [], rmanConfiguration: [], rmanStatus: [],
    incarnations: [{ incarnation: 1, resetlogsScn, resetlogsId, resetlogsTime: now, status: 'CURRENT' }], flashbackLogs: [], recoveredToScn: null, recids: {},
  }
  const history = new History()
  await history.open(host.labDir, dbid, resetlogsId)
  const cdb = spec.pdbs !== undefined
  const pdbs: PdbRecord[] = spec.pdbs === undefined ? [] : ['PDB$SEED', ...spec.pdbs.map((name) => name.toUpperCase())].map((name, i) => ({ ...newPdb(name, SEED + i), createScn: CREATION_SCN - 10n, created: now, savedState: i === 0 ? null : 'READ WRITE' }))
  if (cdb) data.pdbs = pdbs
  const localUndo = compareReleases(host.lab.release, '12.2') >= 0
  const containers: readonly (PdbRecord | undefined)[] = [undefined, ...pdbs]
  for (const [i, { tablespace, megabytes, number, pdb }] of containers.flatMap((container) => filesOf(container, spec.sizes, { localUndo, threads: spec.sids.length })).entries()) {
    const directory = pdb === undefined ? `${place}/datafile` : `${place}/${pdb.guid}/datafile`
    const name = nameOf('data', { type: 'DATAFILE', tag: tablespace, guid: pdb?.guid }, `${directory}/o1_mf_${tablespace.toLowerCase()}_${omfId()}_.dbf`)
    await mkdir(path.dirname(host.real(name)), { recursive: true })
    const operation = { op: 'create-file' as const, file: i + 1, name, tablespace, tablespaceNumber: number, blocks: Math.floor((megabytes * MB) / 8192), creationScn: BigInt(7 + i * 900), creationTime: now, ...(cdb ? { conId: pdb?.conId ?? 1 } : {}) }
    const atRest = pdb?.savedState === null ? { stopScn: CREATION_SCN } : {}
    const record: DatafileRecord = { ...newDatafileRecord(operation, name), checkpointScn: CREATION_SCN, checkpointTime: now, ...atRest }
    data.datafiles.push(record)
    await writeInitialFile(host, data, record, history)
  }
  for (const [i, pdb] of containers.entries()) {
    const temp = nameOf('data', { type: 'TEMPFILE', tag: 'temp', guid: pdb?.guid }, `${place}/${pdb === undefined ? '' : `${pdb.guid}/`}datafile/o1_mf_temp_${omfId()}_.tmp`)
    const megabytes = pdb === undefined ? 2 : 1
    const tempHandle = await createFile(host.real(temp), { parents: true })
    await tempHandle.truncate(megabytes * MB + 8192)
    await tempHandle.close()
    data.tempfiles.push({ file: i + 1, name: temp, tablespace: 'TEMP', blocks: (megabytes * MB) / 8192, ...(cdb ? { conId: pdb?.conId ?? 1 } : {}) })
  }
  for (let group = 1; group <= spec.redoGroups * spec.sids.length; group += 1) {
    const thread = Math.ceil(group / spec.redoGroups)
    const first = group % spec.redoGroups === 1
    const file = { type: 'ONLINELOG', tag: `group_${String(group)}` }
    // With disk groups a member in each of them, as DBCA has it.
    const members = [nameOf('data', file, `${place}/onlinelog/o1_mf_${group}_${omfId()}_.log`), ...(groups === undefined ? [] : [nameOf('recovery', file, '')])]
    for (const member of members) {
      const handle = await createFile(host.real(member), { parents: true })
      await handle.truncate(spec.sizes.redo * MB)
      if (first) {
        await writeRedoHeader(handle, { dbid, dbName: spec.dbName, thread, sequence: 1, resetlogsScn, resetlogsId, firstScn: CREATION_SCN, firstTime: now, nextScn: null, nextTime: null, bytes: REDO_START })
      }
      await handle.close()
    }
    data.logGroups.push({
      group, thread, members, sizeBytes: spec.sizes.redo * MB, sequence: first ? 1 : 0, firstScn: first ? CREATION_SCN : 0n, firstTime: now, nextScn: null,
      status: first ? 'CURRENT' : 'UNUSED', archived: !first,
    })
  }
  for (const file of controlFiles) {
    await mkdir(path.dirname(host.real(file)), { recursive: true })
    await writeControlFile(host.real(file), data, { create: true })
  }
  await history.close()
  const settings = new Map(Object.entries({
    audit_file_dest: `${base}/admin/${spec.uniqueName}/adump`, compatible: compatibleOf(host.lab.release), control_files: controlFiles.join(', '), db_block_size: '8192', db_create_file_dest: groups === undefined ? `${base}/oradata` : `+${groups.data}`, db_name: spec.dbName,
    db_recovery_file_dest: groups === undefined ? `${base}/fast_recovery_area` : `+${groups.recovery}`, db_recovery_file_dest_size: '4G', db_unique_name: spec.uniqueName, diagnostic_dest: base, open_cursors: '300', pga_aggregate_target: '100M', processes: '300',
    remote_login_passwordfile: 'EXCLUSIVE', sga_target: '300M', undo_tablespace: 'UNDOTBS1', ...(cdb ? { enable_pluggable_database: 'TRUE' } : {}), ...spec.parameters,
  }))
  const dbs = path.join(host.home, 'dbs')
  await mkdir(dbs, { recursive: true })
  if (!cluster && groups === undefined) {
    await writeSpfile(path.join(dbs, `spfile${sid}.ora`), settings)
    return { dbid, spfile: undefined }
  }
  // One server parameter file on the shared disks; each home has a text file that leads to it.
  const spfile = nameOf('data', { type: 'PARAMETERFILE', tag: 'spfile' }, clusterSpfile(spec.uniqueName))
  await mkdir(path.dirname(host.real(spfile)), { recursive: true })
  if (!cluster) {
    await writeSpfile(host.real(spfile), settings)
    return { dbid, spfile }
  }
  settings.delete('undo_tablespace')
  for (const [i, name] of spec.sids.entries()) for (const [key, value] of Object.entries({ instance_number: i + 1, thread: i + 1, undo_tablespace: `UNDOTBS${i + 1}`, instance_name: name })) settings.set(`${name}.${key}`, String(value))
  settings.set('cluster_database', 'TRUE')
  await writeSpfile(host.real(spfile), settings)
  return { dbid, spfile }
}

/** The tablespaces of the root (or of the whole database), or of a PDB, with their sizes and numbers. */
function filesOf(pdb: PdbRecord | undefined, sizes: DatabaseSpec['sizes'], { localUndo, threads }: { readonly localUndo: boolean; readonly threads: number }): readonly { readonly tablespace: string; readonly megabytes: number; readonly number: number; readonly pdb: PdbRecord | undefined }[] {
  const small = (megabytes: number): number => (pdb === undefined ? megabytes : Math.min(1, megabytes))
  return [
    { tablespace: 'SYSTEM', megabytes: small(sizes.system), number: 0, pdb }, { tablespace: 'SYSAUX', megabytes: small(sizes.sysaux), number: 1, pdb },
    ...(pdb === undefined || localUndo ? [{ tablespace: 'UNDOTBS1', megabytes: small(sizes.undo), number: 2, pdb }] : []),
    ...(pdb === undefined ? Array.from({ length: threads - 1 }, (_, i) => ({ tablespace: `UNDOTBS${i + 2}`, megabytes: sizes.undo, number: i + 5, pdb })) : []),
    ...(pdb?.conId === SEED ? [] : [{ tablespace: 'USERS', megabytes: pdb === undefined ? sizes.users : Math.min(2, sizes.users), number: 4, pdb }]),
  ]
}

async function writeInitialFile(host: Host, data: ControlFileData, record: DatafileRecord, history: History): Promise<void> {
  const header = creationHeader(data, record)
  const datafile = await createDatafile(host.real(record.name), header, false)
  const blocks = initialBlocks(record)
  const maps = new Map<number, Buffer>()
  for (const map of mapsOf(record)) maps.set(map, formatBlock(record.file, map, blockType.map, 0))
  for (const [block, buffer] of blocks) {
    const map = maps.get(mapBlockOf(record, block))
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
  let next = firstFreeBlock(record)
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
      ...((record.conId ?? 1) > 1 ? [] : [[SMON_OBJECT, null, 'SYS', 'SMON_SCN_TIME', 'SYSAUX', columns(SMON_COLUMNS)]]),
      [PROPERTIES_OBJECT, null, 'SYS', 'PROPS$', 'SYSTEM', columns([{ name: 'NAME', type: 'VARCHAR2' }, { name: 'VALUE$', type: 'VARCHAR2' }])],
    ])
    add(blockType.data, PROPERTIES_OBJECT, properties)
  }
  const inPdb = (record.conId ?? 1) > 1
  const filler = record.tablespace === 'SYSTEM' ? (inPdb ? 20 : 90) : record.tablespace === 'SYSAUX' ? (inPdb ? 10 : 60) : 0
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
