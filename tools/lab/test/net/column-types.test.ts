import oracledb, { type Connection } from 'oracledb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeNetLab, type NetLab } from '../support/net-lab.ts'

const patience = 60_000
vi.setConfig({ testTimeout: patience, hookTimeout: patience })

describe('columns as they were declared', () => {
  let net: NetLab
  let connection: Connection

  beforeAll(async () => {
    net = await makeNetLab()
    connection = await net.connect()
    await connection.execute('create table declared (id number(8) not null, price number(10,2), free number, plain timestamp, short timestamp(1), zoned timestamp with time zone, own timestamp with local time zone, ratio binary_double)')
    await connection.execute("alter session set time_zone = '+02:00'")
    await connection.execute("insert into declared values (1, 1.236, 0.1, timestamp '2026-01-02 03:04:05.123', timestamp '2026-01-02 23:59:59.960', timestamp '2026-01-02 03:04:05 -05:00', timestamp '2026-01-02 03:04:05 -05:00', 2.5)")
  })
  afterAll(async () => {
    await connection.close()
    await net.remove()
  })

  it('are described so', async () => {
    const { metaData = [] } = await connection.execute('select * from declared')
    expect(metaData.map(({ name, dbTypeName, nullable, precision, scale }) => [name, dbTypeName, nullable, precision, scale])).toEqual([
      ['ID', 'NUMBER', false, 8, 0],
      ['PRICE', 'NUMBER', true, 10, 2],
      ['FREE', 'NUMBER', true, 0, -127],
      ['PLAIN', 'TIMESTAMP', true, 6, undefined],
      ['SHORT', 'TIMESTAMP', true, 6, undefined],
      ['ZONED', 'TIMESTAMP WITH TIME ZONE', true, 6, undefined],
      ['OWN', 'TIMESTAMP WITH TIME ZONE', true, 6, undefined],
      ['RATIO', 'NUMBER', true, 0, -127],
    ])
    const { rows } = await connection.execute("select data_type from user_tab_columns where table_name = 'DECLARED' order by column_id")
    expect(rows?.flat()).toEqual(['NUMBER', 'NUMBER', 'NUMBER', 'TIMESTAMP(6)', 'TIMESTAMP(1)', 'TIMESTAMP(6) WITH TIME ZONE', 'TIMESTAMP(6) WITH LOCAL TIME ZONE', 'BINARY_DOUBLE'])
  })

  it('give a clock without a zone, or a moment', async () => {
    const { rows } = await connection.execute('select plain, short, zoned, own from declared')
    expect(rows).toEqual([[new Date(2026, 0, 2, 3, 4, 5, 123), new Date(2026, 0, 3, 0, 0, 0), new Date('2026-01-02T08:04:05Z'), new Date('2026-01-02T08:04:05Z')]])
    const text = await connection.execute("select '' || plain, '' || zoned from declared")
    expect(text.rows).toEqual([['02-JAN-26 03.04.05.123000 AM', '02-JAN-26 03.04.05.000000 AM -05:00']])
  })

  it('of months are intervals', async () => {
    const { rows } = await connection.execute("select interval '2-3' year to month, interval '-1-2' year to month from dual")
    expect(rows?.[0]).toEqual([expect.objectContaining({ years: 2, months: 3 }), expect.objectContaining({ years: -1, months: -2 })])
  })
})

describe('bytes', () => {
  let net: NetLab
  let connection: Connection

  beforeAll(async () => {
    net = await makeNetLab()
    connection = await net.connect()
    await connection.execute('create table bytes (id number primary key, short raw(4), body blob)')
  })
  afterAll(async () => {
    await connection.close()
    await net.remove()
  })

  it('come back as they went in', async () => {
    const long = Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7) % 256))
    await connection.execute('insert into bytes values (1, :short, :long)', { short: Buffer.from([0, 255, 16]), long })
    await connection.execute("insert into bytes values (2, hextoraw('abc'), null)")
    const { rows, metaData = [] } = await connection.execute<[number, Buffer, Buffer | null]>('select id, short, body from bytes order by id', [], { fetchTypeHandler: (column) => (column.dbType === oracledb.DB_TYPE_BLOB ? { type: oracledb.BUFFER } : undefined) })
    expect(metaData.map(({ dbTypeName, byteSize }) => [dbTypeName, byteSize])).toEqual([['NUMBER', undefined], ['RAW', 4], ['BLOB', undefined]])
    expect(rows?.[0]?.[1]).toEqual(Buffer.from([0, 255, 16]))
    expect(rows?.[0]?.[2]?.equals(long)).toBe(true)
    expect(rows?.[1]?.slice(1)).toEqual([Buffer.from([10, 188]), null])
    expect((await connection.execute('select rawtohex(short), length(body) from bytes where id = 1')).rows).toEqual([['00FF10', 20_000]])
    await connection.execute('create table others as select * from bytes')
    expect((await connection.execute('select length(body) from others where id = 1')).rows).toEqual([[20_000]])
    expect((await connection.execute("select data_type, data_length from user_tab_columns where table_name = 'OTHERS' and column_id > 1 order by column_id")).rows).toEqual([['RAW', 4], ['BLOB', 4000]])
  })

  it('are refused where they are no bytes, too many, or nothing that can hold them', async () => {
    const codeOf = (sql: string): Promise<string> => connection.execute(sql).then(() => 'none', (error: unknown) => (error as { readonly code: string }).code)
    expect(await codeOf("insert into bytes (id, short) values (3, 'no hex')")).toBe('ORA-01465')
    expect(await codeOf("insert into bytes (id, short) values (3, '0102030405')")).toBe('ORA-12899')
    expect(await codeOf("select id from bytes where body like 'A%'")).toBe('ORA-00932')
    expect(await codeOf('declare n number; begin for r in (select * from bytes) loop n := r.id; end loop; end;')).toBe('ORA-06550')
  })
})

it('a session tells who it works for', async () => {
  const net = await makeNetLab()
  try {
    const connection = await net.connect()
    Object.assign(connection, { clientId: 'someone', module: 'orders', action: 'close' })
    const { rows } = await connection.execute("select sys_context('userenv', 'client_identifier'), s.module, s.action, s.client_identifier from v$session s where s.sid = sys_context('userenv', 'sid')")
    expect(rows).toEqual([['someone', 'orders', 'close', 'someone']])
    await connection.execute("begin dbms_application_info.set_action('open'); dbms_session.clear_identifier; end;")
    expect((await connection.execute("select sys_context('userenv', 'client_identifier'), sys_context('userenv', 'action') from dual")).rows).toEqual([[null, 'open']])
    await connection.close()
  } finally {
    await net.remove()
  }
})
