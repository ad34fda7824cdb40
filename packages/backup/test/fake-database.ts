import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BindValue, RowOf, SqlOptions, SqlSession, TypedQuery, ColumnSpec } from '@icb/oracle'
import type { Rman, RmanEvent, RmanMessage, RmanResult, RmanRunOptions } from '@icb/rman'
import { DateTime } from 'luxon'
import type { Clock } from '@icb/runtime'

const blockSize = 8192

interface FakeDatafile { file: number; name: string; tablespace: string; creationScn: bigint; enabled: string; status: string; checkpointScn: bigint; lastScn: bigint | null; blocks: number }
interface FakeCopy { recid: number; name: string; file: number; creationScn: bigint; checkpointScn: bigint; fuzzy: bigint; status: string; deleted: boolean; tag: string }
interface FakeLog { recid: number; name: string; destId: number; thread: number; sequence: number; firstScn: bigint; nextScn: bigint; firstTime: string; nextTime: string; status: string; deleted: boolean }
interface FakePiece { recid: number; handle: string; tag: string | null; completedAt: string; deleted: boolean }

export interface FakeDatabaseOptions {
  readonly areaPath: string
  readonly recoveryArea: string
  readonly clock: Clock
  readonly dbid?: string
}

/**
 * A small model of one database and its RMAN: it answers the dictionary queries by name, runs the scripts of the builders, and
 * writes the files. It knows what the workflow needs and no more; the lab is the honest one.
 */
export class FakeDatabase {
  readonly dbid: string
  uniqueName = 'orcl'
  role = 'PRIMARY'
  logMode = 'ARCHIVELOG'
  scn = 1000n
  resetlogsScn = 900n
  resetlogsId = 4711n
  sequence = 10
  logFirstScn = 990n
  enterprise = true
  datafiles: FakeDatafile[] = []
  copies: FakeCopy[] = []
  logs: FakeLog[] = []
  pieces: FakePiece[] = []
  /** Sessions of other people's RMAN. */
  readonly rmanClients: number[] = []
  sessions: { clientInfo: string; sid: number }[] = []
  parameters: Map<string, string> = new Map([['db_name', 'ORCL'], ['spfile', '/u01/spfileorcl.ora'], ['compatible', '12.1.0.2.0'], ['db_block_size', '8192'], ['db_files', '200'], ['undo_tablespace', 'UNDOTBS1'], ['db_create_file_dest', '/u01/oradata']])
  serverParameters = true
  configuration: { name: string; value: string }[] = []
  trackingStatus = 'DISABLED'
  /** What happens to a log that is switched: written to the area or not. */
  areaDestination: 'VALID' | 'ERROR' | 'SILENT' | 'NONE' = 'VALID'
  /** Errors of RMAN by a word in the script. */
  readonly rmanFailures: { match: RegExp; messages: RmanMessage[]; timedOut?: boolean }[] = []
  readonly warnings: { match: RegExp; message: RmanMessage }[] = []
  /** Everything that was sent, in order: `sql: …`, `rman: …`. */
  readonly sent: string[] = []
  /** Hook before an RMAN script runs. */
  onRman: ((script: string) => void | Promise<void>) | undefined
  unreachable = false
  #recid = 0
  readonly #options: FakeDatabaseOptions

  constructor(options: FakeDatabaseOptions) {
    this.#options = options
    this.dbid = options.dbid ?? '1433672784'
    for (const [file, tablespace] of [[1, 'SYSTEM'], [2, 'SYSAUX'], [3, 'UNDOTBS1'], [4, 'USERS']] as const) this.addDatafile(file, tablespace)
  }

  addDatafile(file: number, tablespace: string): void {
    this.scn += 1n
    this.datafiles.push({ file, tablespace, name: `/u01/app/oracle/oradata/ORCL/datafile/o1_mf_${tablespace.toLowerCase()}_.dbf`, creationScn: this.scn, enabled: 'READ WRITE', status: file === 1 ? 'SYSTEM' : 'ONLINE', checkpointScn: this.scn, lastScn: null, blocks: 4 })
  }

