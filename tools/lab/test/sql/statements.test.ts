import { describe, expect, it } from 'vitest'
import type { ServerSession } from '../../src/engine/instance-api.ts'
import { executeSql } from '../../src/sql-engine.ts'
import { fakeInstance, fakeSession, type FakeInstance } from './fake-instance.ts'

function lab(status: FakeInstance['status'] = 'OPEN'): { instance: FakeInstance; session: ServerSession; run: (text: string) => Promise<string | undefined> } {
  const session = fakeSession()
  const instance = fakeInstance({ session, status })
  return { instance, session, run: async (text) => (await executeSql(instance, session, text)).message }
}

describe('ALTER SYSTEM and ALTER DATABASE', () => {
  it.each([
    ['alter system archive log current', ['archiveLogCurrent']],
    ['alter system switch logfile', ['switchLogfile']],
    ['alter system checkpoint', ['checkpoint']],
    ["alter system kill session '12,34'", ['killSession', 12, 34]],
    ["alter system kill session '12,34,@1' immediate", ['killSession', 12, 34]],
    ["alter system set log_archive_dest_3 = 'LOCATION=/nfs/x/ VALID_FOR=(ONLINE_LOGFILE,PRIMARY_ROLE) REOPEN=60' scope=both sid='*'", ['setParameter', 'log_archive_dest_3', 'LOCATION=/nfs/x/ VALID_FOR=(ONLINE_LOGFILE,PRIMARY_ROLE) REOPEN=60', 'both']],
    ['alter system set sga_target = 2G scope=spfile', ['setParameter', 'sga_target', '2G', 'spfile']],
    ["alter system set undo_retention=1800 comment='longer' scope=memory", ['setParameter', 'undo_retention', '1800', 'memory']],
    ['alter system set "_system_trig_enabled" = false', ['setParameter', '_system_trig_enabled', 'false', 'both']],
    ["alter system set control_files = '/a', '/b' scope=spfile", ['setParameter', 'control_files', '/a, /b', 'spfile']],
    ["alter system reset log_archive_dest_2 scope=spfile sid='*'", ['setParameter', 'log_archive_dest_2', '', 'spfile']],
    ['alter database mount', ['mount']],
    ['alter database open', ['open', { mode: 'READ WRITE', resetlogs: false }]],
    ['alter database open read only', ['open', { mode: 'READ ONLY', resetlogs: false }]],
    ['alter database open resetlogs', ['open', { mode: 'READ WRITE', resetlogs: true }]],
    ['alter database orcl open read write', ['open', { mode: 'READ WRITE', resetlogs: false }]],
    ["alter database rename file '/a' to '/b'", ['renameFile', '/a', '/b']],
    ['alter database enable block change tracking', ['enableBlockChangeTracking', undefined, false]],
    ["alter database enable block change tracking using file '/x.chg' reuse", ['enableBlockChangeTracking', '/x.chg', true]],
    ['alter database disable block change tracking', ['disableBlockChangeTracking']],
    ['alter database flashback off', ['setFlashback', false]],
    ['alter database datafile 4 offline for drop', ['setDatafileOnline', 4, false]],
    ["alter database move datafile 4 to '/u02/users.dbf'", ['moveDatafile', 4, '/u02/users.dbf', { reuse: false, keep: false }]],
    ["alter database move datafile '/u01/a.dbf' to '/u02/a.dbf' reuse keep", ['moveDatafile', '/u01/a.dbf', '/u02/a.dbf', { reuse: true, keep: true }]],
    ["alter database datafile '/u01/oradata/ORCL/datafile/o1_mf_users_4_.dbf' online", ['setDatafileOnline', 4, true]],
    ["create tablespace t datafile '/u01/t.dbf' size 10M", ['createTablespace', 'T', [{ path: '/u01/t.dbf', bytes: 10485760 }]]],
    ['alter tablespace users add datafile size 512k', ['addDatafile', 'USERS', { path: undefined, bytes: 524288 }]],
    ['alter tablespace users read only', ['setTablespaceReadOnly', 'USERS', true]],
    ['drop tablespace sysaux including contents and datafiles', ['dropTablespace', 'SYSAUX', { includingDatafiles: true }]],
  ])('%s', async (text, call) => {
    const { instance, run } = lab()
    await run(text)
    expect(instance.calls).toEqual([call])
  })

  it.each([
    ['alter system set nonsense = 1', 'ORA-02065'],
    ['alter system flush buffer_cache', 'ORA-02065'],
    ['alter system archive log current now', 'ORA-02065'],
    ["alter system kill session 'x'", 'ORA-00026'],
    ["alter system kill session '46,1201'", 'ORA-00027'],
    ["alter system kill session '12,34,@3'", 'ORA-00026'],
    ["alter system set undo_retention = 1 sid='other'", 'ORA-32018'],
    ['alter system reset undo_retention scope=spfile', 'ORA-32010'],
    ['alter database bogus', 'ORA-02231'],
    ['alter database open read only resetlogs', 'ORA-02231'],
    ['alter database force logging', 'ORA-12920'],
    ['alter database archivelog', 'ORA-01126'],
    ['alter database datafile 99 offline', 'ORA-01516'],
    ["alter database recover datafile '/x'", 'ORA-03001'],
    ['alter tablespace nope read only', 'ORA-00959'],
    ['alter tablespace users begin backup', 'ORA-03001'],
    ['create tablespace users datafile size 1m', 'ORA-01543'],
    ['alter pluggable database all open', 'ORA-65090'],
    ['alter session set nonsense = 1', 'ORA-02248'],
    ["alter session set nls_date_format = 'bogus'", 'ORA-01821'],
    ["alter session set time_zone = 'Nowhere/Here'", 'ORA-01882'],
    ['drop restore point x', 'ORA-38780'],
    ['create table dual2 (a bfile)', 'ORA-00902'],
    ['create table emp (a number)', 'ORA-00955'],
    ['create table t2 (a number, a number)', 'ORA-00957'],
    ['drop table nope', 'ORA-00942'],
  ])('refuses %s: %s', async (text, code) => {
    await expect(lab().run(text)).rejects.toThrow(code)
  })

  it.each(['alter database open', 'alter database flashback off', 'alter database no force logging'])('%s needs a mounted database', async (text) => {
    await expect(lab('STARTED').run(text)).rejects.toThrow('ORA-01507')
  })

  it('changes the control file for force logging', async () => {
    const { instance, run } = lab()
    expect(await run('alter database no force logging')).toBe('Database altered.')
    expect(instance.controlFile.forceLogging).toBe(false)
  })
})

