import { ora } from '../engine/ora-error.ts'
import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Cursor } from './cursor.ts'
import { parseRecover } from './recover.ts'
import { parseSize, unimplemented, type Statement } from './statement.ts'
import { parseAutoextend } from './tablespaces.ts'
import { hasSince } from './views/view.ts'

const invalid = () => ora(2231, 'missing or invalid option to ALTER DATABASE')
const fileName = () => ora(2236, 'invalid file name')
const altered: SqlResult = { message: 'Database altered.' }

/** ALTER DATABASE …; the cursor stands behind these words. Everything but MOUNT needs a mounted control file. */
export async function alterDatabase({ cursor, instance, session }: Statement): Promise<SqlResult> {
  if (cursor.isIdentifier && cursor.token.value === instance.parameters.get('db_name')?.value.toUpperCase()) cursor.next()
  if (cursor.acceptWords('MOUNT')) {
    cursor.expectEnd(invalid)
    await instance.mount()
    return altered
  }
  const action = parseAction(cursor, instance, session)
  cursor.expectEnd(invalid)
  if (instance.status === 'STARTED') throw ora(1507, 'database not mounted')
  await action()
  return altered
}

type Action = () => Promise<unknown>

function parseAction(cursor: Cursor, instance: Instance, session: ServerSession): Action {
  if (cursor.acceptWords('OPEN')) return parseOpen(cursor, instance)
  if (cursor.acceptWords('RENAME')) return parseRename(cursor, instance)
  if (cursor.acceptWords('ENABLE', 'BLOCK', 'CHANGE', 'TRACKING')) {
    let file: string | undefined
    if (cursor.acceptWords('USING', 'FILE')) file = cursor.string(fileName)
    const reuse = file !== undefined && cursor.acceptWords('REUSE')
    return () => instance.enableBlockChangeTracking(file, reuse)
  }
  if (cursor.acceptWords('DISABLE', 'BLOCK', 'CHANGE', 'TRACKING')) return () => instance.disableBlockChangeTracking()
  if (cursor.acceptWords('FLASHBACK', 'ON')) return () => instance.setFlashback(true)
  if (cursor.acceptWords('FLASHBACK', 'OFF')) return () => instance.setFlashback(false)
  if (cursor.acceptWords('FORCE', 'LOGGING')) return () => setForceLogging(instance, true)
  if (cursor.acceptWords('NO', 'FORCE', 'LOGGING')) return () => setForceLogging(instance, false)
  if (cursor.acceptWords('ARCHIVELOG')) return () => setLogMode(instance, 'ARCHIVELOG')
  if (cursor.acceptWords('NOARCHIVELOG')) return () => setLogMode(instance, 'NOARCHIVELOG')
  if (cursor.acceptWords('RECOVER', 'MANAGED', 'STANDBY', 'DATABASE')) return parseManagedRecovery(cursor, instance)
  if (cursor.acceptWords('SWITCHOVER', 'TO')) return parseSwitchover(cursor, instance, session)
  if (cursor.acceptWords('COMMIT', 'TO', 'SWITCHOVER')) return parseCommitToSwitchover(cursor, instance, session)
  if (cursor.acceptWords('RECOVER')) return parseRecover(cursor, instance, session)
  if (cursor.isWord('ENABLE', 'DISABLE')) {
    const enabled = cursor.next().value === 'ENABLE'
    if (enabled) cursor.acceptWords('PUBLIC')
    if (!cursor.acceptWords('THREAD')) throw invalid().at(cursor.at)
    const thread = cursor.integer(invalid)
    return () => instance.enableThread(thread, enabled)
  }
  if (cursor.acceptWords('DATAFILE')) return parseDatafile(cursor, instance)
  if (cursor.acceptWords('MOVE', 'DATAFILE')) return parseMove(cursor, instance)
  if (cursor.acceptWords('TEMPFILE')) return parseTempfile(cursor, instance)
  if (cursor.acceptWords('BACKUP', 'CONTROLFILE', 'TO')) {
    if (cursor.acceptWords('TRACE')) return parseTrace(cursor, instance)
    const path = cursor.string(fileName)
    const reuse = cursor.acceptWords('REUSE')
    return async () => {
      if (!reuse && (await instance.fileExists(path))) throw ora(27038, 'created file already exists')
      await instance.writeControlFileCopy(path)
    }
  }
  if (cursor.isWord('CLEAR', 'ADD', 'DROP', 'CREATE', 'REGISTER', 'CONVERT', 'ACTIVATE', 'DEFAULT', 'RESET', 'BEGIN', 'END', 'CLOSE', 'DISMOUNT')) throw unimplemented().at(cursor.at)
  throw invalid().at(cursor.at)
}

