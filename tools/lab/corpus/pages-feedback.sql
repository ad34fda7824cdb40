set pagesize 5 feedback 2
select level n from dual connect by level <= 3;
select 1 n from dual where 1 = 0;
set heading off
select 1 n from dual;
set pagesize 0 feedback on
select 1 n from dual;
set feedback off
select 2 n from dual;
