set feedback off pages 0
spool /u01/app/oracle/corpus.lst
select 'spooled' from dual;
spool off
spool
host echo hi
prompt done
