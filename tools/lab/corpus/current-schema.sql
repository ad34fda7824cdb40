set feedback off pages 0
create user cs_u no authentication;
alter session set current_schema = cs_u;
create table t (n number);
select owner from dba_tables where table_name = 'T' and owner = 'CS_U';
select sys_context('userenv', 'current_schema'), user from dual;
alter session set current_schema = sys;
select * from t;
select count(*) from cs_u.t;
drop user cs_u cascade;
