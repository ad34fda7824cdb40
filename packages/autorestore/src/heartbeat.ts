import { randomBytes } from 'node:crypto'
import { Secret } from '@icb/runtime'

/** Schema and table of the heartbeat: one row with the time it was last touched. */
export interface HeartbeatNames {
  readonly user: string
  readonly table: string
  readonly job: string
}

/** In a container database the heartbeat lives in the root, as a common user (names begin with C##). */
export function heartbeatNames(options: { readonly cdb: boolean }): HeartbeatNames {
  const user = options.cdb ? 'C##ICB_HEARTBEAT' : 'ICB_HEARTBEAT'
  return { user, table: `${user}.BEAT`, job: `${user}.BEAT_JOB` }
}

/** The query of a restore test that finds the last beat: one DATE in the database's local time. */
export function heartbeatQuery(options: { readonly cdb: boolean }): string {
  return `select beat_time from ${heartbeatNames(options).table}`
}

export interface HeartbeatStatements {
  /** What is made, in order, each with what tells that it is there already (a query that then has a row). */
  readonly make: readonly { readonly what: string; readonly exists: string; readonly sql: string }[]
  /** Touches the row now; also proves that it can be touched. */
  readonly beat: readonly string[]
}

/**
 * Statements that install the heartbeat: a locked user without a known password and without CREATE SESSION, a table of one row,
 * and, with `job`, a DBMS_SCHEDULER job that touches it every minute. Every statement is asked for by name first, so repeating it changes nothing.
 */
export function heartbeatStatements(options: { readonly cdb: boolean; readonly tablespace: string; readonly job: boolean }): HeartbeatStatements {
  const { user, table, job } = heartbeatNames(options)
  const [owner = '', name = ''] = table.split('.')
  // Nobody knows the password: the account is locked and only owns the table. 24 characters fit every password profile of 11.2 on.
  // A secret all the same: it is taken out of every output.
  const password = new Secret(`A1_${randomBytes(10).toString('hex')}x`, 'password of the heartbeat account')
  return {
    make: [
      {
        what: `user ${user}`,
        exists: `select username from dba_users where username = '${user}'`,
        sql: `create user ${user} identified by "${password.reveal()}" default tablespace ${options.tablespace} quota 1M on ${options.tablespace} account lock${options.cdb ? ' container=all' : ''}`,
      },
      { what: `table ${table}`, exists: `select table_name from dba_tables where owner = '${owner}' and table_name = '${name}'`, sql: `create table ${table} (id number primary key, beat_time date not null)` },
      { what: 'its row', exists: `select id from ${table}`, sql: `insert into ${table} (id, beat_time) values (1, sysdate)` },
      ...(options.job
        ? [
            {
              what: `job ${job}`,
              exists: `select job_name from dba_scheduler_jobs where owner = '${owner}' and job_name = 'BEAT_JOB'`,
              sql: `begin dbms_scheduler.create_job(job_name => '${job}', job_type => 'PLSQL_BLOCK', job_action => 'begin update ${table} set beat_time = sysdate where id = 1; commit; end;', repeat_interval => 'FREQ=MINUTELY', enabled => true, comments => 'heartbeat for restore tests (icb)'); end;`,
            },
          ]
        : []),
    ],
    beat: [`update ${table} set beat_time = sysdate where id = 1`, 'commit'],
  }
}