  get now(): string {
    return DateTime.fromMillis(this.#options.clock.now(), { zone: 'utc' }).toFormat('yyyy-MM-dd HH:mm:ss')
  }

  readonly sql: SqlSession = {
    driver: 'sqlplus',
    query: async <const C extends Readonly<Record<string, ColumnSpec>>>(query: TypedQuery<C>, options: SqlOptions = {}): Promise<readonly RowOf<C>[]> => {
      options.signal?.throwIfAborted()
      if (this.unreachable) throw Object.assign(new Error('ORA-12541: no listener'), { code: 'ICB_ORACLE_CONNECT', [Symbol.for('icb.error')]: true, details: {} })
      return this.#answer(query.name, options.binds ?? {}) as readonly RowOf<C>[]
    },
    execute: async (statements) => {
      for (const statement of statements) await this.#execute(statement)
    },
    close: async () => undefined,
  }

  readonly rman: Rman = { run: (options) => this.#rman(options) }

  #answer(name: string, binds: Readonly<Record<string, BindValue>>): readonly object[] {
    const { areaPath } = this.#options
    switch (name) {
      case 'v$instance': return [{ name: 'orcl', host: 'prod', release: '12.1.0.2.0', status: 'OPEN', startedAt: this.now, thread: 1, databaseStatus: 'ACTIVE' }]
      case 'v$database':
        this.scn += 1n
        return [{
          dbid: BigInt(this.dbid), name: 'ORCL', uniqueName: this.uniqueName, role: this.role, openMode: 'READ WRITE', logMode: this.logMode, currentScn: this.scn, checkpointScn: this.scn, cdb: false, forceLogging: 'YES',
          flashback: 'NO', controlfileType: 'CURRENT', resetlogsScn: this.resetlogsScn, resetlogsTime: '2026-01-01 00:00:00', resetlogsId: this.resetlogsId, platform: 'Linux x86 64-bit',
        }]
      case 'sysdate and systimestamp': return [{ sysdate: this.now, systimestamp: `${this.now.replace(' ', 'T')}+00:00`, utcOffset: '+00:00' }]
      case 'v$version': return [{ banner: `Oracle Database 12c ${this.enterprise ? 'Enterprise' : 'Standard'} Edition Release 12.1.0.2.0 - 64bit Production` }]
      case 'v$thread': return [{ thread: 1, status: 'OPEN', enabled: 'PUBLIC', instance: 'orcl', sequence: this.sequence, checkpointScn: this.scn, checkpointTime: this.now, lastScn: null }]
      case 'v$datafile': return this.datafiles.map((d) => ({ unrecoverableScn: 0n, unrecoverableTime: null, ...d, checkpointTime: this.now, bytes: BigInt(d.blocks * blockSize), blockSize, pdb: null, pdbOpenMode: null }))
      case 'v$datafile_copy':
      case 'v$datafile_copy by tag': return this.copies.filter((c) => !c.deleted && (binds['tag'] === undefined || c.tag === binds['tag'])).map((c) => this.#copyRow(c))
      case 'v$datafile_copy of dropped files':
        return this.copies.filter((c) => !c.deleted && c.tag === binds['tag'] && !this.datafiles.some((d) => d.file === c.file && d.creationScn === c.creationScn)).map((c) => this.#copyRow(c))
      case 'v$archived_log': {
        const { resetlogs_id: id, from_scn: from, dir } = binds
        const rows = this.logs.filter((l) => (dir === undefined || l.name.startsWith(String(dir))) && (from === undefined || l.nextScn > BigInt(String(from))) && (id === undefined || BigInt(String(id)) === this.resetlogsId))
        return rows.filter((l) => !l.deleted && l.status === 'A').map((l) => ({
          ...l, stamp: 1, resetlogsScn: this.resetlogsScn, resetlogsId: this.resetlogsId, blocks: 2, blockSize: 512, creator: 'ARCH', standbyDest: false, archived: true, applied: 'NO', completedAt: this.now,
        }))
      }
      case 'gv$archive_dest':
      case 'v$archive_dest': {
        const row = { instance: 1, binding: 'OPTIONAL', target: 'PRIMARY', reopenSeconds: 60, failedAt: null, failedSequence: null, error: null, type: 'LOCAL', archivedSequence: this.sequence }
        const area = this.areaDestination === 'NONE' ? [] : [{ ...row, destId: 10, name: 'LOG_ARCHIVE_DEST_10', status: this.areaDestination === 'SILENT' ? 'VALID' : this.areaDestination, destination: `${areaPath}/archivelog/`, error: this.areaDestination === 'ERROR' ? 'ORA-19504: failed to create file' : null }]
        return [{ ...row, destId: 1, name: 'LOG_ARCHIVE_DEST_1', status: 'VALID', destination: 'USE_DB_RECOVERY_FILE_DEST' }, ...area]
      }
      case 'v$parameter': {
        const names = Object.entries(binds).filter(([k]) => /^n\d+$/.test(k)).map(([, v]) => String(v))
        return [...this.parameters].filter(([k]) => names.length === 0 || names.includes(k)).map(([k, value]) => ({ name: k, value, isDefault: false }))
      }
      case 'v$spparameter': return this.serverParameters ? [...this.parameters].map(([k, value]) => ({ sid: '*', name: k, value })) : []
      case 'v$logfile': return [{ group: 1, type: 'ONLINE', member: '/u01/app/oracle/oradata/ORCL/onlinelog/o1_mf_1_.log', status: null }]
      case 'v$tempfile': return [{ file: 1, name: '/u01/app/oracle/oradata/ORCL/datafile/o1_mf_temp_.tmp', status: 'ONLINE', bytes: 1n }]
      case 'v$controlfile': return [{ name: '/u01/app/oracle/oradata/ORCL/controlfile/o1_mf_.ctl' }]
      case 'v$flashback_database_logfile': return []
      case 'v$block_change_tracking': return [{ status: this.trackingStatus, filename: this.trackingStatus === 'DISABLED' ? null : '/u01/bct.chg', bytes: 1n }]
      case 'v$recovery_file_dest': return [{ name: this.#options.recoveryArea, limitBytes: 1000n, usedBytes: 1n, reclaimableBytes: 0n, files: 1 }]
      case 'v$timezone_file': return [{ version: '18' }]
      case 'v$backup_piece': {
        const tag = binds['tag']
        return this.pieces.filter((p) => !p.deleted && (tag === undefined || p.tag === tag)).map((p) => ({ recid: p.recid, stamp: 1, handle: p.handle, tag: p.tag, deviceType: 'DISK', status: 'A', bytes: 1n, completedAt: p.completedAt }))
      }
      case 'gv$session of rman': return this.rmanClients.map((sid) => ({ instance: 1, sid, serial: 1, program: 'rman@elsewhere', loggedOnAt: this.now }))
      case 'gv$session by command id': return this.sessions.map((s) => ({ instance: 1, sid: s.sid, serial: 1, clientInfo: s.clientInfo, program: 'rman', status: 'ACTIVE', loggedOnAt: this.now }))
      case 'v$backup_datafile': return []
      default: throw new Error(`the fake has no answer for ${name}`)
    }
  }

  #copyRow(c: FakeCopy): object {
    const d = this.datafiles.find((f) => f.file === c.file)
    return {
      ...c, stamp: 1, resetlogsScn: this.resetlogsScn, incrementalLevel: 0, checkpointTime: this.now, absoluteFuzzyScn: c.fuzzy, recoveryFuzzyScn: 0n, onlineFuzzy: true, markedCorrupt: 0, mediaCorrupt: 0,
      logicallyCorrupt: 0, blocks: d?.blocks ?? 4, blockSize, completedAt: this.now,
    }
  }

  async #execute(statement: string): Promise<void> {
    this.sent.push(`sql: ${statement}`)
    if (this.unreachable) throw new Error('ORA-12541')
    if (/archive log current/i.test(statement)) await this.switchLog()
    else if (/enable block change tracking/i.test(statement)) this.trackingStatus = 'ENABLED'
    else {
      const state = /set (log_archive_dest_state_\d+)=(\w+)/i.exec(statement)
      const dest = /set (log_archive_dest_\d+)='([^']*)'/i.exec(statement)
      if (state?.[1] !== undefined) this.parameters.set(state[1], state[2] ?? '')
      if (dest?.[1] !== undefined) this.parameters.set(dest[1], dest[2] ?? '')
    }
  }

  /** Switches the log: always into the recovery area, and into the area as `areaDestination` says. */
  async switchLog(): Promise<void> {
    this.scn += 1n
    const { areaPath, recoveryArea } = this.#options
    const log = { thread: 1, sequence: this.sequence, firstScn: this.logFirstScn, nextScn: this.scn, firstTime: this.now, nextTime: this.now, status: 'A', deleted: false }
    await this.#writeLog({ ...log, recid: ++this.#recid, destId: 1, name: join(recoveryArea, `log_${String(this.sequence)}.arc`) })
    if (this.areaDestination === 'VALID') await this.#writeLog({ ...log, recid: ++this.#recid, destId: 10, name: `${areaPath}/archivelog/1_${String(this.sequence)}_${String(this.resetlogsId)}.dbf` })
    this.sequence++
    this.logFirstScn = this.scn
  }

  async #writeLog(log: FakeLog): Promise<void> {
    await mkdir(join(log.name, '..'), { recursive: true })
    await writeFile(log.name, Buffer.alloc(1024 + 512))
    this.logs.push(log)
  }

