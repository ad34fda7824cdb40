import type { Connection } from 'oracledb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeNetLab, type NetLab } from '../support/net-lab.ts'

const patience = 60_000
vi.setConfig({ testTimeout: patience, hookTimeout: patience })

const codeOf = (promise: Promise<unknown>): Promise<string | undefined> => promise.then(() => undefined, (error: unknown) => (error as { readonly code?: string }).code ?? String(error))

describe('rows that two sessions want', () => {
  let net: NetLab
  let one: Connection
  let two: Connection

  const balances = async (): Promise<unknown> => (await one.execute('select id, balance from account order by id')).rows
  /** Whether it still waits after a while. */
  const waits = (promise: Promise<unknown>): Promise<boolean> => Promise.race([promise.then(() => false, () => false), new Promise<boolean>((resolve) => { setTimeout(resolve, 300, true) })])

  beforeAll(async () => {
    net = await makeNetLab()
    one = await net.connect()
    two = await net.connect()
    await one.execute('create table account (id number primary key, balance number)')
  })
  afterAll(async () => {
    await one.close()
    await two.close()
    await net.remove()
  })
  beforeEach(async () => {
    await one.executeMany('insert into account values (:1, :2)', [[1, 100], [2, 200]])
    await one.commit()
  })
  afterEach(async () => {
    await two.rollback()
    await one.execute('delete from account')
    await one.commit()
  })

  it('are changed one after the other, and no change is lost', async () => {
    await one.execute('update account set balance = balance + 10 where id = 1')
    const second = two.execute('update account set balance = balance + 5 where id = 1')
    expect(await waits(second)).toBe(true)
    // Another row is free.
    await one.execute('update account set balance = 0 where id = 2')
    await one.commit()
    expect((await second).rowsAffected).toBe(1)
    await two.commit()
    expect(await balances()).toEqual([[1, 115], [2, 0]])
  })

  it('are as they were after a rollback of the first', async () => {
    await one.execute('delete from account where id = 1')
    const second = two.execute('update account set balance = balance + 5 where id = 1')
    expect(await waits(second)).toBe(true)
    await one.rollback()
    expect((await second).rowsAffected).toBe(1)
  })

  it('no longer match the condition when the first has changed them', async () => {
    await one.execute('update account set balance = 0 where id = 1')
    const second = two.execute('update account set balance = 1 where balance = 100')
    expect(await waits(second)).toBe(true)
    await one.commit()
    expect((await second).rowsAffected).toBe(0)
  })

  it('are kept by FOR UPDATE, whatever it reads of them', async () => {
    await one.execute('select a.balance * 2 from account a, dual where a.id = 1 for update of a.balance')
    expect(await codeOf(two.execute('select id from account where id = 1 for update nowait'))).toBe('ORA-00054')
    expect(await codeOf(two.execute('select id from account for update wait 1'))).toBe('ORA-30006')
    await two.execute('select id from account where id = 2 for update nowait')
    const block = two.execute("declare b number; begin select balance into b from account where id = 1 for update; update account set balance = b + 1 where id = 1; end;")
    expect(await waits(block)).toBe(true)
    await one.execute('update account set balance = 500 where id = 1')
    await one.commit()
    await block
    await two.commit()
    expect(await balances()).toEqual([[1, 501], [2, 200]])
    expect(await codeOf(two.execute('select distinct id from account for update'))).toBe('ORA-01786')
    expect(await codeOf(two.execute('select id from account for update skip locked'))).toBe('ORA-03001')
  })

  it('make a deadlock known to one of the two', async () => {
    await one.execute('update account set balance = 1 where id = 1')
    await two.execute('update account set balance = 2 where id = 2')
    const first = one.execute('update account set balance = 1 where id = 2')
    expect(await waits(first)).toBe(true)
    expect(await codeOf(two.execute('update account set balance = 2 where id = 1'))).toBe('ORA-00060')
    await two.rollback()
    await first
    await one.rollback()
  })

  it('let a second one with the same key wait for what becomes of the first', async () => {
    await one.execute('insert into account values (3, 0)')
    const second = codeOf(two.execute('insert into account values (3, 0)'))
    expect(await waits(second)).toBe(true)
    await one.commit()
    expect(await second).toBe('ORA-00001')
    await one.execute('delete from account where id = 3')
    const third = codeOf(two.execute('insert into account values (3, 0)'))
    expect(await waits(third)).toBe(true)
    await one.commit()
    expect(await third).toBeUndefined()
  })

  it('are free again when the session that has them ends, and a wait ends with its call', async () => {
    const lost = await net.connect()
    await lost.execute('update account set balance = 7 where id = 1')
    two.callTimeout = 400
    expect(await codeOf(two.execute('update account set balance = 8 where id = 1'))).toBe('NJS-123')
    two.callTimeout = 0
    const { rows } = await one.execute<[number, number]>("select sid, serial# from v$session s where sid <> sys_context('userenv', 'sid') and exists (select 1 from dual) order by logon_time desc, sid desc")
    const [sid = 0, serial = 0] = rows?.[0] ?? []
    await one.execute(`alter system kill session '${String(sid)},${String(serial)}' immediate`)
    expect((await two.execute('update account set balance = 9 where id = 1')).rowsAffected).toBe(1)
    await two.rollback()
    await lost.close().catch(() => undefined)
  })
})
