set feedback off pages 0
select 'last words' from dual;
exit 3
