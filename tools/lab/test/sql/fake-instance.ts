import type { ArchiveDestination, HeapTable, Instance, RowValue, ServerSession, TableAlteration, TableChange } from '../../src/engine/instance-api.ts'
import type { ArchivedLogRecord, ControlFileData, DatafileCopyRecord, DatafileRecord } from '../../src/engine/records.ts'
import { ora } from '../../src/engine/ora-error.ts'

/** 2026-03-05 12:30:45.678 UTC, 13:30:45 in Stockholm. */
export const fakeNow: number = Date.UTC(2026, 2, 5, 12, 30, 45, 678)
const hour = 3600000

export interface FakeTable extends HeapTable {
  rows: (readonly RowValue[])[]
}

/** What a test wants to see differently, and what the SQL layer did. */
export interface FakeInstance extends Instance {
  status: Instance['status']
  readonly calls: unknown[][]
  readonly heap: FakeTable[]
  readonly sessions: Map<number, ServerSession>
  readonly parameters: Map<string, { value: string; isDefault: boolean; inSpfile: boolean }>
}

function datafile(file: number, tablespace: string, change: Partial<DatafileRecord> = {}): DatafileRecord {
  return {
    file,
    name: `/u01/oradata/ORCL/datafile/o1_mf_${tablespace.toLowerCase()}_${String(file)}_.dbf`,
    tablespace,
    tablespaceNumber: file - 1,
    blocks: 100,
    blockSize: 8192,
    creationScn: BigInt(7 + file),
    creationTime: fakeNow - 100 * hour,
    checkpointScn: 5000n,
    checkpointTime: fakeNow - hour,
    status: file === 1 ? 'SYSTEM' : 'ONLINE',
    enabled: 'READ WRITE',
    stopScn: null,
    unrecoverableScn: 0n,
    unrecoverableTime: null,
    ...change,
  }
}

export function archivedLog(sequence: number, name: string | null, destId: number, change: Partial<ArchivedLogRecord> = {}): ArchivedLogRecord {
  return {
    recid: sequence * 10 + destId,
    stamp: 900000000 + sequence,
    thread: 1,
    sequence,
    resetlogsScn: 1n,
    resetlogsId: 905892048,
    firstScn: BigInt(4000 + sequence * 10),
    firstTime: fakeNow - (30 - sequence) * hour,
    nextScn: BigInt(4010 + sequence * 10),
    nextTime: fakeNow - (29 - sequence) * hour,
    name,
    destId,
    blocks: 50,
    blockSize: 512,
    creator: 'ARCH',
    archived: true,
    applied: 'NO',
    deleted: name === null,
    status: name === null ? 'D' : 'A',
    completionTime: fakeNow - (29 - sequence) * hour,
    ...change,
  }
}

function copy(file: number, tag: string, change: Partial<DatafileCopyRecord> = {}): DatafileCopyRecord {
  return {
    recid: file,
    stamp: 927412620,
    name: `/nfs/backup/orcl/data_D-ORCL_FNO-${String(file)}`,
    tag,
    file,
    tablespace: 'USERS',
    creationScn: BigInt(7 + file),
    resetlogsScn: 1n,
    incrementalLevel: 0,
    checkpointScn: 4800n,
    checkpointTime: fakeNow - 2 * hour,
    absoluteFuzzyScn: 0n,
    recoveryFuzzyScn: 0n,
    markedCorrupt: 0,
    blocks: 100,
    blockSize: 8192,
    deleted: false,
    status: 'A',
    completionTime: fakeNow - 2 * hour,
    ...change,
  }
}

