import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Secret, createProcessRunner, isIcbError, silentLogger, systemClock } from '@icb/runtime'
import { createStage } from '@icb/testing'
import type { Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createOracledbSession, createSqlPlusSession, isAtLeast, oracleEnvironment, readArchiveDestinations, readArchivedLogs, readChangeTracking, readControlFiles, readDatafileCopies, readDatafileHeaders, readDatafiles, readIdentity,
  readIncarnations, readInstance, readLogfiles, readLongOperations, readOnlineLogs, readParameters, readPdbs, readRecoveryArea, readRmanClients, readRmanConfiguration, readTempfiles, readThreads, withFallback,
} from '../src/index.ts'
import type { OracledbSessionOptions, SqlSession, TypedQuery } from '../src/index.ts'

/** The same queries and the same answers, whatever carries them: SQL*Plus and node-oracledb side by side on one database. */

const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
const everyProfile = ['11.2.0.4', '12.1.0.2', '12.1.0.2-cdb', '19c', '19c-cdb', '23ai']
const profiles = process.env['ICB_ALL_PROFILES'] === '1' ? everyProfile : ['19c']
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 })

/** Answers of all readers that do not change between two questions. */
const readers: Readonly<Record<string, (session: SqlSession, release: string) => Promise<unknown>>> = {
  identity: async (session, release) => ({ ...(await readIdentity(session, { release })), currentScn: 0n, checkpointScn: 0n, controlfileTime: null }),
  incarnations: (session) => readIncarnations(session),
  instance: (session) => readInstance(session),
  pdbs: async (session, release) => (isAtLeast(release, 12, 1) ? readPdbs(session) : []),
  datafiles: async (session, release) => readDatafiles(session, { cdb: (await readIdentity(session, { release })).cdb }),
  headers: (session) => readDatafileHeaders(session),
  copies: (session) => readDatafileCopies(session),
  logs: (session) => readOnlineLogs(session),
  logfiles: (session) => readLogfiles(session),
  threads: async (session) => (await readThreads(session)).map(({ thread, status, enabled }) => ({ thread, status, enabled })),
  tempfiles: (session) => readTempfiles(session),
  'control files': (session) => readControlFiles(session),
  'change tracking': (session) => readChangeTracking(session),
  'recovery area': (session) => readRecoveryArea(session),
  destinations: (session) => readArchiveDestinations(session),
  parameters: (session) => readParameters(session),
  'RMAN clients': (session) => readRmanClients(session),
  'RMAN configuration': (session) => readRmanConfiguration(session),
  'archived logs': async (session, release) => readArchivedLogs(session, { resetlogsId: (await readIdentity(session, { release })).resetlogsId }),
}