/** TRACE [AS 'file' [REUSE]] [RESETLOGS]. NORESETLOGS, which keeps the online logs, is not there. */
function parseTrace(cursor: Cursor, instance: Instance): Action {
  const path = cursor.acceptWords('AS') ? cursor.string(fileName) : null
  const reuse = path === null || cursor.acceptWords('REUSE')
  if (cursor.isWord('NORESETLOGS')) throw unimplemented().at(cursor.at)
  cursor.acceptWords('RESETLOGS')
  return async () => {
    if (!reuse && (await instance.fileExists(path))) throw ora(27038, 'created file already exists')
    await instance.writeControlFileScript(path)
  }
}

/** CANCEL, or how to start: only in the background. */
function parseManagedRecovery(cursor: Cursor, instance: Instance): Action {
  if (cursor.acceptWords('CANCEL')) {
    cursor.acceptWords('IMMEDIATE')
    return () => instance.managedRecovery(false)
  }
  if (cursor.acceptWords('USING')) {
    if (!cursor.acceptWords('CURRENT', 'LOGFILE') && !cursor.acceptWords('ARCHIVED', 'LOGFILE')) throw invalid().at(cursor.at)
  }
  if (!cursor.acceptWords('DISCONNECT')) throw unimplemented().at(cursor.at)
  if (cursor.acceptWords('FROM')) cursor.expectWord('SESSION')
  return () => instance.managedRecovery(true)
}

/** name [VERIFY], from 12.1 on. */
function parseSwitchover(cursor: Cursor, instance: Instance, session: ServerSession): Action {
  if (!hasSince(instance.release, [12, 1])) throw invalid().at(cursor.at)
  const name = cursor.identifier(invalid).toLowerCase()
  const kind = cursor.acceptWords('VERIFY') ? 'verify' : 'to'
  if (cursor.isWord('FORCE')) throw unimplemented().at(cursor.at)
  return () => instance.switchover({ kind, name }, session)
}

/** [TO [PHYSICAL] PRIMARY | STANDBY] [WITH | WITHOUT SESSION SHUTDOWN] [WAIT | NOWAIT] */
function parseCommitToSwitchover(cursor: Cursor, instance: Instance, session: ServerSession): Action {
  let role: 'PRIMARY' | 'STANDBY' | undefined
  if (cursor.acceptWords('TO')) {
    if (cursor.isWord('LOGICAL')) throw unimplemented().at(cursor.at)
    cursor.acceptWords('PHYSICAL')
    role = cursor.acceptWords('PRIMARY') ? 'PRIMARY' : 'STANDBY'
    if (role === 'STANDBY') cursor.expectWord('STANDBY', invalid)
  }
  const endSessions = cursor.acceptWords('WITH', 'SESSION', 'SHUTDOWN')
  if (!endSessions) cursor.acceptWords('WITHOUT', 'SESSION', 'SHUTDOWN')
  if (!cursor.acceptWords('WAIT')) cursor.acceptWords('NOWAIT')
  return () => instance.switchover({ kind: 'commit', role: role ?? (instance.controlFile.type === 'STANDBY' ? 'PRIMARY' : 'STANDBY'), endSessions }, session)
}

function parseOpen(cursor: Cursor, instance: Instance): Action {
  const mode = cursor.acceptWords('READ', 'ONLY') ? 'READ ONLY' : 'READ WRITE'
  if (mode === 'READ WRITE') cursor.acceptWords('READ', 'WRITE')
  if (mode === 'READ WRITE' && cursor.acceptWords('UPGRADE')) return () => instance.open({ mode, upgrade: true })
  const resetlogs = cursor.acceptWords('RESETLOGS')
  if (!resetlogs) cursor.acceptWords('NORESETLOGS')
  if (resetlogs && mode === 'READ ONLY') throw invalid().at(cursor.at)
  return () => instance.open({ mode, resetlogs })
}