export function fakeControlFile(): ControlFileData {
  return {
    type: 'CURRENT',
    dbid: 1433672784,
    name: 'ORCL',
    created: fakeNow - 200 * hour,
    release: '12.1.0.2.0',
    compatible: '12.1.0.2.0',
    resetlogsScn: 1n,
    resetlogsId: 905892048,
    resetlogsTime: fakeNow - 200 * hour,
    checkpointScn: 5000n,
    checkpointTime: fakeNow - hour,
    sequence: 77,
    logMode: 'ARCHIVELOG',
    forceLogging: true,
    flashbackOn: false,
    openMode: null,
    cleanShutdown: false,
    bct: { status: 'ENABLED', filename: '/u01/oradata/ORCL/changetracking/o1_mf_x_.chg', bytes: 11599872 },
    datafiles: [datafile(1, 'SYSTEM'), datafile(2, 'SYSAUX'), datafile(3, 'UNDOTBS1'), datafile(4, 'USERS')],
    tempfiles: [{ file: 1, name: '/u01/oradata/ORCL/datafile/o1_mf_temp_1_.tmp', tablespace: 'TEMP', blocks: 128 }],
    threads: [{ thread: 1, status: 'OPEN', enabled: 'PUBLIC', instance: 'orcl', currentGroup: 1, sequence: 23, checkpointScn: 5000n }],
    logGroups: [1, 2, 3].map((group) => ({
      group,
      thread: 1,
      members: [`/u01/oradata/ORCL/onlinelog/o1_mf_${String(group)}_.log`],
      sizeBytes: 1048576,
      sequence: group === 1 ? 23 : 20 + group - 1,
      firstScn: BigInt(4900 + group),
      firstTime: fakeNow - hour,
      nextScn: group === 1 ? null : 4999n,
      status: group === 1 ? ('CURRENT' as const) : ('INACTIVE' as const),
      archived: group !== 1,
    })),
    logHistory: [20, 21, 22].map((sequence) => ({ recid: sequence, thread: 1, sequence, resetlogsScn: 1n, resetlogsId: 905892048, firstScn: BigInt(4000 + sequence * 10), firstTime: fakeNow - 2 * hour, nextScn: BigInt(4010 + sequence * 10), nextTime: fakeNow - hour })),
    archivedLogs: [
      archivedLog(20, '/u01/fra/ORCL/archivelog/o1_mf_1_20_.arc', 1),
      archivedLog(20, '/nfs/backup/orcl/archivelog/1_20_905892048.dbf', 2),
      archivedLog(21, '/u01/fra/ORCL/archivelog/o1_mf_1_21_.arc', 1),
      archivedLog(22, '/u01/fra/ORCL/archivelog/o1_mf_1_22_.arc', 1),
      archivedLog(22, '/nfs/backup/orcl/archivelog/1_22_905892048.dbf', 2, { nextScn: 18446744073709551615n }),
      archivedLog(19, null, 1),
    ],
    datafileCopies: [copy(1, 'IMAGE_COPY_BACKUP'), copy(2, 'IMAGE_COPY_BACKUP'), copy(4, 'IMAGE_COPY_BACKUP', { creationScn: 3n }), copy(9, 'OTHER', { tag: null })],
    backupSets: [{ recid: 5, stamp: 927410020, setCount: 5, pieces: 1, type: 'I', incrementalLevel: 1, controlfileIncluded: false, spfileIncluded: false, startTime: fakeNow - hour, completionTime: fakeNow - hour }],
    backupPieces: [{ recid: 5, stamp: 927410020, setRecid: 5, piece: 1, handle: '/nfs/backup/orcl/6brke9r3_1_1', tag: 'IMAGE_COPY_INCR', bytes: 90112, status: 'A', deleted: false, completionTime: fakeNow - hour }],
    backupDatafiles: [{ recid: 1, setRecid: 5, file: 1, creationScn: 7n, resetlogsScn: 1n, incrementalLevel: 1, incrementalScn: 4700n, checkpointScn: 4800n, checkpointTime: fakeNow - hour, sectionBlocks: 0, absoluteFuzzyScn: 0n, datafileBlocks: 100, blocksWritten: 7, blocksRead: 12, usedChangeTracking: true, completionTime: fakeNow - hour }],
    backupRedologs: [],
    corruptions: [{ file: 4, block: 17, blocks: 1, scn: 4321n, type: 'CHECKSUM' }],
    rmanConfiguration: [{ conf: 1, name: 'CONTROLFILE AUTOBACKUP', value: 'ON' }],
    rmanStatus: [],
    incarnations: [{ incarnation: 1, resetlogsScn: 1n, resetlogsId: 905892048, resetlogsTime: fakeNow - 200 * hour, status: 'CURRENT' }],
    flashbackLogs: [],
    recoveredToScn: null,
    recids: {},
  }
}