describe.each(profiles)('drivers on the profile %s', (profile) => {
  const database = `d${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
  let stage: Stage
  let sqlplus: SqlSession
  let thin: SqlSession

  const withDriver = (more: Partial<OracledbSessionOptions> = {}): SqlSession =>
    createOracledbSession({
      driver: 'thin', connectString: database, user: 'sys', tnsAdmin: join(stage.labDirectory, 'tns'), clock: systemClock, logger: silentLogger,
      password: () => Promise.resolve(new Secret(readFileSync(join(stage.labDirectory, 'tns', 'wallet', 'sys-password'), 'utf8').trim(), 'password of SYS')), ...more,
    })
  const viaSqlplus = (connect: string): SqlSession => {
    const oracleHome = join(stage.labDirectory, 'hosts', 'prod', 'home')
    return createSqlPlusSession({ oracleHome, connect, runProcess, logger: silentLogger, env: oracleEnvironment({ oracleHome, home: join(stage.directory, 'home'), tnsAdmin: join(stage.labDirectory, 'tns') }) })
  }
  beforeAll(async () => {
    stage = await createStage({ database, labInit: ['--profile', profile] })
    sqlplus = viaSqlplus(`/@${database}`)
    thin = withFallback(withDriver(), () => viaSqlplus(`/@${database}`), silentLogger)
    await sqlplus.execute(['alter system archive log current', 'create table icb_t (n number, v varchar2(200), d date)'])
  })
  afterAll(async () => {
    await (thin as SqlSession | undefined)?.close()
    await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  })

  it('read the same from the dictionary', async () => {
    const { release } = await readInstance(sqlplus)
    const all = async (session: SqlSession): Promise<unknown> => Object.fromEntries(await Promise.all(Object.entries(readers).map(async ([name, read]) => [name, await read(session, release)] as const)))
    // A checkpoint may fall between two questions.
    await expect.poll(async () => {
      const [one, other] = [await all(thin), await all(sqlplus)]
      return isDeepStrictEqual(one, other) ? 'the same' : [one, other]
    }, { timeout: 100_000 }).toBe('the same')
    expect(thin.driver).toBe(profile === '11.2.0.4' ? 'sqlplus' : 'thin')
  })

  const everything = { number: 'number!', small: 'number!', scn: 'scn!', text: 'text', nothing: 'text', date: 'date', stamp: 'timestamptz', flag: 'yesno', bound: 'text', big: 'scn!', whole: 'number!' } as const
  const query: TypedQuery<typeof everything> = {
    name: 'everything', columns: everything,
    sql: "select -1.5, 0.001, 18446744073709551615, 'ü|\\ \"€ ' || chr(10) || 'x', null, to_date('2026-03-29 02:30:00', 'yyyy-mm-dd hh24:mi:ss'), timestamp '2026-03-29 02:30:00.123 +02:00', 'YES', :text, :scn, :count from dual",
  }
  const binds = { text: "it's :not a bind -- \n€", scn: 281_474_976_710_655n, count: -3 }
  const expected = {
    number: -1.5, small: 0.001, scn: 18_446_744_073_709_551_615n, text: 'ü|\\ "€ \nx', nothing: null, date: '2026-03-29 02:30:00', stamp: '2026-03-29T02:30:00.123+02:00', flag: true, bound: binds.text, big: binds.scn, whole: -3,
  }

  describe.each(['sqlplus', 'thin'] as const)('%s', (name) => {
    const session = (): SqlSession => (name === 'thin' ? thin : sqlplus)

    it('gives every type exactly, and takes binds', async () => {
      expect(await session().query(query, { binds })).toEqual([expected])
    })

    it('commits what it executed, all or nothing', async () => {
      const count = async (): Promise<number> => (await session().query({ name: 'count', columns: { n: 'number!' }, sql: 'select count(*) from icb_t' }))[0]?.n ?? -1
      const before = await count()
      await session().execute(['insert into icb_t (n, v) values (:n, :v)', 'insert into icb_t (n) values (:n)'], { binds: { n: 1, v: 'one' } })
      expect(await count()).toBe(before + 2)
      await expect(session().execute(['insert into icb_t (n) values (3)', 'insert into no_such_table values (1)'])).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: expect.arrayContaining(['ORA-00942']) as unknown } })
      expect(await count()).toBe(before + 2)
    })

    it('says what was wrong', async () => {
      await expect(session().query({ name: 'nothing there', columns: { x: 'text' }, sql: 'select x from no_such_table' })).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: ['ORA-00942'] } })
      await expect(session().query({ name: 'null', columns: { x: 'text!' }, sql: 'select null from dual' })).rejects.toMatchObject({ code: 'ICB_ORACLE_PROTOCOL' })
      await expect(session().query({ name: 'two', columns: { x: 'text' }, sql: "select 'a', 'b' from dual" })).rejects.toMatchObject({ code: 'ICB_ORACLE_SQL', details: { codes: ['ORA-32038'] } })
      await expect(session().query({ name: 'unbound', columns: { x: 'text' }, sql: 'select :x from dual' })).rejects.toMatchObject({ code: 'ICB_ORACLE_STATEMENT' })
      await expect(session().query({ name: 'unused', columns: { x: 'text' }, sql: 'select 1 from dual' }, { binds: { x: 1 } })).rejects.toMatchObject({ code: 'ICB_ORACLE_STATEMENT' })
      await expect(session().execute(['host rm -rf x'])).rejects.toMatchObject({ code: 'ICB_ORACLE_STATEMENT' })
    })

    it('answers questions that are asked at once', async () => {
      const answers = await Promise.all(Array.from({ length: 5 }, (_, index) => session().query({ name: 'n', columns: { n: 'number!' }, sql: 'select :n from dual' }, { binds: { n: index } })))
      expect(answers).toEqual([0, 1, 2, 3, 4].map((n) => [{ n }]))
    })

    it('stops when it is told to, and before it begins', async () => {
      await expect(session().query(query, { binds, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
      expect(await session().query(query, { binds })).toEqual([expected])
    })

    it('shows the progress of RMAN', async () => {
      expect(await readLongOperations(session(), { running: true })).toEqual([])
    })
  })

  if (profile === '11.2.0.4') {
    it('is too old for Thin alone, which says so', async () => {
      await expect(readInstance(withDriver())).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { codes: expect.arrayContaining(['NJS-138']) as unknown } })
    })
    return
  }

  it('a call that takes too long is broken off, and the session works on', async () => {
    const session = withDriver()
    expect(await readInstance(session)).toMatchObject({ name: database })
    await stage.lab(['fault', 'archive-destination', stage.labDirectory, database, '--hang'])
    try {
      await expect(session.execute(['alter system archive log current'], { deadlineMs: 300 })).rejects.toMatchObject({ code: 'ICB_ORACLE_TIMEOUT' })
      const stop = new AbortController()
      const waiting = expect(session.execute(['alter system archive log current'], { signal: stop.signal })).rejects.toThrow('stopped')
      stop.abort(new Error('stopped'))
      await waiting
    } finally {
      await stage.lab(['fault', 'archive-destination', stage.labDirectory, database, '--clear'])
    }
    expect(await readInstance(session)).toMatchObject({ name: database })
    await session.close()
    await expect(readInstance(session)).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT' })
  })

  it('says why it cannot connect', async () => {
    const codes = (session: SqlSession): Promise<unknown> => readInstance(session).then(() => undefined, (error: unknown) => (isIcbError(error) ? error.details['codes'] : String(error)))
    expect(await codes(withDriver({ connectString: 'nowhere' }))).toContain('ORA-12154')
    expect(await codes(withDriver({ user: 'nobody' }))).toContain('ORA-01017')
    const secret = 'a-planted-password'
    const failure = await readInstance(withDriver({ password: () => Promise.resolve(new Secret(secret, 'password')) })).then(() => undefined, (error: unknown) => error)
    expect(failure).toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { codes: ['ORA-01017'], idle: false } })
    expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain(secret)
    await stage.lab(['listener', 'stop', stage.labDirectory])
    try {
      expect(await codes(withDriver())).toContain('ORA-12541')
      await expect(readInstance(viaSqlplus(`/@${database}`))).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT', details: { codes: expect.arrayContaining(['ORA-12541']) as unknown } })
    } finally {
      await stage.lab(['listener', 'start', stage.labDirectory])
    }
    expect(await readInstance(thin)).toMatchObject({ name: database })
  })
})
