set feedback off pages 0
spool /tmp/icb-corpus-spool.lst
select 'spooled' from dual;
spool off
spool
host echo hi
prompt done
