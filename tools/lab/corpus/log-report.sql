set feedback off pages 0
alter system archive log current;
select count(*) - count(distinct thread# || '.' || sequence# || '.' || dest_id) from v$archived_log where status = 'A';
select case when max(sequence#) >= 1 then 'archived' end from v$archived_log;
select status, count(*) from v$log group by status having status = 'CURRENT';
