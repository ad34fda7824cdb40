import { describe, expect, it } from 'vitest'
import { executeSql } from '../../src/sql-engine.ts'
import '../../src/sql/catalog-lookup.ts'
import { allViews } from '../../src/sql/views/view.ts'
import { statementContext } from '../../src/sql/session-state.ts'
import { fakeControlFile, fakeInstance, fakeSession, type FakeInstance } from './fake-instance.ts'

async function rows(query: string, instance: FakeInstance = fakeInstance()): Promise<readonly (readonly (string | null)[])[]> {
  return (await executeSql(instance, fakeSession(), query)).rows ?? []
}

describe.each(allViews().map((view) => [view.name, view] as const))('%s', (name, view) => {
  it('fills only columns that it declares', async () => {
    const session = fakeSession({ longOps: [{ opname: 'RMAN: aggregate input', sofar: 5, totalwork: 10, startTime: 0, lastUpdate: 4000 }] })
    const instance = fakeInstance({ session, release: '19.21.0.0.0' })
    const declared = new Set(view.columns.map((column) => column.name))
    const found = await view.rows({ instance, session, statement: statementContext(instance, session), describe: () => [] })
    for (const row of found) expect(Object.keys(row).filter((key) => !declared.has(key))).toEqual([])
  })

  it('can be read whole, alone and over all instances', async () => {
    const instance = fakeInstance({ release: '19.21.0.0.0' })
    await expect(rows(`select * from ${name}`, instance)).resolves.toBeDefined()
    if (name.startsWith('V$')) await expect(rows(`select inst_id from g${name}`, instance)).resolves.toBeDefined()
  })
})

describe('what can be read when', () => {
  it.each([
    ['v$instance', 'STARTED', undefined],
    ['v$session', 'STARTED', undefined],
    ['v$parameter', 'STARTED', undefined],
    ['dual', 'STARTED', undefined],
    ['v$database', 'STARTED', 'ORA-01507'],
    ['v$datafile', 'STARTED', 'ORA-01507'],
    ['v$datafile', 'MOUNTED', undefined],
    ['dba_data_files', 'MOUNTED', 'ORA-01219'],
    ['emp', 'MOUNTED', 'ORA-01219'],
    ['emp', 'OPEN', undefined],
    ['nope', 'MOUNTED', 'ORA-01219'],
    ['nope', 'OPEN', 'ORA-00942'],
    ['scott.emp', 'OPEN', 'ORA-00942'],
    ['sys.v_$datafile', 'OPEN', undefined],
    ['sys.v$datafile', 'OPEN', undefined],
  ] as const)('%s in %s: %s', async (table, status, code) => {
    const answer = rows(`select * from ${table}`, fakeInstance({ status }))
    await (code === undefined ? expect(answer).resolves.toBeDefined() : expect(answer).rejects.toThrow(code))
  })
})

describe('releases', () => {
  it.each([
    ['select cdb from v$database', '11.2.0.4.0', 'ORA-00904'],
    ['select cdb from v$database', '12.1.0.2.0', undefined],
    ['select con_id from v$datafile', '11.2.0.4.0', 'ORA-00904'],
    ['select count(*) from v$pdbs', '11.2.0.4.0', 'ORA-00942'],
    ['select version_full from v$instance', '12.2.0.1.0', 'ORA-00904'],
    ['select version_full from v$instance', '19.21.0.0.0', undefined],
    ['select count(*) from v$nonlogged_block', '11.2.0.4.0', 'ORA-00942'],
    ['select count(*) from v$nonlogged_block', '12.1.0.2.0', undefined],
  ] as const)('%s in %s: %s', async (query, release, code) => {
    const answer = rows(query, fakeInstance({ release }))
    await (code === undefined ? expect(answer).resolves.toBeDefined() : expect(answer).rejects.toThrow(code))
  })

  it('lists distinct values from 19c on', async () => {
    const query = "select listagg(distinct x, '; ') within group (order by x) from (select 'b' x from dual union all select 'a' from dual union all select 'b' from dual union all select null from dual)"
    expect(await rows(query, fakeInstance({ release: '19.21.0.0.0' }))).toEqual([['a; b']])
    await expect(rows(query, fakeInstance({ release: '12.2.0.1.0' }))).rejects.toThrow('ORA-30482')
  })

  it('tells the release update only in VERSION_FULL from 18c on', async () => {
    expect(await rows('select version, version_full from v$instance', fakeInstance({ release: '19.21.0.0.0' }))).toEqual([['19.0.0.0.0', '19.21.0.0.0']])
    expect(await rows('select version from v$instance')).toEqual([['12.1.0.2.0']])
  })
})

describe('contents', () => {
  it('of V$DATABASE', async () => {
    expect(await rows('select dbid, name, db_unique_name, open_mode, log_mode, current_scn, controlfile_type, cdb, force_logging from v$database')).toEqual([['1433672784', 'ORCL', 'orcl', 'READ WRITE', 'ARCHIVELOG', '5123', 'CURRENT', 'NO', 'YES']])
    expect(await rows('select open_mode, current_scn from v$database', fakeInstance({ status: 'MOUNTED' }))).toEqual([['MOUNTED', '0']])
  })

  it('of a missing datafile', async () => {
    const controlFile = fakeControlFile()
    const file = controlFile.datafiles[3]
    if (file === undefined) throw new TypeError('no such file')
    file.name = '/u01/missing.dbf'
    const instance = fakeInstance({ controlFile })
    expect(await rows('select bytes, blocks, create_bytes from v$datafile where file# = 4', instance)).toEqual([['0', '0', '819200']])
    expect(await rows("select error, fuzzy, checkpoint_change# from v$datafile_header where file# = 4", instance)).toEqual([['FILE NOT FOUND', null, '0']])
    expect(await rows('select file#, error from v$recover_file', instance)).toEqual([['4', 'FILE NOT FOUND']])
  })

  it('of block change tracking: one row, also when it is off', async () => {
    const controlFile = { ...fakeControlFile(), bct: { status: 'DISABLED' as const, filename: null, bytes: 0 } }
    expect(await rows('select status, filename, bytes from v$block_change_tracking', fakeInstance({ controlFile }))).toEqual([['DISABLED', null, null]])
  })

  it('of the current log: no next change yet', async () => {
    expect(await rows("select next_change# from v$log where status = 'CURRENT'")).toEqual([['281474976710655']])
    expect(await rows("select next_change# from v$log where status = 'CURRENT'", fakeInstance({ release: '19.21.0.0.0' }))).toEqual([['18446744073709551615']])
  })

  it('of DATE columns in local time of the host', async () => {
    expect(await rows("select to_char(logon_time, 'hh24:mi:ss') from v$session")).toEqual([['13:29:45']])
  })

  it('of archive destinations: 31, those that are not set inactive', async () => {
    expect(await rows("select count(*), sum(decode(status, 'INACTIVE', 1)) from v$archive_dest")).toEqual([['31', '29']])
  })

  it('of parameters: sizes in bytes, and as written for display', async () => {
    expect(await rows("select value, display_value, type, isdefault from v$parameter where name = 'sga_target'")).toEqual([['3221225472', '3G', '6', 'FALSE']])
    expect(await rows("select value, isspecified from v$spparameter where name in ('undo_retention', 'db_name') order by name")).toEqual([['orcl', 'TRUE'], [null, 'FALSE']])
  })
})
