import { join } from 'node:path'
import { createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import { createStage } from '@icb/testing'
import type { Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createInstanceControl, createSqlPlusSession, oracleEnvironment, readArchiveDestinations, readArchivedLogs, readBackupPieces, readBlockCorruption, readChangeTracking, readControlFiles, readDatabaseClock,
  readDatafileCopies, readDatafileHeaders, readDatafiles, readDnfsServers, readDroppedFileCopies, readEdition, readFilesWithoutCopy, readFlashbackLogs, readGuaranteedRestorePoints, readIdentity, readIncarnations, readIncrements, readInstance, readLogHistory,
  readLogfiles, readMissingLogs, readOnlineLogs, readParameters, readPdbs, readRecoveryArea, readRmanConfiguration, readRmanSessions, readServerParameters, readTempfiles, readThreads, readTimezoneFileVersion,
} from '../src/index.ts'
import type { IdentityRow, SqlSession } from '../src/index.ts'

/** Every dictionary reader against a running database over SQL*Plus. */

const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
const database = `o${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const timeout = 120_000
const date = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/
let stage: Stage
let session: SqlSession
let identity: IdentityRow
let logDirectory: string

function connect(connectString: string, sid?: string): SqlSession {
  const oracleHome = join(stage.labDirectory, 'hosts', 'prod', 'home')
  return createSqlPlusSession({
    oracleHome, connect: connectString, runProcess, logger: silentLogger,
    env: oracleEnvironment({ oracleHome, home: join(stage.directory, 'home'), tnsAdmin: join(stage.labDirectory, 'tns'), ...(sid === undefined ? {} : { sid }) }),
  })
}

beforeAll(async () => {
  stage = await createStage({ database })
  logDirectory = `${stage.areaPath}/`
  session = connect(`/@${database}`)
  const rman = await stage.rman('prod', `connect target /@${database}
configure retention policy to recovery window of 2 days;
run {
allocate channel c1 device type disk format '${stage.areaPath}/%U';
backup incremental level 1 for recover of copy with tag 'image_copy_backup' database tag 'image_copy_incr';
}
sql 'alter system archive log current';
run {
allocate channel c1 device type disk format '${stage.areaPath}/%U';
backup incremental level 1 for recover of copy with tag 'image_copy_backup' database tag 'image_copy_incr';
}
exit
`)
  if (rman.exitCode !== 0) throw new Error(rman.stdout)
  await session.execute(['alter system archive log current'], {})
  identity = await readIdentity(session)
}, 180_000)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('identity', () => {
  it('of the database, its instance and its incarnation', async () => {
    expect(identity).toMatchObject({ dbid: BigInt(stage.dbid), name: database.toUpperCase(), role: 'PRIMARY', openMode: 'READ WRITE', logMode: 'ARCHIVELOG', cdb: false, controlfileType: 'CURRENT' })
    expect(identity.uniqueName.toLowerCase()).toBe(database)
    expect(identity.currentScn).toBeGreaterThanOrEqual(identity.checkpointScn)
    expect(identity.resetlogsTime).toMatch(date)
    const instance = await readInstance(session)
    expect(instance).toMatchObject({ name: database, release: expect.stringMatching(/^\d+(\.\d+){4}$/) as unknown, status: 'OPEN', thread: 1, databaseStatus: 'ACTIVE' })
    expect(await readIdentity(session, { release: instance.release })).toMatchObject({ dbid: identity.dbid })
    expect(await readIncarnations(session)).toMatchObject([{ status: 'CURRENT', resetlogsId: identity.resetlogsId, resetlogsScn: identity.resetlogsScn }])
  }, timeout)

  it('clock, edition, time zone file; no pluggable databases', async () => {
    const clock = await readDatabaseClock(session)
    expect(clock.sysdate).toMatch(date)
    expect(clock.utcOffset).toMatch(/^[+-]\d\d:\d\d$/)
    expect(Math.abs(Date.parse(clock.systimestamp) - Date.now())).toBeLessThan(60_000)
    expect(await readEdition(session)).toMatchObject({ enterprise: true })
    expect(await readTimezoneFileVersion(session)).toMatch(/^\d+$/)
    expect(await readPdbs(session)).toEqual([])
  }, timeout)
})

describe('files', () => {
  it('datafiles and their headers agree', async () => {
    const files = await readDatafiles(session, { cdb: false })
    expect(files.map((file) => [file.file, file.tablespace, file.status, file.enabled])).toEqual([[1, 'SYSTEM', 'SYSTEM', 'READ WRITE'], [2, 'SYSAUX', 'ONLINE', 'READ WRITE'], [3, 'UNDOTBS1', 'ONLINE', 'READ WRITE'], [4, 'USERS', 'ONLINE', 'READ WRITE']])
    for (const file of files) {
      expect(file.bytes).toBe(BigInt(file.blocks) * BigInt(file.blockSize))
      expect(file.lastScn).toBeNull()
    }
    const headers = await readDatafileHeaders(session)
    expect(headers.map((header) => [header.file, header.name])).toEqual(files.map((file) => [file.file, file.name]))
    expect(headers.every((header) => header.fuzzy === true && header.error === null && header.resetlogsScn === identity.resetlogsScn)).toBe(true)
    expect(await readBlockCorruption(session, { release: (await readInstance(session)).release })).toEqual([])
  }, timeout)

  it('logs, temp files, control files, change tracking, recovery area', async () => {
    const logs = await readOnlineLogs(session)
    expect(logs.filter((log) => log.status === 'CURRENT')).toMatchObject([{ thread: 1, archived: false }])
    expect((await readLogfiles(session)).map((file) => file.group).sort()).toEqual(logs.map((log) => log.group).sort())
    expect(await readThreads(session)).toMatchObject([{ thread: 1, status: 'OPEN', enabled: 'PUBLIC', sequence: Math.max(...logs.map((log) => log.sequence)) }])
    expect(await readTempfiles(session)).toMatchObject([{ file: 1 }])
    expect((await readControlFiles(session)).every((name) => name.startsWith('/u01/'))).toBe(true)
    expect(await readFlashbackLogs(session)).toEqual([])
    expect(await readGuaranteedRestorePoints(session)).toEqual([])
    expect(await readDnfsServers(session)).toEqual([])
    expect(await readChangeTracking(session)).toMatchObject({ status: 'DISABLED' })
    await session.execute(['alter database enable block change tracking'], {})
    const tracking = await readChangeTracking(session)
    expect(tracking).toMatchObject({ status: 'ENABLED' })
    expect(tracking.filename).toMatch(/^\/u01\//)
    const area = await readRecoveryArea(session)
    expect(area?.limitBytes).toBeGreaterThan(area?.usedBytes ?? 0n)
  }, timeout)

  it('parameters of memory and of the server parameter file', async () => {
    const [block, name] = await Promise.all([readParameters(session, { names: ['db_block_size'] }), readParameters(session, { names: ['db_name', 'no_such_parameter'] })])
    expect(block).toMatchObject([{ name: 'db_block_size', value: '8192' }])
    expect(name).toMatchObject([{ name: 'db_name' }])
    expect((await readParameters(session)).length).toBeGreaterThan(10)
    expect((await readServerParameters(session)).map((parameter) => parameter.name)).toContain('db_name')
  }, timeout)
})

describe('backups and logs', () => {
  it('image copies by tag, as RMAN writes it', async () => {
    const copies = await readDatafileCopies(session, { tag: 'image_copy_backup' })
    expect(copies.map((copy) => copy.file)).toEqual([1, 2, 3, 4])
    for (const copy of copies) {
      expect(copy).toMatchObject({ tag: 'IMAGE_COPY_BACKUP', status: 'A', resetlogsScn: identity.resetlogsScn })
      expect(copy.name.startsWith(logDirectory)).toBe(true)
      expect(copy.checkpointTime).toMatch(date)
    }
    expect(await readDatafileCopies(session, { tag: 'nobody' })).toEqual([])
    expect(await readDatafileCopies(session)).toHaveLength(4)
    expect(await readFilesWithoutCopy(session, { tag: 'image_copy_backup' })).toEqual([])
    await session.execute(['create tablespace later datafile size 1M'], {})
    expect(await readFilesWithoutCopy(session, { tag: 'image_copy_backup' })).toMatchObject([{ file: 5 }])
    await session.execute(['drop tablespace later including contents and datafiles'], {})
    expect(await readDroppedFileCopies(session, { tag: 'image_copy_backup' })).toEqual([])
  }, timeout)

  it('copies of dropped files, pieces, increments, settings', async () => {
    const pieces = await readBackupPieces(session, { tag: 'image_copy_incr' })
    expect(pieces.length).toBeGreaterThan(0)
    expect(pieces.every((piece) => piece.handle.startsWith(logDirectory))).toBe(true)
    expect(await readBackupPieces(session, { deviceType: 'SBT_TAPE' })).toEqual([])
    expect((await readIncrements(session, { days: 1 })).length).toBeGreaterThan(0)
    expect(await readRmanConfiguration(session)).toMatchObject([{ name: 'RETENTION POLICY', value: 'TO RECOVERY WINDOW OF 2 DAYS' }])
  }, timeout)

  it('archived logs form one chain, which the history confirms', async () => {
    const logs = await readArchivedLogs(session, { resetlogsId: identity.resetlogsId, available: true })
    expect(logs.length).toBeGreaterThan(1)
    logs.slice(1).forEach((log, index) => {
      expect({ sequence: log.sequence, firstScn: log.firstScn }).toEqual({ sequence: logs[index]!.sequence + 1, firstScn: logs[index]!.nextScn })
    })
    const last = logs.at(-1)!
    expect(await readArchivedLogs(session, { resetlogsId: identity.resetlogsId, fromScn: last.nextScn })).toEqual([])
    expect(await readArchivedLogs(session, { resetlogsId: identity.resetlogsId + 1n })).toEqual([])
    const history = await readLogHistory(session, { resetlogsScn: identity.resetlogsScn, fromScn: 0n })
    expect(history.map((log) => [log.sequence, log.firstScn])).toEqual(expect.arrayContaining(logs.map((log) => [log.sequence, log.firstScn])))
    const missing = await readMissingLogs(session, { directory: `${stage.areaPath}/archivelog/`, resetlogsId: identity.resetlogsId, fromScn: 0n })
    expect(missing.map((log) => log.sequence)).toEqual(logs.map((log) => log.sequence))
  }, timeout)

  it('archive destinations, of this and of all instances', async () => {
    const [one, all] = await Promise.all([readArchiveDestinations(session), readArchiveDestinations(session, { allInstances: true })])
    expect(one.filter((destination) => destination.status === 'VALID').length).toBeGreaterThan(0)
    expect(all.map((destination) => destination.destId)).toEqual(one.map((destination) => destination.destId))
  }, timeout)

  it('sessions of RMAN by their command id, while they last', async () => {
    expect(await readRmanSessions(session, { prefix: '' })).toEqual([])
    await session.execute(['alter system set "_lab_backup_rate"=2000000 scope=memory'], {})
    const work = stage.rman('prod', `connect target /@${database}\nset command id to 'abc-123';\nbackup validate database;\nexit\n`)
    await expect.poll(async () => (await readRmanSessions(session, { commandId: 'abc-123' })).length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0)
    expect(await readRmanSessions(session, { commandId: 'abc-12' })).toEqual([])
    await session.execute(['alter system set "_lab_backup_rate"=0 scope=memory'], {})
    expect((await work).exitCode).toBe(0)
    await expect.poll(() => readRmanSessions(session, { prefix: 'abc' }), { timeout: 60_000 }).toEqual([])
  }, timeout)
})

describe('errors', () => {
  it('of a statement carry Oracle codes and the statement never runs on', async () => {
    await expect(session.query({ name: 'no table', columns: { x: 'text' }, sql: 'select x from no_such_table' })).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: expect.arrayContaining(['ORA-00942']) as unknown } })
    await expect(session.execute(['alter system set no_such_parameter=1', 'create tablespace never datafile size 1M'], {})).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL' })
    expect((await readDatafiles(session, { cdb: false })).map((file) => file.tablespace)).not.toContain('NEVER')
  }, timeout)

  it('of a connection: an unknown identifier, an idle instance', async () => {
    await expect(readIdentity(connect('/@nowhere'))).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { codes: expect.arrayContaining(['ORA-12154']) as unknown } })
    await expect(readIdentity(connect('/', 'IDLE1'))).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { idle: true } })
  }, timeout)

  it('of a database that is not mounted: only its instance answers', async () => {
    const oracleHome = join(stage.labDirectory, 'hosts', 'prod', 'home')
    const control = createInstanceControl({ oracleHome, sid: database, runProcess, logger: silentLogger, env: oracleEnvironment({ oracleHome, sid: database, home: join(stage.directory, 'home') }) })
    await control.shutdown({ mode: 'immediate' })
    await expect(readIdentity(connect('/', database))).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { idle: true } })
    await control.startup({ mode: 'nomount' })
    expect(await readInstance(connect('/', database))).toMatchObject({ status: 'STARTED' })
    await expect(readIdentity(connect('/', database))).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: expect.arrayContaining(['ORA-01507']) as unknown } })
  }, timeout)
})