describe('changes of rows', () => {
  const names = 'select name from emp order by id'
  const read = async ({ instance, session }: ReturnType<typeof lab>, text: string): Promise<unknown> => (await executeSql(instance, session, text)).rows?.map((row) => row[0])

  it('are seen by their own session only, until COMMIT', async () => {
    const own = lab()
    expect(await own.run("insert into emp (id, name) values (9, 'Zed')")).toBe('1 row created.')
    expect(await own.run("update emp set name = upper(name), hired = date '2026-01-01' where dept = 10")).toBe('2 rows updated.')
    expect(await own.run('delete from emp where name is null')).toBe('1 row deleted.')
    expect(await read(own, names)).toEqual(['ADA', 'Bob', 'CY', 'Zed'])
    const other = { ...own, session: fakeSession({ sid: 99 }) }
    expect(await read(other, names)).toEqual(['Ada', 'Bob', 'Cy', null])
    await own.run('commit')
    expect(await read(other, names)).toEqual(['ADA', 'Bob', 'CY', 'Zed'])
  })

  it('go with ROLLBACK and stay with DDL', async () => {
    const own = lab()
    await own.run('delete emp')
    expect(await own.run('rollback')).toBe('Rollback complete.')
    expect(await read(own, 'select count(*) from emp')).toEqual(['4'])
    await own.run('delete from emp where id = 1')
    await own.run('create table t (a number, b varchar2(10), c date)')
    await own.run('rollback')
    expect(await read(own, 'select count(*) from emp')).toEqual(['3'])
  })

  it('copy rows of a query and convert them', async () => {
    const own = lab()
    await own.run('create table t (a number, b varchar2(10), c date)')
    expect(await own.run("insert into t (b, a, c) select file#, to_char(file#), checkpoint_time from v$datafile")).toBe('4 rows created.')
    expect((await executeSql(own.instance, own.session, "select a, b, to_char(c, 'yyyy-mm-dd hh24:mi:ss') from t where a = 2")).rows).toEqual([['2', '2', '2026-03-05 12:30:45']])
    await own.run('insert into t (a) values (18446744073709551615)')
    expect(await read(own, 'select max(a) from t')).toEqual(['18446744073709551615'])
  })

  it.each([
    ['insert into emp values (1)', 'ORA-00947'],
    ['insert into emp (id) values (1, 2)', 'ORA-00913'],
    ['insert into emp (nope) values (1)', 'ORA-00904'],
    ["insert into emp (id) values ('x')", 'ORA-01722'],
    ['insert into v$datafile values (1)', 'ORA-02030'],
    ['insert emp values (1)', 'ORA-00925'],
    ['update emp set nope = 1', 'ORA-00904'],
    ['update emp id = 1', 'ORA-00971'],
    ['delete from emp where nope = 1', 'ORA-00904'],
    ['rollback to here', 'ORA-01086'],
  ])('refuses %s: %s', async (text, code) => {
    await expect(lab().run(text)).rejects.toThrow(code)
  })
})