  async #rman(options: RmanRunOptions): Promise<RmanResult> {
    options.signal?.throwIfAborted()
    const script = options.script
    await this.onRman?.(script)
    const emit = options.onEvent ?? (() => undefined)
    const warnings = this.warnings.filter((w) => w.match.test(script)).map((w) => w.message)
    const result = (errors: RmanMessage[], timedOut = false): RmanResult => ({ ok: errors.length === 0 && !timedOut, exitCode: errors.length === 0 ? 0 : 1, timedOut, errors, warnings, durationMs: 5, tail: [] })
    for (const line of script.split('\n')) {
      if (line.trim() === '' || /^(RUN \{|\}|ALLOCATE)/.test(line)) continue
      this.sent.push(`rman: ${line}`)
      const failure = this.rmanFailures.find((f) => f.match.test(line))
      if (failure !== undefined) return result(failure.messages, failure.timedOut)
      const problem = await this.#command(line, emit, options.commandId)
      if (problem !== undefined) return result([problem])
    }
    return result([])
  }

  async #command(line: string, emit: (event: RmanEvent) => void, commandId: string): Promise<RmanMessage | undefined> {
    const { areaPath } = this.#options
    const quoted = (): string => /'([^']*)'/.exec(line)?.[1] ?? ''
    if (/^BACKUP.*INCREMENTAL LEVEL 1 FOR RECOVER OF COPY/.test(line)) {
      const [, copyTag = '', incrTag = ''] = /WITH TAG '([^']*)' DATABASE TAG '([^']*)'/.exec(line) ?? []
      for (const d of this.datafiles) {
        if (d.enabled === 'READ ONLY' && this.#copyOf(d) !== undefined) continue
        emit({ type: 'input-file', file: d.file, name: d.name })
        this.scn += 1n
        if (this.#copyOf(d) === undefined) {
          const recid = ++this.#recid
          const name = `${areaPath}/data_D-ORCL_I-${this.dbid}_TS-${d.tablespace}_FNO-${String(d.file)}_${String(recid)}`
          await writeFile(name, Buffer.alloc((d.blocks + 1) * blockSize, d.file))
          this.copies.push({ recid, name, file: d.file, creationScn: d.creationScn, checkpointScn: this.scn, fuzzy: this.scn + 1n, status: 'A', deleted: false, tag: copyTag.toUpperCase() })
          emit({ type: 'level0', file: d.file, text: `no parent backup or copy of datafile ${String(d.file)} found` })
          emit({ type: 'copy-created', name, tag: copyTag.toUpperCase(), recid, stamp: 1 })
          this.scn += 1n
        } else await this.#piece(`${areaPath}/${String(this.#recid + 1)}_1_1`, incrTag, emit)
      }
      return undefined
    }
    if (line.startsWith('RECOVER COPY')) {
      for (const d of this.datafiles) {
        const copy = this.#copyOf(d)
        if (copy === undefined || d.enabled === 'READ ONLY') continue
        if (!(await exists(copy.name))) return { code: 'ORA-19505', text: `failed to identify file "${copy.name}"` }
        if (!this.pieces.some((p) => !p.deleted && p.tag === 'IMAGE_COPY_INCR')) {
          emit({ type: 'nothing-to-recover', file: d.file })
          continue
        }
        emit({ type: 'merging', file: d.file, name: copy.name })
        copy.checkpointScn = this.scn
        copy.fuzzy = this.scn + 1n
        this.scn += 2n
      }
      return undefined
    }
    if (line.startsWith('BACKUP SPFILE')) {
      await this.#piece(`${areaPath}/${String(this.#recid + 1)}_1_1`, quoted(), emit)
      return undefined
    }
    if (line.startsWith('BACKUP CURRENT CONTROLFILE')) {
      await this.#piece(quoted(), /TAG '([^']*)'/.exec(line)?.[1] ?? '', emit)
      return undefined
    }
    if (line.startsWith('DELETE NOPROMPT BACKUPPIECE')) {
      for (const p of this.pieces.filter((x) => x.handle === quoted())) p.deleted = true
      await rm(quoted(), { force: true })
      return undefined
    }
    if (/^CHANGE DATAFILECOPY '[^']*' UNCATALOG;$/.test(line)) {
      for (const c of this.copies.filter((x) => x.name === quoted())) c.deleted = true
      return undefined
    }
    if (line.startsWith('DELETE NOPROMPT DATAFILECOPY')) {
      // As RMAN-06207: an available copy that is not on disk stays listed.
      if (!(await exists(quoted()))) return undefined
      for (const c of this.copies.filter((x) => x.name === quoted())) c.deleted = true
      await rm(quoted(), { force: true })
      return undefined
    }
    const deletion = /^DELETE NOPROMPT ARCHIVELOG UNTIL SEQUENCE (\d+) THREAD (\d+)/.exec(line)
    if (deletion !== null) {
      for (const log of this.logs.filter((l) => !l.deleted && l.thread === Number(deletion[2]) && l.sequence <= Number(deletion[1]))) {
        log.deleted = true
        await rm(log.name, { force: true })
      }
      return undefined
    }
    const copying = /^BACKUP FORCE AS COPY ARCHIVELOG SEQUENCE (\d+) THREAD (\d+)/.exec(line)
    if (copying !== null) {
      for (const source of this.logs.filter((l) => l.sequence === Number(copying[1]) && !l.deleted && l.status === 'A')) {
        if (!(await exists(source.name))) return { code: 'ORA-19625', text: `error identifying file ${source.name}` }
        const recid = ++this.#recid
        await this.#writeLog({ ...source, recid, destId: 0, name: `${areaPath}/archivelog/arch_D-ORCL_T-1_S-${String(source.sequence)}_${String(recid)}` })
        return undefined
      }
      return { code: 'RMAN-20242', text: 'specification does not match any archived log in the repository' }
    }
    if (line.startsWith('CROSSCHECK ARCHIVELOG ALL')) {
      for (const log of this.logs) if (!(await exists(log.name))) log.status = 'X'
      return undefined
    }
    if (line.startsWith('SHOW ALL')) {
      const defaults: Readonly<Record<string, string>> = {
        'RETENTION POLICY': 'TO REDUNDANCY 1', 'BACKUP OPTIMIZATION': 'OFF', 'CONTROLFILE AUTOBACKUP': 'OFF', 'CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE': "DISK TO '%F'", 'ARCHIVELOG DELETION POLICY': 'TO NONE',
        'SNAPSHOT CONTROLFILE NAME': "TO '/u01/dbs/snapcf_orcl.f'",
      }
      for (const [name, value] of Object.entries(defaults)) {
        const set = this.configuration.find((c) => c.name === name)
        emit({ type: 'configuration', text: `CONFIGURE ${name} ${set?.value ?? value};`, state: 'current', isDefault: set === undefined })
      }
      return undefined
    }
    const setting = /^CONFIGURE (ARCHIVELOG DELETION POLICY|RETENTION POLICY|BACKUP OPTIMIZATION|CONTROLFILE AUTOBACKUP FORMAT FOR DEVICE TYPE|CONTROLFILE AUTOBACKUP|SNAPSHOT CONTROLFILE NAME) (.*);$/.exec(line)
    if (setting?.[1] !== undefined) {
      this.configuration = [...this.configuration.filter((c) => c.name !== setting[1]), { name: setting[1], value: setting[2] ?? '' }]
      return undefined
    }
    throw new Error(`the fake RMAN does not know: ${line} (${commandId})`)
  }

  #copyOf(d: FakeDatafile): FakeCopy | undefined {
    return this.copies.find((c) => !c.deleted && c.status === 'A' && c.file === d.file && c.creationScn === d.creationScn)
  }

  async #piece(handle: string, tag: string, emit: (event: RmanEvent) => void): Promise<void> {
    await writeFile(handle, `piece ${handle}`)
    this.pieces.push({ recid: ++this.#recid, handle, tag: tag.toUpperCase(), completedAt: this.now, deleted: false })
    emit({ type: 'piece', handle, tag: tag.toUpperCase(), action: 'written' })
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false)
}

/** Names in a directory, sorted; none when it is not there. */
export async function namesIn(path: string): Promise<readonly string[]> {
  return (await readdir(path).catch(() => [])).sort()
}
