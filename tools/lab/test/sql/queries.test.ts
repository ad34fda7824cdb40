import { describe, expect, it } from 'vitest'
import { executeSql } from '../../src/sql-engine.ts'
import { fakeInstance, fakeSession } from './fake-instance.ts'

async function rows(query: string, binds?: Readonly<Record<string, string | number | bigint | null>>): Promise<readonly (readonly (string | null)[])[]> {
  const session = fakeSession()
  return (await executeSql(fakeInstance({ session }), session, query, binds)).rows ?? []
}

/** EMP: 1 Ada 10, 2 Bob 20, 3 Cy 10, 4 null null. DEPT: 10 Ops, 20 Dev, 30 HR. */
const queries: readonly (readonly [string, readonly (readonly (string | null)[])[]])[] = [
  ['select e.name, d.name from emp e join dept d on d.id = e.dept order by e.id', [['Ada', 'Ops'], ['Bob', 'Dev'], ['Cy', 'Ops']]],
  ['select e.id, d.name from emp e left join dept d on d.id = e.dept order by e.id', [['1', 'Ops'], ['2', 'Dev'], ['3', 'Ops'], ['4', null]]],
  ['select e.id, d.name from emp e, dept d where e.dept = d.id(+) order by e.id', [['1', 'Ops'], ['2', 'Dev'], ['3', 'Ops'], ['4', null]]],
  ["select e.id, d.name from emp e, dept d where e.dept = d.id(+) and d.name(+) = 'Ops' order by e.id", [['1', 'Ops'], ['2', null], ['3', 'Ops'], ['4', null]]],
  ['select d.name, e.id from emp e right join dept d on d.id = e.dept order by d.id, e.id', [['Ops', '1'], ['Ops', '3'], ['Dev', '2'], ['HR', null]]],
  ['select count(*) from emp e full outer join dept d on d.id = e.dept', [['5']]],
  ['select count(*) from emp cross join dept', [['12']]],
  ['select id, e.name from emp e join dept d using (id)', []],
  ['select count(*), count(name), count(distinct dept) from emp', [['4', '3', '2']]],
  ['select sum(id), avg(id), min(name), max(hired) from emp', [['10', '2.5', 'Ada', '29-FEB-24']]],
  ['select sum(id) from emp where 1 = 2', [[null]]],
  ['select max(next_change#) from v$archived_log', [['18446744073709551615']]],
  ['select sum(next_change#) from v$archived_log where sequence# = 22', [['18446744073709555845']]],
  ['select dept, count(*) from emp group by dept order by dept', [['10', '2'], ['20', '1'], [null, '1']]],
  ['select dept, count(*) n from emp group by dept order by dept desc', [[null, '1'], ['20', '1'], ['10', '2']]],
  ['select dept from emp group by dept having count(*) > 1', [['10']]],
  ['select nvl(dept, 0) + 1, count(*) from emp group by nvl(dept, 0) order by 1', [['1', '1'], ['11', '2'], ['21', '1']]],
  ["select listagg(name, ', ') within group (order by id desc) from emp", [['Cy, Bob, Ada']]],
  ['select id from emp order by hired', [['1'], ['2'], ['4'], ['3']]],
  ['select id from emp order by hired nulls first, id', [['3'], ['1'], ['2'], ['4']]],
  ['select id i from emp order by i desc', [['4'], ['3'], ['2'], ['1']]],
  ['select id from emp where name is null', [['4']]],
  ["select id from emp where name = ''", []],
  ["select id from emp where name <> 'Ada' order by id", [['2'], ['3']]],
  ['select id from emp where dept not in (select id from dept where id > 10) order by id', [['1'], ['3']]],
  ['select id from emp where dept not in (10, null)', []],
  ['select name from dept d where not exists (select 1 from emp e where e.dept = d.id)', [['HR']]],
  ['select name, (select count(*) from emp e where e.dept = d.id) from dept d order by d.id', [['Ops', '2'], ['Dev', '1'], ['HR', '0']]],
  ['select id from emp where (dept, name) in (select 10, name from emp) order by 1', [['1'], ['3']]],
  ['select id from emp minus select id from emp where dept = 10 order by 1', [['2'], ['4']]],
  ['select dept from emp union select id from dept order by 1', [['10'], ['20'], ['30'], [null]]],
  ['select dept from emp where dept is not null union all select id from dept where id = 10 order by 1', [['10'], ['10'], ['10'], ['20']]],
  ['select id from emp intersect select 2 from dual', [['2']]],
  ['select 1 from dual union all (select 2 from dual minus select 2 from dual)', [['1']]],
  ['select distinct dept from emp where dept is not null order by dept', [['10'], ['20']]],
  ['select rownum, id from emp where rownum <= 2', [['1', '1'], ['2', '2']]],
  ['select id from emp where rownum = 1', [['1']]],
  ['select id from emp where rownum = 2', []],
  ['select id from emp where rownum > 1', []],
  ['select id from emp where rownum < 3 and dept = 10', [['1'], ['3']]],
  ['select count(*) from emp where rownum <= 3', [['3']]],
  ['select id from (select id from emp order by id desc) where rownum <= 2', [['4'], ['3']]],
  ['select r, id from (select rownum r, id from emp) where r between 2 and 3', [['2', '2'], ['3', '3']]],
  ['select id from emp order by id desc fetch first 2 rows only', [['4'], ['3']]],
  ['select id from emp order by id offset 1 row fetch next 1 row only', [['2']]],
  ['select id, row_number() over (partition by dept order by id desc) from emp where dept = 10 order by id', [['1', '2'], ['3', '1']]],
  ['select id, lag(id) over (order by id) from emp order by id', [['1', null], ['2', '1'], ['3', '2'], ['4', '3']]],
  ['select id, max(id) over () from emp where id < 3 order by id', [['1', '2'], ['2', '2']]],
  ['with a as (select id from emp), b (x) as (select id + 1 from a) select max(x) from b', [['5']]],
  ['select "ID" as "mixed Case" from emp where id = 1', [['1']]],
  ['select e.* from emp e where e.id = 1', [['1', 'Ada', '10', '31-JAN-20']]],
  ['select sys.emp.id from sys.emp where sys.emp.id = 1', [['1']]],
  ['select to_char(at, \'hh24:mi\') from app.heartbeat', [['13:29']]],
  ["select to_char(max(time_dp), 'yyyy-mm-dd hh24:mi:ss'), max(scn) from sys.smon_scn_time", [['2026-03-05 12:00:00', '4900']]],
  ["select case when count(*) > 1 then 'many' else 'few' end from emp", [['many']]],
  ['select decode(grouped, 2, \'pair\', \'other\') from (select count(*) grouped from emp where dept = 10)', [['pair']]],
  ["select 'A: '||to_char(1) from dual union all select 'B: '||to_char(current_scn) from v$database union all select 'C: '||filename from v$block_change_tracking", [['A: 1'], ['B: 5123'], ['C: /u01/oradata/ORCL/changetracking/o1_mf_x_.chg']]],
]

