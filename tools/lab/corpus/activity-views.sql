set feedback off pagesize 40 linesize 100
column name format a24
column value format a30
select count(*) own from v$session s join v$process p on p.addr = s.paddr where s.sid = sys_context('userenv', 'sid');
create table ca_busy (n number);
insert into ca_busy values (1);
select t.status, t.used_urec, s.username from v$transaction t join v$session s on s.saddr = t.ses_addr;
rollback;
select count(*) from v$transaction;
select parameter name, value from nls_session_parameters where parameter = 'NLS_DATE_FORMAT';
alter session set nls_date_format = 'YYYY-MM-DD';
select parameter name, value from nls_session_parameters where parameter = 'NLS_DATE_FORMAT';
select parameter name, value from nls_database_parameters where parameter in ('NLS_DATE_FORMAT', 'NLS_CHARACTERSET') order by 1;
select property_name name, property_value value from database_properties where property_name = 'DEFAULT_TEMP_TABLESPACE';
select distinct status from v$backup;
select comp_id, status from dba_registry order by 1;
select resource_name, case when current_utilization > 0 then 'counted' end counted from v$resource_limit order by 1;
select count(*) kinds from v$recovery_area_usage;
select tablespace_name, free_space - tablespace_size used from dba_temp_free_space;
drop table ca_busy purge;
