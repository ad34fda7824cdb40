import { afterEach, describe, expect, it } from 'vitest'
import type { LabInstance } from '../src/engine/instance.ts'
import { executeSql } from '../src/sql-engine.ts'
import { type TestLab, codesOf, makeLab, session } from './support/lab.ts'

let lab: TestLab
afterEach(async () => { await lab.remove() })

describe('a container database', () => {
  const rows = async (instance: LabInstance, as: ReturnType<typeof session>, text: string): Promise<unknown> => (await executeSql(instance, as, text)).rows

  it('has a read-only seed and PDBs with files, tables and tablespaces of their own', async () => {
    lab = await makeLab({ pdbs: ['PDB1', 'PDB2'] })
    const instance = await lab.open()
    const sys = session(instance)
    const sql = (text: string): Promise<unknown> => rows(instance, sys, text)
    expect(await sql('select con_id, name, open_mode from v$containers order by 1')).toEqual([['1', 'CDB$ROOT', 'READ WRITE'], ['2', 'PDB$SEED', 'READ ONLY'], ['3', 'PDB1', 'READ WRITE'], ['4', 'PDB2', 'READ WRITE']])
    expect(await sql("select cdb, sys_context('userenv', 'con_name') from v$database")).toEqual([['YES', 'CDB$ROOT']])
    // A closed PDB's files have stopped: the seed has never had a change.
    expect(await sql('select distinct con_id from v$datafile where last_change# is not null')).toEqual([['2']])
    await executeSql(instance, sys, 'alter session set container = pdb1')
    expect(await sql("select sys_context('userenv', 'con_name'), count(*) from v$datafile group by 1")).toEqual([['PDB1', '3']])
    await executeSql(instance, sys, 'create tablespace app datafile size 1m')
    await executeSql(instance, sys, 'create table t (id number, name varchar2(10)) tablespace app')
    await executeSql(instance, sys, "insert into t values (1, 'one')")
    await executeSql(instance, sys, 'commit')
    expect(await sql('select file_name from dba_data_files where tablespace_name = \'APP\'')).toEqual([[expect.stringMatching(/\/ORCL\/[0-9A-F]{32}\/datafile\/o1_mf_app_/)]])
    await executeSql(instance, sys, 'alter session set container = cdb$root')
    expect(await codesOf(executeSql(instance, sys, 'select * from t'))).toEqual(['ORA-00942'])
    expect(await sql("select con_id from cdb_tablespaces where tablespace_name = 'APP'")).toEqual([['3']])
    expect(await codesOf(executeSql(instance, sys, 'alter session set container = nothing'))).toEqual(['ORA-65011'])
  })

  it('keeps what is written in a PDB over close, crash and restart; a saved state opens it again', async () => {
    lab = await makeLab({ pdbs: ['PDB1', 'PDB2'] })
    let instance = await lab.open()
    let sys = session(instance)
    const run = async (...statements: string[]): Promise<void> => { for (const text of statements) await executeSql(instance, sys, text) }
    await run('alter session set container = pdb1', 'create table t (id number)', 'insert into t values (7)', 'commit', 'alter session set container = cdb$root')
    await run('alter pluggable database pdb2 close immediate', 'alter pluggable database pdb2 save state')
    expect(await codesOf(executeSql(instance, sys, 'alter pluggable database pdb2 close'))).toEqual(['ORA-65020'])
    expect(await codesOf(executeSql(instance, sys, 'alter pluggable database pdb$seed open'))).toEqual(['ORA-65017'])
    await instance.shutdown('immediate')
    instance = await lab.open()
    sys = session(instance)
    expect(await rows(instance, sys, 'select name, open_mode from v$pdbs order by con_id')).toEqual([['PDB$SEED', 'READ ONLY'], ['PDB1', 'READ WRITE'], ['PDB2', 'MOUNTED']])
    await run('alter session set container = pdb1')
    expect(await rows(instance, sys, 'select id from t')).toEqual([['7']])
    await run('alter session set container = pdb2')
    expect(await codesOf(executeSql(instance, sys, 'select * from t'))).toEqual(['ORA-01219'])
    await run('alter session set container = cdb$root', 'alter pluggable database all open')
    expect(await rows(instance, sys, "select open_mode from v$pdbs where name = 'PDB2'")).toEqual([['READ WRITE']])
  })

  it('makes PDBs out of the seed and drops them', async () => {
    lab = await makeLab({ pdbs: [] })
    const instance = await lab.open()
    const sys = session(instance)
    const run = async (...statements: string[]): Promise<void> => { for (const text of statements) await executeSql(instance, sys, text) }
    await run('create pluggable database sales admin user adm identified by secret', 'alter pluggable database sales open', 'alter session set container = sales', 'create table t (id number) tablespace system', 'insert into t values (1)', 'commit', 'alter session set container = cdb$root')
    expect(await rows(instance, sys, "select open_mode from v$pdbs where name = 'SALES'")).toEqual([['READ WRITE']])
    expect(await codesOf(executeSql(instance, sys, 'drop pluggable database sales including datafiles'))).toEqual(['ORA-65025'])
    await run('alter pluggable database sales close', 'drop pluggable database sales including datafiles')
    expect(await rows(instance, sys, 'select count(*) from v$datafile where con_id > 2')).toEqual([['0']])
  })

  it('refuses container statements elsewhere', async () => {
    lab = await makeLab()
    const instance = await lab.open()
    const sys = session(instance)
    expect(await codesOf(executeSql(instance, sys, 'alter pluggable database all open'))).toEqual(['ORA-65090'])
    expect(await codesOf(executeSql(instance, sys, 'alter session set container = cdb$root'))).toEqual(['ORA-65090'])
    expect(await rows(instance, sys, 'select count(*) from v$pdbs')).toEqual([['0']])
  })
})