function parseRename(cursor: Cursor, instance: Instance): Action {
  if (!cursor.acceptWords('FILE')) throw invalid().at(cursor.at)
  const names = (): string[] => {
    const list: string[] = []
    do list.push(cursor.string(fileName))
    while (cursor.acceptOperator(','))
    return list
  }
  const from = names()
  cursor.expectWord('TO', () => ora(946, 'missing TO keyword'))
  const to = names()
  if (from.length !== to.length) throw fileName().at(cursor.at)
  return async () => {
    for (const [index, name] of from.entries()) await instance.renameFile(name, to[index] ?? name)
  }
}

async function setForceLogging(instance: Instance, on: boolean): Promise<void> {
  if (instance.controlFile.forceLogging === on) throw on ? ora(12920, 'database is already in force logging mode') : ora(12921, 'database is not in force logging mode')
  await instance.updateControlFile((data) => {
    data.forceLogging = on
  })
}

async function setLogMode(instance: Instance, mode: 'ARCHIVELOG' | 'NOARCHIVELOG'): Promise<void> {
  if (instance.status !== 'MOUNTED') throw ora(1126, 'database must be mounted in this instance and not open in any instance')
  await instance.updateControlFile((data) => {
    data.logMode = mode
  })
}

function fileReference(cursor: Cursor): string | number {
  return cursor.token.kind === 'number' ? cursor.integer(fileName) : cursor.string(fileName)
}

const nonexistent = (file: string | number) => ora(1516, `nonexistent log file, data file, or temporary file "${String(file)}"`)

function parseDatafile(cursor: Cursor, instance: Instance): Action {
  const files: (string | number)[] = []
  do files.push(fileReference(cursor))
  while (cursor.acceptOperator(','))
  const found = (): number[] => files.map((file) => {
    const record = instance.controlFile.datafiles.find((datafile) => datafile.file === file || datafile.name === file)
    if (record === undefined) throw nonexistent(file)
    return record.file
  })
  if (cursor.isWord('END')) throw unimplemented().at(cursor.at)
  if (cursor.acceptWords('RESIZE')) {
    const bytes = parseSize(cursor)
    return async () => { for (const file of found()) await instance.resizeDatafile(file, bytes) }
  }
  const autoextend = parseAutoextend(cursor)
  if (autoextend !== undefined) return async () => { for (const file of found()) await instance.setAutoextend(file, autoextend) }
  const online = cursor.acceptWords('ONLINE')
  if (!online) {
    cursor.expectWord('OFFLINE', invalid)
    if (!cursor.acceptWords('FOR', 'DROP')) cursor.acceptWords('DROP')
  }
  return async () => {
    for (const file of found()) await instance.setDatafileOnline(file, online)
  }
}

/** MOVE DATAFILE 'a' | n TO 'b' [REUSE] [KEEP], from 12.1 on. */
function parseMove(cursor: Cursor, instance: Instance): Action {
  if (!hasSince(instance.release, [12, 1])) throw invalid().at(cursor.at)
  const file = fileReference(cursor)
  cursor.expectWord('TO', () => ora(946, 'missing TO keyword'))
  const to = cursor.string(fileName)
  const reuse = cursor.acceptWords('REUSE')
  const keep = cursor.acceptWords('KEEP')
  return () => instance.moveDatafile(file, to, { reuse, keep })
}

function parseTempfile(cursor: Cursor, instance: Instance): Action {
  const file = fileReference(cursor)
  cursor.expectWord('DROP', invalid)
  const including = cursor.acceptWords('INCLUDING', 'DATAFILES')
  return async () => {
    const record = instance.controlFile.tempfiles.find((tempfile) => tempfile.file === file || tempfile.name === file)
    if (record === undefined) throw nonexistent(file)
    await instance.updateControlFile((data) => {
      data.tempfiles = data.tempfiles.filter((tempfile) => tempfile.file !== record.file)
    })
    if (including) await instance.removeFile(record.name)
  }
}
