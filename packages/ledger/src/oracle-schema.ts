import type { SqlSession, TypedQuery } from '@icb/oracle'

/** One object of the schema. */
export interface LedgerObject {
  readonly name: string
  readonly type: 'SEQUENCE' | 'TABLE' | 'JOB'
  /** Whose it is: the original tool's, which may have made it already, or ours. */
  readonly of: 'original' | 'icb'
  readonly ddl: string
}

/**
 * The original's tables as they were, so that its rows and its monitoring SQL stay good, and beside them ours: RESTOREACTION has a row when
 * a test has ended, because a row of a running test would look like a failed one there.
 */
export const ledgerObjects: readonly LedgerObject[] = [
  { name: 'RESTOREACTION_SEQ', type: 'SEQUENCE', of: 'original', ddl: 'create sequence restoreaction_seq' },
  { name: 'RESTORELOB', type: 'TABLE', of: 'original', ddl: 'create table restorelob (logfile varchar2(200) primary key, loglob clob)' },
  {
    name: 'RESTOREACTION', type: 'TABLE', of: 'original',
    ddl: `create table restoreaction (
      id number primary key, db_unique_name varchar2(100) not null, start_time date not null, finish_time date not null,
      success number(1) not null check (success in (0, 1)), logfile varchar2(500), logfilecontents clob, verificationtimediffseconds number,
      snapid varchar2(200), restore_target date, validated_corruption number(1) default 0 not null check (validated_corruption in (0, 1)),
      unique (db_unique_name, start_time, success))`,
  },
  {
    name: 'LOG_RETENTION', type: 'JOB', of: 'original',
    ddl: `begin
      dbms_scheduler.create_job(job_name => 'LOG_RETENTION', job_type => 'PLSQL_BLOCK', job_action => 'begin delete from restoreaction where start_time < sysdate - 100; commit; end;',
        start_date => systimestamp, repeat_interval => 'FREQ=DAILY', enabled => true, comments => 'rows and logs of 100 days are kept');
    end;`,
  },
  {
    name: 'ICB_RESTORE_TEST', type: 'TABLE', of: 'icb',
    ddl: `create table icb_restore_test (
      run_id varchar2(100) primary key, db_unique_name varchar2(100) not null, action varchar2(20) not null, snapid varchar2(200), host varchar2(200) not null,
      state varchar2(10) not null check (state in ('running', 'closed')), started_utc date not null, finished_utc date,
      outcome varchar2(20), reasons varchar2(1000), restore_seconds number, corrupt_blocks number, restoreaction_id number)`,
  },
  {
    name: 'ICB_RESTORE_TEST_ROW', type: 'TABLE', of: 'icb',
    ddl: 'create table icb_restore_test_row (run_id varchar2(100) not null references icb_restore_test, piece number not null, text varchar2(2000) not null, primary key (run_id, piece))',
  },
]

const present: TypedQuery<{ readonly name: 'text!'; readonly type: 'text!' }> = {
  name: 'user_objects of the ledger',
  sql: `select object_name, object_type from user_objects where object_name in (${ledgerObjects.map(({ name }) => `'${name}'`).join(', ')})`,
  columns: { name: 'text!', type: 'text!' },
}

/** What the schema lacks, in the order in which it is made. @throws ICB_ORACLE_CONNECT, ICB_ORACLE_SQL */
export async function missingObjects(session: SqlSession): Promise<readonly LedgerObject[]> {
  const found = await session.query(present)
  return ledgerObjects.filter((object) => !found.some((row) => row.name === object.name && row.type === object.type))
}
