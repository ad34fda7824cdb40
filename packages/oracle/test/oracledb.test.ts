import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, createProcessRunner, silentLogger, systemClock } from '@icb/runtime'
import { createStage } from '@icb/testing'
import type { Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createOracledbSession, createSqlPlusSession, oracleEnvironment, progressOf, readInstance, readLongOperations } from '../src/index.ts'
import type { OracledbSessionOptions, SqlSession } from '../src/index.ts'

/** What only a connection of one's own has to prove: TLS, its end, time zones, work that is watched, and Thick mode. */

const runProcess = createProcessRunner({ clock: systemClock, logger: silentLogger })
const database = `n${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 })
let stage: Stage

const withDriver = (more: Partial<OracledbSessionOptions> = {}): SqlSession =>
  createOracledbSession({
    driver: 'thin', connectString: database, user: 'sys', tnsAdmin: join(stage.labDirectory, 'tns'), clock: systemClock, logger: silentLogger,
    password: () => Promise.resolve(new Secret(readFileSync(join(stage.labDirectory, 'tns', 'wallet', 'sys-password'), 'utf8').trim(), 'password of SYS')), ...more,
  })
const viaSqlplus = (): SqlSession => {
  const oracleHome = join(stage.labDirectory, 'hosts', 'prod', 'home')
  return createSqlPlusSession({ oracleHome, connect: `/@${database}`, runProcess, logger: silentLogger, env: oracleEnvironment({ oracleHome, home: join(stage.directory, 'home'), tnsAdmin: join(stage.labDirectory, 'tns') }) })
}
const identityOfSession = { name: 'this session', columns: { sid: 'number!', serial: 'number!' }, sql: "select sid, serial# from v$session where sid = sys_context('userenv', 'sid')" } as const

beforeAll(async () => {
  stage = await createStage({ database, labInit: ['--tls'] })
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
})

describe('TLS', () => {
  it('takes the wallet that it is told, or that the alias names', async () => {
    const tls = join(stage.labDirectory, 'tns', 'tls')
    const secure = withDriver({ connectString: `${database}_tls`, walletLocation: tls })
    expect(await readInstance(secure)).toMatchObject({ name: database })
    await secure.close()

    const tnsAdmin = join(stage.directory, 'tns-with-wallet')
    mkdirSync(tnsAdmin)
    const entry = /^\w+_TLS =\n[^]*?\n {2}\)\n/m.exec(readFileSync(join(stage.labDirectory, 'tns', 'tnsnames.ora'), 'utf8'))?.[0] ?? ''
    writeFileSync(join(tnsAdmin, 'tnsnames.ora'), entry.replace('(CONNECT_DATA', `(SECURITY = (MY_WALLET_DIRECTORY = ${tls}))(CONNECT_DATA`))
    const named = withDriver({ connectString: `${database}_tls`, tnsAdmin })
    expect(await readInstance(named)).toMatchObject({ name: database })
    await named.close()
  })

  it('does not talk to a server that its wallet does not trust, or without a wallet', async () => {
    const strange = join(stage.directory, 'strange-wallet')
    mkdirSync(strange)
    // The client's certificate and key, and nobody to trust.
    const [, own] = /^([^]*?-----END (?:EC )?PRIVATE KEY-----\n)/.exec(readFileSync(join(stage.labDirectory, 'tns', 'tls', 'ewallet.pem'), 'utf8')) ?? []
    writeFileSync(join(strange, 'ewallet.pem'), own ?? '')
    await expect(readInstance(withDriver({ connectString: `${database}_tls`, walletLocation: strange }))).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT' })
    await expect(readInstance(withDriver({ connectString: `${database}_tls` }))).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT' })
  })
})

describe('a connection that ends', () => {
  it('is made anew by the call behind the one that lost it, and nothing is executed twice', async () => {
    const session = withDriver()
    const other = viaSqlplus()
    await session.execute(['create table icb_once (n number)', 'insert into icb_once values (1)'])
    const [own] = await session.query(identityOfSession)
    await other.execute([`alter system kill session '${String(own?.sid)},${String(own?.serial)}' immediate`])
    await expect(session.execute(['insert into icb_once values (2)'])).rejects.toMatchObject({ code: 'ICB_ORACLE_CONNECT' })
    expect(await session.query({ name: 'rows', columns: { n: 'number!' }, sql: 'select n from icb_once' })).toEqual([{ n: 1 }])
    expect(await session.query(identityOfSession)).not.toEqual([own])
    await session.close()
  })

  it('leaves no session behind when it is closed', async () => {
    const session = withDriver()
    const [own] = await session.query(identityOfSession)
    const alive = async (): Promise<unknown> => viaSqlplus().query({ name: 'that session', columns: { status: 'text!' }, sql: 'select status from v$session where sid = :sid and serial# = :serial' }, { binds: { sid: own?.sid ?? 0, serial: own?.serial ?? 0 } })
    expect(await alive()).toEqual([{ status: 'INACTIVE' }])
    await session.close()
    await expect.poll(alive, { timeout: 20_000 }).toEqual([])
  })
})

it('a DATE is what the database wrote, in whatever zone this process lives', async () => {
  // 02:30 of this night does not exist in Berlin.
  vi.stubEnv('TZ', 'Europe/Berlin')
  expect(new Date(2026, 2, 29, 2, 30).getHours()).toBe(3)
  const session = withDriver()
  const columns = { date: 'date!', stamp: 'timestamptz!' } as const
  const sql = "select to_date('2026-03-29 02:30:00', 'yyyy-mm-dd hh24:mi:ss'), timestamp '2026-03-29 02:30:00.123 -05:00' from dual"
  expect(await session.query({ name: 'a time that is not here', columns, sql })).toEqual([{ date: '2026-03-29 02:30:00', stamp: '2026-03-29T02:30:00.123-05:00' }])
  expect(await session.query({ name: 'a time as a bind', columns: { date: 'date!' }, sql: "select to_date(:d, 'yyyy-mm-dd hh24:mi:ss') from dual" }, { binds: { d: '2026-03-29 02:30:00' } })).toEqual([{ date: '2026-03-29 02:30:00' }])
  await session.close()
  vi.unstubAllEnvs()
})

it('watches RMAN while it works', async () => {
  const session = withDriver()
  await session.execute(['alter system set "_lab_backup_rate"=4000000 scope=memory'])
  const backup = stage.rman('prod', `connect target /@${database}\nbackup as copy database format '${stage.areaPath}/%U';\nexit\n`)
  const seen: number[] = []
  try {
    await expect.poll(async () => {
      const progress = progressOf(await readLongOperations(session, { running: true }))
      if (progress !== undefined) seen.push(progress)
      return new Set(seen).size
    }, { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(3)
  } finally {
    await session.execute(['alter system set "_lab_backup_rate"=0 scope=memory'])
    expect(await backup).toMatchObject({ exitCode: 0 })
  }
  for (const progress of seen) expect(progress).toBeGreaterThanOrEqual(0)
  for (const progress of seen) expect(progress).toBeLessThan(1)
  await session.close()
})

describe('Thick mode where Oracle client libraries are missing', () => {
  it('says so, tells no secret, and leaves Thin mode of the same process as it was', async () => {
    const thin = withDriver()
    await readInstance(thin)
    const thick = withDriver({ driver: 'thick', password: () => Promise.resolve(new Secret('a-planted-password', 'password')) })
    const failure = await readInstance(thick).then(() => undefined, (error: unknown) => error)
    expect(failure).toMatchObject({ code: 'ICB_ORACLE_DRIVER', remedy: 'fix', details: { codes: ['DPI-1047'] } })
    expect(JSON.stringify(failure) + String((failure as Error).stack)).not.toContain('a-planted-password')
    // Each call tries again: the libraries may have been installed meanwhile.
    await expect(readInstance(thick)).rejects.toMatchObject({ code: 'ICB_ORACLE_DRIVER' })
    await thick.close()
    expect(await readInstance(thin)).toMatchObject({ name: database })
    await thin.close()
    const again = withDriver()
    expect(await readInstance(again)).toMatchObject({ name: database })
    await again.close()
  })

  it('a package that does not load is named', async () => {
    const directory = join(stage.directory, 'broken', 'node_modules', 'oracledb')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'index.js'), "throw new Error('this build is broken')\n")
    copyFileSync(join(import.meta.dirname, '..', 'package.json'), join(stage.directory, 'broken', 'package.json'))
    for (const driver of ['thin', 'thick'] as const) {
      await expect(readInstance(withDriver({ driver, moduleDirectories: [join(stage.directory, 'broken')] }))).rejects.toMatchObject({ code: 'ICB_ORACLE_DRIVER', message: expect.stringContaining('this build is broken') as unknown })
    }
  })
})