describe('queries', () => {
  it.each(queries)('%s', async (query, expected) => {
    expect(await rows(query)).toEqual(expected)
  })

  it('takes binds, also SCNs beyond 64 bits signed', async () => {
    expect(await rows('select sequence#, dest_id from v$archived_log where next_change# >= :scn and name like :name', { scn: 18446744073709551615n, ':NAME': '/nfs/%' })).toEqual([['22', '2']])
  })

  it('finds missing archived logs with a correlated query', async () => {
    const query = `SELECT l.thread#, l.sequence#, l.resetlogs_id FROM v$archived_log l
       JOIN v$archive_dest d ON d.dest_id = l.dest_id AND d.status = 'VALID'
       JOIN v$archive_dest_status s ON s.dest_id = d.dest_id AND s.type = 'LOCAL'
      WHERE l.archived = 'YES' AND l.deleted = 'NO' AND l.status = 'A' AND UPPER(d.destination) = 'USE_DB_RECOVERY_FILE_DEST'
        AND NOT EXISTS (SELECT 1 FROM v$archived_log b WHERE b.thread# = l.thread# AND b.sequence# = l.sequence# AND b.resetlogs_id = l.resetlogs_id
                           AND b.archived = 'YES' AND b.deleted = 'NO' AND b.status = 'A' AND SUBSTR(b.name, 1, LENGTH(:dir)) = :dir)
      ORDER BY 1, 2`
    expect(await rows(query, { dir: '/nfs/backup/orcl/archivelog/' })).toEqual([['1', '21', '905892048']])
  })

  it('keeps an inner order through a wrapping query with named columns', async () => {
    const query = `with q (c1, c2) as (select d.file#, null from v$datafile d order by d.file# desc)
      select 'ICB|', nvl2(c1, '=' || to_char(c1, 'TM9'), '~') || '|', nvl2(c2, '=' || replace(c2, '|', '\\p'), '~') || '|' from q`
    expect(await rows(query)).toEqual(['4', '3', '2', '1'].map((file) => ['ICB|', `=${file}|`, '~|']))
  })
})

describe('columns of a result', () => {
  it('have names, types and widths for display', async () => {
    const session = fakeSession()
    const { columns } = await executeSql(fakeInstance({ session }), session, "select file#, name n, checkpoint_time, substr(name, 1, 3), 'x' || status, count(*) over () from v$datafile")
    expect(columns).toEqual([
      { name: 'FILE#', type: 'NUMBER', width: 10 },
      { name: 'N', type: 'VARCHAR2', width: 513 },
      { name: 'CHECKPOINT_TIME', type: 'DATE', width: 9 },
      { name: 'SUBSTR(NAME,1,3)', type: 'VARCHAR2', width: 513 },
      { name: "'X'||STATUS", type: 'VARCHAR2', width: 8 },
      { name: 'COUNT(*)OVER()', type: 'NUMBER', width: 10 },
    ])
  })
})
