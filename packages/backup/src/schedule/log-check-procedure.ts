import { createHash } from 'node:crypto'
import { quoteSqlString } from '@icb/oracle'
import type { ScheduleNames } from './schedule-names.ts'

/** Views that the check reads; a stored procedure needs them granted to its owner, not to a role. */
export const checkedViews: readonly string[] = ['V_$DATABASE', 'V_$DATAFILE', 'V_$DATAFILE_COPY', 'V_$LOG', 'V_$LOG_HISTORY', 'V_$ARCHIVED_LOG', 'V_$ARCHIVE_DEST']

export interface LogCheck {
  readonly names: ScheduleNames
  /** Directory of archived logs in the area, with its slash. */
  readonly directory: string
  /** Tag of the image copies, as RMAN stores it. */
  readonly tag: string
  /** Jobs run with the operating system user of the credential; without: as externaljob.ora says. */
  readonly withCredential: boolean
}

/** What tells one version of the procedure from another; it stands in its text. */
export function logCheckDigest(check: LogCheck): string {
  return createHash('sha256').update(body(check, '')).digest('hex').slice(0, 16)
}

/**
 * A procedure that asks the dictionary whether each log since the oldest copy is in the area, and starts a program only when one is not,
 * when nothing can be compared, or when no valid destination writes there. So an ordinary check starts no operating system process, and what
 * cannot be checked is never taken for fine: the program then looks itself. V$LOG_HISTORY says what has to be there, wherever it was archived.
 */
export function logCheckProcedure(check: LogCheck): string {
  return body(check, logCheckDigest(check))
}

function body({ names, directory, tag, withCredential }: LogCheck, digest: string): string {
  const { owner, checkProcedure, archivelogsRun, archivelogsProgram, jobClass, credential } = names
  const credentialArgument = withCredential ? `credential_name => '${owner}.${credential}', ` : ''
  return `create or replace procedure ${owner}.${checkProcedure} is
  icb_version constant varchar2(40) := 'icb:${digest}';
  area constant varchar2(513) := ${quoteSqlString(directory)};
  needed_from number;
  gaps number;
  destinations number;
  waiting number;
begin
  select min(c.checkpoint_change#) into needed_from
    from v$datafile_copy c join v$datafile f on f.file# = c.file# and f.creation_change# = c.creation_change#
   where c.tag = ${quoteSqlString(tag.toUpperCase())} and c.deleted = 'NO' and c.status = 'A' and f.enabled = 'READ WRITE' and f.last_change# is null;
  select count(*) into gaps
    from v$log_history h
   where h.resetlogs_change# = (select d.resetlogs_change# from v$database d)
     and h.next_change# > needed_from
     and not exists (select 1 from v$log o where o.thread# = h.thread# and o.sequence# = h.sequence# and o.archived = 'NO')
     and not exists (select 1 from v$archived_log b
                      where b.thread# = h.thread# and b.sequence# = h.sequence# and b.resetlogs_change# = h.resetlogs_change#
                        and b.archived = 'YES' and b.deleted = 'NO' and b.status = 'A' and substr(b.name, 1, ${String(directory.length)}) = area);
  select count(*) into destinations from v$archive_dest t where t.status = 'VALID' and rtrim(t.destination, '/') || '/' = area;
  if needed_from is null or gaps > 0 or destinations = 0 then
    select count(*) into waiting from all_scheduler_jobs j where j.owner = '${owner}' and j.job_name = '${archivelogsRun}';
    if waiting = 0 then
      dbms_scheduler.create_job(job_name => '${owner}.${archivelogsRun}', program_name => '${owner}.${archivelogsProgram}', job_class => '${jobClass}', ${credentialArgument}enabled => true, auto_drop => true,
        comments => 'icb: ' || to_char(gaps) || ' logs missing, ' || to_char(destinations) || ' valid destinations');
    end if;
  end if;
end;`
}
