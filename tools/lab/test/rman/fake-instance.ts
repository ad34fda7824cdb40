import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BlockCounts, FileIdentity, Instance, ServerSession } from '../../src/engine/instance-api.ts'
import type { PieceContent } from '../../src/storage/backup-piece.ts'
import { ora, rmanError } from '../../src/engine/ora-error.ts'
import type { ControlFileData, DatafileRecord } from '../../src/engine/records.ts'

/** 2016-11-08 20:53:37 UTC, 21:53:37 in Stockholm. */
export const fakeStart: number = Date.UTC(2016, 10, 8, 20, 53, 37)
export const fakeDbid = 1433672784

const toJson = (value: unknown): string => JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item.toString()}n` : item))
const fromJson = (text: string): unknown => JSON.parse(text, (_key, item: unknown) => (typeof item === 'string' && /^\d+n$/.test(item) ? BigInt(item.slice(0, -1)) : item))

/** A file of the fake: what it is, in one JSON line. */
interface FakeFile {
  readonly kind: FileIdentity['kind']
  readonly dbid: number
  readonly file?: number
  readonly tag?: string | null
  readonly checkpointScn?: bigint
  readonly scns?: Readonly<Record<string, { readonly from: bigint; readonly to: bigint }>>
  readonly contains?: readonly PieceContent[]
  readonly control?: ControlFileData
  readonly log?: unknown
}

export interface FakeOptions {
  /** Holds host paths (`/u01/…`) and backups. */
  readonly directory: string
  readonly status?: Instance['status']
  readonly files?: number
  readonly release?: string
  readonly edition?: 'EE' | 'SE'
}

export interface FakeInstance extends Instance {
  status: Instance['status']
  scn: bigint
  data: ControlFileData | null
  readonly backup: string
  readonly sessions: Map<number, ServerSession>
  readonly parameters: Map<string, { readonly value: string; readonly isDefault: boolean; readonly inSpfile: boolean }>
  /** Failing blocks by datafile, for VALIDATE. */
  readonly failing: Map<number, BlockCounts['failures']>
  /** Called at the beginning of each long operation on a channel. */
  onWork: (channel: ServerSession) => Promise<void>
  recoverError: Error | null
  newSession(): ServerSession
  addLog(sequence: number, options?: { readonly missing?: boolean; readonly directory?: string }): Promise<string>
  write(name: string, content: Partial<FakeFile> & Pick<FakeFile, 'kind'>): Promise<void>
}

/** An instance that keeps a control file in memory and writes one JSON line for every file it would write. */
export async function fakeInstance(options: FakeOptions): Promise<FakeInstance> {
  const { directory } = options
  const backup = path.join(directory, 'backup')
  await mkdir(path.join(directory, 'root', 'u01', 'oradata'), { recursive: true })
  await mkdir(backup, { recursive: true })
  const real = (name: string): string => (name.startsWith('/u0') ? path.join(directory, 'root', name) : name)
  let clock = fakeStart
  const names = ['SYSTEM', 'SYSAUX', 'UNDOTBS1', 'USERS', 'APP', 'INDX']
  const datafiles: DatafileRecord[] = names.slice(0, options.files ?? 4).map((tablespace, at) => ({
    file: at + 1, name: `/u01/oradata/o1_mf_${tablespace.toLowerCase()}_cfvpb0o${at}_.dbf`, tablespace, tablespaceNumber: at, blocks: 100, blockSize: 8192, creationScn: BigInt(at + 5), creationTime: fakeStart - 86_400_000,
    checkpointScn: 1000n, checkpointTime: fakeStart - 60_000, status: at === 0 ? 'SYSTEM' : 'ONLINE', enabled: 'READ WRITE', stopScn: null, unrecoverableScn: 0n, unrecoverableTime: null,
  }))
  const data: ControlFileData = {
    type: 'CURRENT', dbid: fakeDbid, name: 'ORCL', created: fakeStart, release: '12.1.0.2.0', compatible: '12.1.0.2.0', resetlogsScn: 1n, resetlogsId: 905892048, resetlogsTime: fakeStart - 10 * 86_400_000, checkpointScn: 1000n, checkpointTime: fakeStart,
    sequence: 1, logMode: 'ARCHIVELOG', forceLogging: false, flashbackOn: false, openMode: 'READ WRITE', cleanShutdown: false, bct: { status: 'DISABLED', filename: null, bytes: 0 }, datafiles,
    tempfiles: [{ file: 1, name: '/u01/oradata/temp01.dbf', tablespace: 'TEMP', blocks: 100 }], threads: [], logGroups: [], logHistory: [], archivedLogs: [], datafileCopies: [], backupSets: [], backupPieces: [], backupDatafiles: [], backupRedologs: [], corruptions: [],
    rmanConfiguration: [], rmanStatus: [], incarnations: [], flashbackLogs: [], recoveredToScn: null, recids: {},
  }
  const sessions = new Map<number, ServerSession>()
  let lastSid = 40
  const session = (clientInfo: string | null): ServerSession => {
    lastSid++
    const made: ServerSession = { sid: lastSid, serial: 1, username: 'SYS', program: 'rman', logonTime: clock, clientInfo, module: null, status: 'INACTIVE', longOps: [], container: 0, abort: new AbortController().signal }
    sessions.set(lastSid, made)
    return made
  }
  const write: FakeInstance['write'] = async (name, content) => {
    await writeFile(real(name), toJson({ dbid: fakeDbid, ...content }))
  }
  const read = async (name: string): Promise<FakeFile> => {
    try {
      return fromJson(await readFile(real(name), 'utf8')) as FakeFile
    } catch (error) {
      if (error instanceof SyntaxError) return { kind: 'unreadable', dbid: 0 }
      throw error
    }
  }
  for (const file of datafiles) await write(file.name, { kind: 'datafile-copy', file: file.file, checkpointScn: file.checkpointScn })
  const parameters = new Map([
    ['db_name', 'orcl'], ['db_unique_name', 'orcl'], ['control_files', path.join(directory, 'control.ctl')], ['db_create_file_dest', path.join(directory, 'omf')], ['diagnostic_dest', '/u01/diag'],
  ].map(([name, value]) => [name ?? '', { value: value ?? '', isDefault: false, inSpfile: true }]))
  await writeFile(path.join(directory, 'control.ctl'), 'x'.repeat(32768))
  const never = (): never => {
    throw new Error('not part of the fake')
  }
  const recidOf = (section: string): number => {
    const current = fake.controlFile
    return (current.recids[section] = (current.recids[section] ?? 0) + 1)
  }
  const unused = (): Promise<void> => Promise.reject(new Error('not part of this fake'))
  const fake: FakeInstance = {
    host: { name: 'prod', labDir: directory, timeZone: 'Europe/Stockholm', real, now: () => (clock += 40) },
    keystore: { directory: '/u01/wallet', state: { status: 'NOT_AVAILABLE', type: 'UNKNOWN' }, create: () => undefined, createAutoLogin: () => undefined, open: () => undefined, close: () => undefined, setKey: () => undefined },
    container: 0, containers: [], inContainer: () => fake, openPdb: unused, closePdb: unused, savePdbState: unused, createPdb: unused, dropPdb: unused, enableThread: unused, managedRecovery: unused, switchover: unused, switchoverStatus: () => 'NOT ALLOWED', applying: false,
    get members() { return [fake] },
    sid: 'orcl', status: options.status ?? 'OPEN', startupTime: fakeStart, release: options.release ?? '12.1.0.2.0', edition: options.edition ?? 'EE', parameters, spfile: '/u01/spfile.ora', sessions, archiveDestinations: [],
    scn: 2000n, data: options.status === 'STARTED' ? null : data, backup, failing: new Map(), recoverError: null,
    onWork: () => Promise.resolve(),
    get openMode() {
      return fake.status === 'OPEN' ? 'READ WRITE' as const : 'MOUNTED' as const
    },
    get currentScn() {
      return fake.scn
    },
    get controlFile() {
      if (fake.data === null) throw ora(1507, 'database not mounted')
      return fake.data
    },
    updateControlFile: (change) => Promise.resolve().then(() => change(fake.controlFile)),
    nextRecid: recidOf,
    stamp: (time) => 927410017 + Math.floor((time - fakeStart) / 1000),
    newSession: () => session(null),
    openSession: ({ clientInfo }) => session(clientInfo),
    closeSession: (sid) => {
      sessions.delete(sid)
    },
    mount: () => {
      fake.status = 'MOUNTED'
      return Promise.resolve()
    },
    open: never, shutdown: never, setParameter: never, switchLogfile: never, archiveLogCurrent: never, checkpoint: never, enableBlockChangeTracking: never, disableBlockChangeTracking: never, setFlashback: never, createRestorePoint: never, dropRestorePoint: never, renameFile: never,
    createTablespace: never, addDatafile: never, resizeDatafile: never, setAutoextend: never, dropTablespace: never, setDatafileOnline: never, moveDatafile: never, setTablespaceReadOnly: never, tables: never, segments: never, readTable: never, createTable: never, insertRows: never, updateRows: never, deleteRows: never, applyChanges: never, alterTable: never, dropTable: never, killSession: never,
    readDatafileHeader: async (record) => {
      const found = await read(record.name).catch(() => undefined)
      const base = { fuzzy: true, checkpointTime: fakeStart, resetlogsScn: 1n, name: record.name, recover: true }
      return found === undefined ? { ...base, error: 'FILE NOT FOUND', checkpointScn: 0n } : { ...base, error: null, checkpointScn: found.checkpointScn ?? 0n }
    },
    identifyFile: async (name): Promise<FileIdentity> => {
      const found = await read(name)
      const file = fake.data?.datafiles.find((record) => record.file === found.file)
      switch (found.kind) {
        case 'datafile-copy':
          if (file === undefined) return { kind: 'unreadable', reason: 'no such file' }
          return {
            kind: 'datafile-copy', dbid: found.dbid,
            record: { tag: found.tag ?? null, file: file.file, tablespace: file.tablespace, creationScn: file.creationScn, resetlogsScn: 1n, incrementalLevel: 0, checkpointScn: found.checkpointScn ?? 0n, checkpointTime: clock, absoluteFuzzyScn: 0n, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks: file.blocks, blockSize: 8192, completionTime: clock },
          }
        case 'archived-log':
          return { kind: 'archived-log', dbid: found.dbid, record: found.log as Extract<FileIdentity, { kind: 'archived-log' }>['record'] }
        case 'backup-piece':
          return { kind: 'backup-piece', dbid: found.dbid, contains: found.contains ?? [], tag: found.tag ?? null, setCount: 1, setStamp: 1, piece: 1, bytes: 40_960, created: clock, datafiles: [], logs: [] }
        case 'control-file':
          return { kind: 'control-file', dbid: found.dbid, record: { tag: null, file: 0, tablespace: '', creationScn: 0n, resetlogsScn: 1n, incrementalLevel: null, checkpointScn: fake.scn, checkpointTime: clock, absoluteFuzzyScn: 0n, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks: 2, blockSize: 16_384, completionTime: clock } }
        default:
          return { kind: 'unreadable', reason: 'no header' }
      }
    },
    copyDatafile: async (file, destination, { tag, session: channel }) => {
      await fake.onWork(channel)
      const checkpointScn = (fake.scn += 1n)
      await write(destination, { kind: 'datafile-copy', file, tag, checkpointScn })
      return { checkpointScn, checkpointTime: clock, absoluteFuzzyScn: 0n, blocks: 100 }
    },
    beginImageCopy: never, archiveLogAtPrimary: unused, openForBackup: never, backupArchivedLogs: never, restoreDatafile: never, restoreArchivedLog: never, archivedLogName: never, validatePiece: never, restoreControlFileTo: never, addTempfile: unused, readControlFileBackup: never, createControlFile: unused, zeroDbid: unused, writeControlFileScript: unused, writeParameterFile: never,
    validateArchivedLog: () => Promise.resolve({ blocks: 10, corruptBlock: null }),
    backupDatafiles: async (parts, piece, channel) => {
      await fake.onWork(channel)
      const to = (fake.scn += 1n)
      await write(piece.path, { kind: 'backup-piece', tag: piece.tag, contains: ['incremental'], scns: Object.fromEntries(parts.map(({ file, sinceScn }) => [file, { from: sinceScn, to }])) })
      return { bytes: 40_960, files: new Map(parts.map(({ file, sinceScn }) => [file, { checkpointScn: to, checkpointTime: clock, absoluteFuzzyScn: 0n, blocks: 100, incrementalScn: sinceScn, blocksRead: 10, blocksWritten: 5, usedChangeTracking: true }])) }
    },
    applyIncremental: async (copy, pieces, file, channel) => {
      await fake.onWork(channel)
      const [target, source] = [await read(copy), await read(pieces[0] ?? '')]
      const scns = source.scns?.[String(file)]
      if (scns === undefined || scns.from > (target.checkpointScn ?? 0n)) throw new Error('the piece does not continue the copy')
      await write(copy, { ...target, checkpointScn: scns.to })
      return { checkpointScn: scns.to, checkpointTime: clock, absoluteFuzzyScn: 0n, blocks: 100 }
    },
    writeControlFileBackup: async ({ path: name, tag }, { spfile }) => {
      await write(name, { kind: 'backup-piece', tag, contains: spfile ? ['controlfile', 'spfile'] : ['controlfile'], control: fake.controlFile })
      return 9_830_400
    },
    writeSpfileBackup: async ({ path: name, tag }) => {
      await write(name, { kind: 'backup-piece', tag, contains: ['spfile'] })
      return 98_304
    },
    writeControlFileCopy: async (name) => write(name, { kind: 'control-file', control: fake.controlFile }),
    omfName: (kind, tablespace) => path.join(directory, 'omf', `${kind}_${tablespace.toLowerCase()}_.dbf`),
    restoredName: (file, wanted) => wanted ?? file.name,
    restoreControlFile: async (from) => {
      const found = await read(from)
      if (found.control === undefined) throw rmanError(6172, 'no AUTOBACKUP found or specified handle is not a valid copy or piece')
      fake.data = { ...found.control, type: 'BACKUP' }
      return [path.join(directory, 'control.ctl')]
    },
    restoreSpfile: never,
    copyArchivedLog: async (source, destination) => copyFile(real(source), real(destination)),
    createEmptyDatafile: async (file, name) => {
      await mkdir(path.dirname(real(name)), { recursive: true })
      await write(name, { kind: 'datafile-copy', file, checkpointScn: 5n })
    },
    recoverDatabase: ({ onLog }) => {
      const logs = fake.controlFile.archivedLogs.filter((log) => log.name !== null && log.status === 'A')
      for (const log of logs) onLog({ name: log.name ?? '', thread: 1, sequence: log.sequence, phase: 'on-disk' })
      for (const log of logs) onLog({ name: log.name ?? '', thread: 1, sequence: log.sequence, phase: 'applied' })
      return fake.recoverError === null ? Promise.resolve() : Promise.reject(fake.recoverError)
    },
    validateDatafile: async (record, _logical, channel) => {
      await fake.onWork(channel)
      const failures = fake.failing.get(record.file) ?? []
      return { examined: record.blocks, empty: 20, data: 60, index: 15, other: 5, failing: { data: failures.length, index: 0, other: 0 }, highScn: fake.scn, failures }
    },
    fileExists: async (name) => stat(real(name)).then(() => true, () => false),
    removeFile: async (name) => rm(real(name), { force: true }),
    write,
    addLog: async (sequence, { missing = false, directory: where = backup } = {}) => {
      const name = path.join(where, `1_${sequence}_905892048.dbf`)
      const current = fake.controlFile
      const log = {
        thread: 1, sequence, resetlogsScn: 1n, resetlogsId: 905892048, firstScn: BigInt(sequence * 100), firstTime: fakeStart - 1000 * (200 - sequence), nextScn: BigInt(sequence * 100 + 100), nextTime: fakeStart - 1000 * (199 - sequence),
        blocks: 10, blockSize: 512, creator: 'ARCH' as const, archived: true, applied: 'NO' as const, completionTime: clock,
      }
      if (!missing) await write(name, { kind: 'archived-log', log })
      current.archivedLogs.push({ ...log, recid: recidOf('archivedLogs'), stamp: 927409901, name, destId: 1, deleted: false, status: 'A' })
      current.logHistory.push({ ...log, recid: recidOf('logHistory') })
      return name
    },
  }
  return fake
}
