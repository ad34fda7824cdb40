import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { flipBlock } from '../src/cli/flip-block.ts'
import { executeSql } from '../src/sql-engine.ts'
import { type TestLab, codesOf, makeLab, session } from './support/lab.ts'

let lab: TestLab
beforeEach(async () => { lab = await makeLab() })
afterEach(async () => { await lab.remove() })

/** Each case: what goes wrong, the codes a client gets, and how it is brought about. */
const cases: readonly (readonly [cause: string, codes: readonly string[], bring: () => Promise<unknown>])[] = [
  ['a datafile is gone at open', ['ORA-01157', 'ORA-01110'], async () => {
    const db = await lab.open()
    const { name } = db.controlFile.datafiles.find((file) => file.tablespace === 'USERS')!
    await db.shutdown('immediate')
    await rm(lab.host.real(name))
    const again = await lab.instance()
    await again.mount()
    await executeSql(again, session(again), 'alter database open')
  }],
  ['a block of a table is damaged', ['ORA-01578', 'ORA-01110'], async () => {
    const db = await lab.open()
    const s = session(db)
    await executeSql(db, s, 'create table broken (n number) tablespace users')
    await executeSql(db, s, 'insert into broken values (1)')
    await executeSql(db, s, 'commit')
    const { name } = db.controlFile.datafiles.find((file) => file.tablespace === 'USERS')!
    await db.shutdown('immediate')
    await flipBlock(lab.host.real(name), { seed: 1, labDir: undefined })
    const again = await lab.open()
    await executeSql(again, session(again), 'select * from broken')
  }],
  ['the control file is not there', ['ORA-00205'], () => lab.instanceWith(lab.host, 'none', { db_name: 'orcl', control_files: '/u01/none.ctl' }).mount()],
  ['a parameter says that the database is a CDB', ['ORA-65093'], async () => {
    const db = await lab.open()
    const files = db.parameters.get('control_files')!.value
    await db.shutdown('immediate')
    await lab.instanceWith(lab.host, 'cdb', { db_name: 'orcl', control_files: files, enable_pluggable_database: 'TRUE' }).mount()
  }],
  ['COMPATIBLE is lower than that of the control file', ['ORA-00201', 'ORA-00202'], async () => {
    const db = await lab.open()
    const files = db.parameters.get('control_files')!.value
    await db.shutdown('immediate')
    await lab.instanceWith(lab.host, 'old', { db_name: 'orcl', control_files: files, compatible: '11.2.0.0.0' }).mount()
  }],
  ['a row is changed in a database opened read only', ['ORA-16000'], async () => {
    const db = await lab.open()
    await executeSql(db, session(db), 'create table still (n number)')
    await db.shutdown('immediate')
    const again = await lab.instance()
    await again.mount()
    await again.open({ mode: 'READ ONLY' })
    await executeSql(again, session(again), 'insert into still values (1)')
  }],
  ['a table outgrows its tablespace', ['ORA-01653'], async () => {
    const db = await lab.open()
    const s = session(db)
    await executeSql(db, s, 'create tablespace tiny datafile size 64k')
    await executeSql(db, s, 'create table big (v varchar2(4000)) tablespace tiny')
    await executeSql(db, s, "insert into big select rpad('x', 3000, 'x') from dual connect by level <= 40")
    await executeSql(db, s, 'commit')
  }],
]

describe('errors by their causes', () => {
  it.each(cases)('%s', async (_cause, codes, bring) => {
    expect(await codesOf(bring())).toEqual(codes)
  }, 60_000)
})

