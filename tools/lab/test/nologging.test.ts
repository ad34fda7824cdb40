import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkHistory } from '../src/cli/history-check.ts'
import { executeSql } from '../src/sql-engine.ts'
import { type BackedUpLab, backedUpLab } from './support/backed-up-lab.ts'
import { codesOf, session } from './support/lab.ts'

let lab: BackedUpLab
afterEach(async () => { await lab.remove() })

const load = async (): Promise<void> => {
  const s = session(lab.db)
  await executeSql(lab.db, s, "insert /*+ APPEND */ into bulk_load select level, rpad('x', 500, 'x') from dual connect by level <= 40")
  expect(await codesOf(executeSql(lab.db, s, 'select count(*) from bulk_load'))).toEqual(['ORA-12838'])
  await executeSql(lab.db, s, 'commit')
}

const recovered = async (target: bigint, options: Parameters<BackedUpLab['restored']>[0] = {}): ReturnType<BackedUpLab['restored']> => {
  const restored = await lab.restored(options)
  const output = await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`, restored.copy)
  expect(output).not.toContain('RMAN-00569')
  await restored.copy.open({ mode: 'READ ONLY' })
  return restored
}

describe.each([['11.2.0.4.0', 'v$database_block_corruption'], ['19.0.0.0.0', 'v$nonlogged_block']])('a direct load into a NOLOGGING table on %s', (release, view) => {
  beforeEach(async () => {
    lab = await backedUpLab({ release })
    await lab.sql('create table bulk_load (n number, text varchar2(500)) tablespace users nologging')
    await lab.backup()
  })

  it('is in the database and in later copies, but not in redo', async () => {
    await load()
    expect(await lab.sql('select count(*) from bulk_load')).toEqual([['40']])
    expect(await lab.sql("select logging from dba_tables where table_name = 'BULK_LOAD'")).toEqual([['NO']])
    const [[file, scn, time] = []] = await lab.sql('select file#, unrecoverable_change#, unrecoverable_time from v$datafile where unrecoverable_change# > 0')
    expect(file).toBe('4')
    expect(BigInt(scn ?? 0)).toBeGreaterThan(1_000_000n)
    expect(time).not.toBeNull()
    expect(await lab.rman('REPORT UNRECOVERABLE;\n')).toMatch(/^4 +full or incremental +\S/m)
    const target = await lab.point()

    const { copy } = await recovered(target)
    expect(await codesOf(lab.sql('select * from bulk_load', copy))).toEqual(['ORA-01578', 'ORA-01110', 'ORA-26040'])
    expect((await lab.sql('select count(*) from demo.orders', copy))[0]?.[0]).not.toBe('0')
    const validated = await lab.rman('BACKUP VALIDATE CHECK LOGICAL DATABASE;\n', copy)
    expect(validated).toMatch(/^4 +OK +[1-9]\d* /m)
    expect(validated).not.toContain('corrupt blocks')
    const [[marked, blocks, first] = []] = await lab.sql(`select file#, blocks, block# from ${view}`, copy)
    expect([marked, Number(blocks) > 1, Number(first) > 1]).toEqual(['4', true, true])
    if (view === 'v$nonlogged_block') expect(await lab.sql('select * from v$database_block_corruption', copy)).toEqual([])
    const name = copy.controlFile.datafiles.find((d) => d.file === 4)?.name ?? ''
    expect((await checkHistory(name, lab.lab.dir, target)).differences.length).toBe(Number(blocks))

    await lab.backup()
    expect(await lab.rman('REPORT UNRECOVERABLE;\n')).not.toMatch(/^4 +full/m)
    const later = await recovered(await lab.point())
    expect(await lab.sql('select count(*) from bulk_load', later.copy)).toEqual([['40']])
    expect((await checkHistory(later.copy.controlFile.datafiles.find((d) => d.file === 4)?.name ?? '', lab.lab.dir, later.copy.currentScn - 1n)).differences).toEqual([])
  }, 60_000)
})

describe('logging is what Oracle says it is', () => {
  it('where the database forces it, where the table asks for it, and for rows that are not loaded', async () => {
    lab = await backedUpLab()
    await lab.sql('create table bulk_load (n number, text varchar2(500)) tablespace users nologging')
    await lab.sql("insert into bulk_load values (0, 'conventional')")
    await lab.sql('alter database force logging')
    await load()
    await lab.sql('alter database no force logging')
    await lab.sql('alter table bulk_load logging')
    await load()
    expect(await lab.sql('select file# from v$datafile where unrecoverable_change# > 0')).toEqual([])
    await lab.sql('alter table bulk_load nologging')
    await load()
    expect(await lab.sql('select file# from v$datafile where unrecoverable_change# > 0')).toEqual([['4']])
  }, 60_000)

  it('and a crash loses nothing of what was loaded', async () => {
    lab = await backedUpLab()
    await lab.sql('create table bulk_load (n number, text varchar2(500)) tablespace users nologging')
    await load()
    await lab.sql("update bulk_load set text = 'changed' where n = 7")
    await lab.db.shutdown('abort')
    const again = await lab.lab.open()
    expect(await lab.sql('select count(*) from bulk_load', again)).toEqual([['40']])
  }, 60_000)
})