export function fakeSession(change: Partial<ServerSession> = {}): ServerSession {
  return { sid: 46, serial: 1201, username: 'SYS', program: 'sqlplus@prod (TNS V1-V3)', logonTime: fakeNow - 60000, clientInfo: null, module: null, status: 'ACTIVE', longOps: [], container: 0, abort: new AbortController().signal, ...change }
}

const destination = (id: number, location: string, usesRecoveryArea: boolean): ArchiveDestination => ({ id, location, binding: usesRecoveryArea ? 'MANDATORY' : 'OPTIONAL', directory: location, usesRecoveryArea, service: null, validFor: { type: 'ALL_LOGFILES', role: 'ALL_ROLES', primary: true, standby: true }, status: 'VALID', error: null, failDate: null, failSequence: 0, reopenSeconds: 300 })

/** An instance without any file: records and calls only. */
export function fakeInstance(change: { readonly status?: Instance['status']; readonly release?: string; readonly controlFile?: ControlFileData; readonly session?: ServerSession } = {}): FakeInstance {
  const calls: unknown[][] = []
  const data = change.controlFile ?? fakeControlFile()
  const heap: FakeTable[] = [
    { owner: 'SYS', name: 'SMON_SCN_TIME', tablespace: 'SYSAUX', columns: [{ name: 'THREAD', type: 'NUMBER' }, { name: 'TIME_DP', type: 'DATE' }, { name: 'SCN', type: 'NUMBER' }], rows: [[1, '2026-03-05 11:00:00', 4700], [1, '2026-03-05 12:00:00', 4900]] },
    { owner: 'SYS', name: 'EMP', tablespace: 'USERS', columns: [{ name: 'ID', type: 'NUMBER' }, { name: 'NAME', type: 'VARCHAR2' }, { name: 'DEPT', type: 'NUMBER' }, { name: 'HIRED', type: 'DATE' }], rows: [[1, 'Ada', 10, '2020-01-31 00:00:00'], [2, 'Bob', 20, '2021-02-28 08:15:00'], [3, 'Cy', 10, null], [4, null, null, '2024-02-29 23:59:59']] },
    { owner: 'SYS', name: 'DEPT', tablespace: 'USERS', columns: [{ name: 'ID', type: 'NUMBER' }, { name: 'NAME', type: 'VARCHAR2' }], rows: [[10, 'Ops'], [20, 'Dev'], [30, 'HR']] },
    { owner: 'APP', name: 'HEARTBEAT', tablespace: 'USERS', columns: [{ name: 'AT', type: 'DATE' }], rows: [['2026-03-05 13:29:00']] },
  ]
  const call = (name: string) => (...given: unknown[]): Promise<void> => {
    calls.push([name, ...given])
    return Promise.resolve()
  }
  const table = (owner: string, name: string): FakeTable => {
    const found = heap.find((candidate) => candidate.owner === owner && candidate.name === name)
    if (found === undefined) throw ora(942, 'table or view does not exist')
    return found
  }
  const parameters = new Map(
    Object.entries({ db_name: 'orcl', db_unique_name: 'orcl', sga_target: '3G', control_files: '/u01/oradata/ORCL/controlfile/o1_mf_x_.ctl, /u01/fra/ORCL/controlfile/o1_mf_y_.ctl', db_recovery_file_dest: '/u01/fra', db_recovery_file_dest_size: '10G', log_archive_dest_2: 'LOCATION=/nfs/backup/orcl/archivelog/' }).map(([name, value]) => [name, { value, isDefault: false, inSpfile: true }]),
  )
  for (const name of ['log_archive_dest_1', 'log_archive_dest_3', 'undo_retention', 'nls_date_format', 'processes']) parameters.set(name, { value: name === 'undo_retention' ? '900' : '', isDefault: true, inSpfile: false })
  const session = change.session ?? fakeSession()
  const fake: Record<string, unknown> = {
    calls,
    heap,
    host: { name: 'prod', labDir: '/lab', timeZone: 'Europe/Stockholm', real: (path: string) => path, now: () => fakeNow },
    sid: 'orcl',
    container: 0,
    containers: [],
    get members() { return [fake] },
    status: change.status ?? 'OPEN',
    get openMode(): string {
      return fake['status'] === 'OPEN' ? 'READ WRITE' : 'MOUNTED'
    },
    startupTime: fakeNow - 10 * hour,
    release: change.release ?? '12.1.0.2.0',
    edition: 'EE',
    switchoverStatus: () => 'NOT ALLOWED',
    keystore: { directory: '/u01/wallet', state: { status: 'NOT_AVAILABLE', type: 'UNKNOWN' } },
    parameters,
    spfile: '/u01/app/oracle/dbs/spfileorcl.ora',
    sessions: new Map([[session.sid, session]]),
    archiveDestinations: [destination(1, 'USE_DB_RECOVERY_FILE_DEST', true), destination(2, '/nfs/backup/orcl/archivelog/', false)],
    currentScn: 5123n,
    get controlFile(): ControlFileData {
      if (fake['status'] === 'STARTED') throw ora(1507, 'database not mounted')
      return data
    },
    updateControlFile: <T>(update: (file: ControlFileData) => T) => Promise.resolve(update(data)),
    stamp: (time: number) => Math.floor(time / 1000),
    setParameter: (name: string, value: string, scope: string) => {
      calls.push(['setParameter', name, value, scope])
      if (scope !== 'spfile') parameters.set(name, { value, isDefault: false, inSpfile: scope === 'both' })
      return Promise.resolve()
    },
    tables: () => heap,
    segments: () => heap.map(({ owner, name, tablespace }, index) => ({ owner, name, type: 'TABLE', tablespace, blocks: [{ file: 4, block: 10 + index }] })),
    readTable: (owner: string, name: string) => Promise.resolve(table(owner, name).rows),
    createTable: (created: HeapTable) => {
      heap.push({ ...created, rows: [] })
      return Promise.resolve()
    },
    insertRows: (owner: string, name: string, rows: readonly (readonly RowValue[])[]) => {
      table(owner, name).rows.push(...rows)
      return Promise.resolve(6000n)
    },
    updateRows: (owner: string, name: string, update: (row: readonly RowValue[]) => readonly RowValue[] | undefined) => {
      const found = table(owner, name)
      found.rows = found.rows.map((row) => update(row) ?? row)
      return Promise.resolve(6001n)
    },
    deleteRows: (owner: string, name: string, which: (row: readonly RowValue[]) => boolean) => {
      const found = table(owner, name)
      const before = found.rows.length
      found.rows = found.rows.filter((row) => !which(row))
      return Promise.resolve(before - found.rows.length)
    },
    applyChanges: (changes: readonly TableChange[]) => {
      for (const { owner, name, insert, change } of changes) {
        const found = table(owner, name)
        if (change !== undefined) found.rows = found.rows.flatMap((row) => { const changed = change(row); return changed === null ? [] : [changed ?? row] })
        found.rows.push(...(insert ?? []))
      }
      return Promise.resolve(6000n)
    },
    alterTable: (owner: string, name: string, { name: newName = name, columns, change }: TableAlteration) => {
      const found = table(owner, name)
      heap[heap.indexOf(found)] = { ...found, name: newName, columns: columns ?? found.columns, rows: change === undefined ? found.rows : found.rows.map(change) }
      return Promise.resolve()
    },
    dropTable: (owner: string, name: string) => {
      heap.splice(heap.indexOf(table(owner, name)), 1)
      return Promise.resolve()
    },
    dropRestorePoint: (name: string) => Promise.reject(ora(38780, `Restore point '${name}' does not exist.`)),
    killSession: (sid: number, serial: number) => {
      calls.push(['killSession', sid, serial])
    },
    readDatafileHeader: (file: DatafileRecord) => Promise.resolve({ error: file.name.includes('missing') ? 'FILE NOT FOUND' : null, fuzzy: false, checkpointScn: file.checkpointScn, checkpointTime: file.checkpointTime, resetlogsScn: 1n, name: file.name, recover: false }),
    fileExists: (path: string) => Promise.resolve(!path.includes('missing')),
    ...Object.fromEntries(
      ['mount', 'open', 'shutdown', 'switchLogfile', 'archiveLogCurrent', 'checkpoint', 'enableBlockChangeTracking', 'disableBlockChangeTracking', 'setFlashback', 'renameFile', 'createTablespace', 'addDatafile', 'dropTablespace', 'setDatafileOnline', 'moveDatafile', 'setTablespaceReadOnly'].map((name) => [name, call(name)]),
    ),
  }
  return fake as unknown as FakeInstance
}
