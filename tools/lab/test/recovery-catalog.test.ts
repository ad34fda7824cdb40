import { describe, expect, it } from 'vitest'
import { type CatalogSession, RecoveryCatalog } from '../src/rman/client/recovery-catalog.ts'
import { executeSql } from '../src/sql-engine.ts'
import type { LabInstance } from '../src/engine/instance.ts'
import { codesOf, makeLab } from './support/lab.ts'

function sessionOf(instance: LabInstance, user: string): CatalogSession {
  const session = instance.logon(user, 'rman')
  return { query: async (text) => (await executeSql(instance, session, text)).rows ?? [], close: () => { instance.closeSession(session.sid) } }
}

describe('a recovery catalog', () => {
  it('knows the databases that are registered, as they were at the last resync', async () => {
    const [lab, other] = [await makeLab(), await makeLab()]
    try {
      const target = sessionOf(await lab.open(), 'SYS')
      const database = await other.open()
      const dba = sessionOf(database, 'SYS')
      await dba.query('create user rman identified by secret default tablespace users')
      await dba.query('grant unlimited tablespace, create session, create table to rman')
      const owner = sessionOf(database, 'RMAN')
      const catalog = new RecoveryCatalog(owner)
      const lines: string[] = []
      const emit = (line: string): void => { lines.push(line) }
      expect(await codesOf(catalog.resync(target, emit))).toEqual(['RMAN-06428'])
      await catalog.create()
      expect(await codesOf(catalog.resync(target, emit))).toEqual(['RMAN-20001'])
      await catalog.register(target, emit)
      expect(lines).toEqual(['database registered in recovery catalog', 'starting full resync of recovery catalog', 'full resync complete'])
      expect(await owner.query('select dbid, name from rc_database')).toEqual([[String(lab.dbid), 'ORCL']])
      expect(await codesOf(catalog.register(target, emit))).toEqual(['RMAN-20002'])
      await target.query('alter system archive log current')
      await catalog.resync(target, emit)
      expect(await owner.query('select count(*) from rc_archived_log')).toEqual([['1']])
      expect(await owner.query('select count(*) from rc_resync')).toEqual([['2']])
      await catalog.unregister(target, emit)
      expect(await owner.query('select count(*) from rc_database')).toEqual([['0']])
    } finally {
      await lab.remove()
      await other.remove()
    }
  })
})
