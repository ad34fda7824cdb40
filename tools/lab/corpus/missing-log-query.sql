set feedback off pages 0
select l.thread#, l.sequence#
  from v$archived_log l
  join v$archive_dest d on d.dest_id = l.dest_id and d.status = 'VALID'
 where l.archived = 'YES' and l.deleted = 'NO'
   and upper(d.destination) = 'USE_DB_RECOVERY_FILE_DEST'
   and not exists (select 1 from v$archived_log b where b.thread# = l.thread# and b.sequence# = l.sequence# and b.dest_id <> l.dest_id)
   and l.sequence# < 0
 order by 1, 2;
prompt none missing
