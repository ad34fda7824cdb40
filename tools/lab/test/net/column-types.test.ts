import type { Connection } from 'oracledb'
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
