import oracledb, { type Connection } from 'oracledb'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeNetLab, type NetLab } from '../support/net-lab.ts'

const patience = 60_000
vi.setConfig({ testTimeout: patience, hookTimeout: patience })

const codeOf = (promise: Promise<unknown>): Promise<string | undefined> => promise.then(() => undefined, (error: unknown) => (error as oracledb.DBError).code ?? String(error))

describe('sessions over the net', () => {
  let net: NetLab
  let connection: Connection

  beforeAll(async () => {
    net = await makeNetLab({ release: '19.21.0.0.0', tls: true, pdbs: ['SALES'] })
    connection = await net.connect()
  })
  afterAll(async () => {
    await connection.close()
    await net.remove()
  })

  it('run PL/SQL with binds in and out', async () => {
    const { outBinds } = await connection.execute<Record<string, unknown>>(
      "begin :twice := :n * 2; :both := :both || ' and ' || :n; :day := date '2026-01-31'; end;",
      {
        n: 21, both: { val: 'in', dir: oracledb.BIND_INOUT, maxSize: 100 }, twice: { type: oracledb.NUMBER, dir: oracledb.BIND_OUT }, day: { type: oracledb.DATE, dir: oracledb.BIND_OUT },
      },
    )
    expect(outBinds).toEqual({ both: 'in and 21', twice: 42, day: new Date(2026, 0, 31) })
    expect(await codeOf(connection.execute('begin :short := lpad(:long, 50); end;', { long: 'x', short: { type: oracledb.STRING, dir: oracledb.BIND_OUT, maxSize: 10 } }))).toBe('ORA-06502')
    expect(await codeOf(connection.execute("begin raise_application_error(-20001, 'mine'); end;"))).toBe('ORA-20001')
    expect(await codeOf(connection.execute('begin nonsense; end;'))).toBe('ORA-06550')
  })

  it('return values of changed rows', async () => {
    await connection.execute('create table r (n number, v varchar2(20))')
    await connection.executeMany('insert into r values (:1, :2)', [[1, 'a'], [2, 'b'], [3, 'c']])
    const { outBinds } = await connection.execute('update r set n = n * 10 where n > :low returning n, v into :n, :v', {
      low: 1, n: { type: oracledb.NUMBER, dir: oracledb.BIND_OUT }, v: { type: oracledb.STRING, dir: oracledb.BIND_OUT },
    })
    expect(outBinds).toEqual({ n: [20, 30], v: ['b', 'c'] })
    await connection.rollback()
  })

  it('carry CLOBs, whole and in pieces', async () => {
    const long = 'Ünïcode 😀 '.repeat(6000)
    await connection.execute('create table c (n number, body clob)')
    await connection.execute('insert into c values (1, :body)', { body: { val: long, type: oracledb.CLOB } })
    await connection.execute('insert into c values (2, :body)', { body: 'short' })
    await connection.execute('insert into c values (3, null)')
    await connection.commit()
    const asText = await connection.execute<[number, string | null]>('select n, body from c order by n', [], { fetchTypeHandler: (column) => (column.dbType === oracledb.DB_TYPE_CLOB ? { type: oracledb.STRING } : undefined) })
    expect(asText.rows).toEqual([[1, long], [2, 'short'], [3, null]])
    const asLob = await connection.execute<[oracledb.Lob]>('select body from c where n = 1')
    const lob = asLob.rows?.[0]?.[0]
    expect(lob?.length).toBe(long.length)
    expect(await lob?.getData()).toBe(long)
  })

  it('stop waiting when the client breaks off', async () => {
    connection.callTimeout = 200
    expect(await codeOf(connection.execute('begin dbms_session.sleep(30); end;'))).toBe('NJS-123')
    connection.callTimeout = 0
    const sleeping = codeOf(connection.execute('begin dbms_session.sleep(30); end;'))
    await connection.break()
    expect(await sleeping).toBe('ORA-01013')
    expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
  })

  it('end when an administrator kills them', async () => {
    const victim = await net.connect()
    const [[sid, serial] = []] = (await victim.execute<[number, number]>("select sid, serial# from v$session where sid = to_number(sys_context('userenv', 'sid'))")).rows ?? []
    await connection.execute(`alter system kill session '${String(sid)},${String(serial)}' immediate`)
    expect(await codeOf(victim.execute('select 1 from dual'))).toBe('NJS-500')
  })

  it('are let in as users of the database, with what they were granted', async () => {
    await connection.execute('create user c##dba identified by "Secret1"')
    const credentials = { user: 'c##dba', password: 'Secret1', normal: true }
    expect(await codeOf(net.connect(credentials))).toBe('ORA-01045')
    await connection.execute('grant create session to c##dba')
    const user = await net.connect(credentials)
    expect((await user.execute('select user from dual')).rows).toEqual([['C##DBA']])
    await user.close()
    expect(await codeOf(net.connect({ ...credentials, normal: false }))).toBe('ORA-01017')
    await connection.execute('grant sysbackup to c##dba')
    await (await net.connect({ ...credentials, privilege: oracledb.SYSBACKUP })).close()
    await connection.execute('alter user c##dba account lock')
    expect(await codeOf(net.connect(credentials))).toBe('ORA-28000')
  })

  it('reach a PDB by its service', async () => {
    await expect.poll(async () => codeOf(net.connect({ connectString: `127.0.0.1:${String(net.port)}/sales` }).then((pdb) => pdb.close())), { timeout: patience }).toBeUndefined()
    const pdb = await net.connect({ connectString: `127.0.0.1:${String(net.port)}/sales` })
    expect((await pdb.execute("select sys_context('userenv', 'con_name') from dual")).rows).toEqual([['SALES']])
    await pdb.close()
  })

  it('can be encrypted', async () => {
    const secure = await net.connect({ connectString: 'orcl_tls', walletLocation: path.join(net.configDir, 'tls') })
    expect((await secure.execute('select 1 from dual')).rows).toEqual([[1]])
    await secure.close()
    expect(await codeOf(net.connect({ connectString: 'orcl_tls' }))).toMatch(/^NJS-/)
  })

  it('cannot begin without a listener, and go on without one', async () => {
    net.stopListener()
    expect(await codeOf(net.connect())).toMatch(/NJS-5/)
    expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
  })
})
