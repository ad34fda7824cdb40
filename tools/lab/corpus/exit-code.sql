whenever sqlerror exit 7 rollback
set feedback off
prompt before
select 1 / 0 from dual;
prompt never
