import oracledb, { type Connection } from 'oracledb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeNetLab, type NetLab } from '../support/net-lab.ts'

const patience = 60_000
vi.setConfig({ testTimeout: patience })

/** Code, number and offset of the error of a promise. */
async function failure(promise: Promise<unknown>): Promise<{ code: string | undefined; number: number | undefined; offset: number | undefined; message: string }> {
  try {
    await promise
  } catch (error) {
    const { code, errorNum, offset, message } = error as oracledb.DBError
    return { code, number: errorNum, offset, message }
  }
  throw new Error('it did not fail')
}

describe.each(['12.1.0.2.0', '19.21.0.0.0'])('the published driver in Thin mode on release %s', (release) => {
  let net: NetLab
  let connection: Connection

  beforeAll(async () => {
    net = await makeNetLab({ release })
    connection = await net.connect()
    await connection.execute('create table t (n number, v varchar2(200), d date)')
  }, patience)
  afterAll(async () => {
    await connection.close()
    await net.remove()
  }, patience)

  it('says whom it has reached', () => {
    expect([connection.oracleServerVersionString, connection.dbName, connection.serviceName, connection.instanceName]).toEqual([release, 'ORCL', 'orcl', 'orcl'])
  })

  it('gives every type back', async () => {
    const { metaData, rows } = await connection.execute<unknown[]>(
      "select 'ü€😀' t, 1 one, -100 m, 123.456 f, date '2026-01-31' d, timestamp '2026-01-31 12:00:00.5 +02:00' z, null nothing, timestamp '2026-01-03 02:03:04' - timestamp '2026-01-02 00:00:00' i from dual",
      [], { fetchTypeHandler: (column) => (column.dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined) },
    )
    expect(metaData?.map((column) => column.name)).toEqual(['T', 'ONE', 'M', 'F', 'D', 'Z', 'NOTHING', 'I'])
    expect(rows).toEqual([['ü€😀', '1', '-100', '123.456', new Date(2026, 0, 31), new Date('2026-01-31T10:00:00.500Z'), null, expect.objectContaining({ days: 1, hours: 2, minutes: 3, seconds: 4 })]])
  })

  it('keeps NUMBERs that a double cannot hold', async () => {
    const { rows } = await connection.execute<string[]>(
      'select 18446744073709551615 a, 281474976710655 b, -18446744073709551615 c, 1e38 d from dual', [], { fetchTypeHandler: () => ({ type: oracledb.STRING }) },
    )
    expect(rows?.[0]?.slice(0, 2)).toEqual(['18446744073709551615', '281474976710655'])
    const bound = await connection.execute<[number, string]>('select :n, to_char(:n) from dual', { n: { val: 9007199254740991, type: oracledb.NUMBER } })
    expect(bound.rows?.[0]).toEqual([9007199254740991, '9007199254740991'])
  })

  it('takes binds by position and by name', async () => {
    const date = new Date(2026, 1, 3, 4, 5, 6)
    const named = await connection.execute<unknown[]>('select :a, :b, :a || :c, :d from dual', { a: 'x', b: 42, c: null, d: { val: date, type: oracledb.DB_TYPE_DATE } })
    expect(named.rows).toEqual([['x', '42', 'x', date].map((value, index) => (index === 1 ? 42 : value))])
    expect((await connection.execute("select ':no', name from v$datafile where file# = :1 /* :not */ and 1 = :2", [1, 1])).rows).toHaveLength(1)
    expect((await failure(connection.execute('select :a from dual', []))).code).toBe('NJS-098')
  })

  it('fetches beyond the array, in result sets and again from the statement cache', async () => {
    const many = 'select a.file# * 100 + b.file# from v$datafile a, v$datafile b, v$datafile c, v$datafile d order by 1'
    const once = await connection.execute<number[]>(many, [], { fetchArraySize: 7, prefetchRows: 3 })
    expect(once.rows).toHaveLength(256)
    expect((await connection.execute(many, [], { fetchArraySize: 1000 })).rows).toEqual(once.rows)
    expect((await connection.execute(many, [], { prefetchRows: 0, fetchArraySize: 300 })).rows).toEqual(once.rows)
    const { resultSet } = await connection.execute<number[]>(many, [], { resultSet: true, fetchArraySize: 10 })
    expect(await resultSet?.getRows(30)).toEqual(once.rows?.slice(0, 30))
    await resultSet?.close()
    expect((await connection.execute('select 1 from dual where 1 = 0')).rows).toEqual([])
  })

  it('fetches from cursors that PL/SQL opened', async () => {
    const cursor = { dir: oracledb.BIND_OUT, type: oracledb.CURSOR }
    const opened = await connection.execute<{ c: oracledb.ResultSet<unknown[]>; d: oracledb.ResultSet<unknown[]> }>("begin open :c for select level, 't' || level t from dual connect by level <= 250; open :d for select sysdate from dual where 1 = 0; end;", { c: cursor, d: cursor }, { prefetchRows: 10, fetchArraySize: 40 })
    expect(opened.outBinds?.c.metaData.map((column) => column.name)).toEqual(['LEVEL', 'T'])
    const rows = await opened.outBinds?.c.getRows()
    expect(rows?.length).toBe(250)
    expect(rows?.at(-1)).toEqual([250, 't250'])
    expect(await opened.outBinds?.d.getRows()).toEqual([])
    await opened.outBinds?.c.close()
    await opened.outBinds?.d.close()
    await expect(connection.execute('begin :c := null; end;', { c: cursor })).rejects.toThrow(/ORA-24338/)
    await expect(connection.execute("begin open :c for select to_clob('x') from dual; end;", { c: cursor })).rejects.toThrow(/ORA-03115/)
  })

  it('changes rows, commits and rolls back', async () => {
    const inserted = await connection.executeMany('insert into t values (:1, :2, :3)', [[1, 'one', new Date(2026, 0, 1)], [2, null, null], [3, 'é'.repeat(100), null]])
    expect(inserted.rowsAffected).toBe(3)
    expect(connection.transactionInProgress).toBe(true)
    await connection.commit()
    const other = await net.connect()
    expect((await other.execute('select count(*) from t')).rows).toEqual([[3]])
    expect((await connection.execute('delete from t where n > :1', [1])).rowsAffected).toBe(2)
    expect((await other.execute('select count(*) from t')).rows).toEqual([[3]])
    await connection.rollback()
    expect((await connection.execute('update t set v = :v where n = 2', { v: 'two' }, { autoCommit: true })).rowsAffected).toBe(1)
    expect((await other.execute('select n, v from t where n = 2')).rows).toEqual([[2, 'two']])
    // What a client has not committed goes with it.
    await other.execute('delete from t')
    await other.close()
    expect((await connection.execute('select count(*) from t')).rows).toEqual([[3]])
  })

  it('collects the errors of a batch', async () => {
    const result = await connection.executeMany('insert into t (n) values (:1 / :2)', [[1, 1], [1, 0], [1, 2]], { batchErrors: true, dmlRowCounts: true })
    expect(result.batchErrors?.map(({ offset, message }) => [offset, message.slice(0, 9)])).toEqual([[1, 'ORA-01476']])
    expect(result.dmlRowCounts).toEqual([1, 0, 1])
    await connection.rollback()
  })

  it('raises the errors of the database with their place', async () => {
    expect(await failure(connection.execute('select nope from dual'))).toMatchObject({ code: 'ORA-00904', number: 904, offset: 7 })
    expect(await failure(connection.execute('select * from nowhere'))).toMatchObject({ code: 'ORA-00942', number: 942, offset: 14 })
    expect(await failure(connection.execute('gibberish'))).toMatchObject({ code: 'ORA-00900' })
    // The connection lives on.
    await connection.ping()
  })

  it('describes a query without fetching', async () => {
    const { metaData } = await connection.getStatementInfo('select n, v, d from t where n = :1')
    expect(metaData?.map((column) => [column.name, column.dbTypeName])).toEqual([['N', 'NUMBER'], ['V', 'VARCHAR2'], ['D', 'DATE']])
  })

  it('knows what the client calls itself', async () => {
    connection.module = 'the module'
    connection.clientInfo = 'the info'
    const { rows } = await connection.execute("select sys_context('userenv', 'module'), sys_context('userenv', 'client_info') from dual")
    expect(rows).toEqual([['the module', 'the info']])
  })

  it('serves a pool', async () => {
    const pool = await oracledb.createPool({ user: 'sys', password: net.password, connectString: 'orcl', configDir: net.configDir, privilege: oracledb.SYSDBA, poolMin: 0, poolMax: 3, poolPingInterval: 0 })
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const one = await pool.getConnection()
        const { rows } = await one.execute<number[]>('select :1 from dual', [index])
        await one.close()
        return rows?.[0]?.[0]
      }),
    )
    expect(answers).toEqual(Array.from({ length: 12 }, (_, index) => index))
    await pool.close(0)
  })

  it('survives clients that go without a word', async () => {
    const rude = await net.connect()
    const sid = Number((await rude.execute<string[]>("select sys_context('userenv', 'sid') from dual")).rows?.[0]?.[0])
    expect(net.instance.sessions.has(sid)).toBe(true)
    await rude.execute('delete from t')
    ;(rude as unknown as { _impl: { nscon: { ntAdapter: { stream: { destroy(): void } } } } })._impl.nscon.ntAdapter.stream.destroy()
    await expect.poll(() => net.instance.sessions.has(sid), { timeout: patience }).toBe(false)
    expect((await connection.execute('select count(*) from t')).rows).toEqual([[3]])
  })

  it('lets only those in who know the password, and says no more than that', async () => {
    for (const attributes of [{ password: 'wrong' }, { user: 'nobody' }, { user: 'scott', normal: true }]) expect((await failure(net.connect(attributes))).code).toBe('ORA-01017')
    expect((await failure(net.connect({ normal: true }))).code).toBe('ORA-28009')
    const backup = await net.connect({ privilege: oracledb.SYSBACKUP })
    expect((await backup.execute('select user from dual')).rows).toEqual([['SYSBACKUP']])
    await backup.close()
  })

  it('gives the reason when a service cannot be reached', async () => {
    const port = /PORT = (\d+)/.exec((await import('node:fs')).readFileSync(`${net.configDir}/tnsnames.ora`, 'utf8'))?.[1] ?? ''
    expect((await failure(net.connect({ connectString: `127.0.0.1:${port}/other` }))).message).toContain('NJS-518')
    expect((await failure(net.connect({ connectString: `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${port}))(CONNECT_DATA=(SID=other)))` }))).message).toContain('NJS-519')
    expect((await failure(net.connect({ connectString: 'unknown' }))).code).toBe('NJS-517')
  })
})
