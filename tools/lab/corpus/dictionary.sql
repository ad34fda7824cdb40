set pages 0 feedback off
select object_type from dba_objects where object_name = 'DBA_TABLES';
select tablespace_name, contents from dba_tablespaces order by 1;
select username from dba_users where username in ('SYS', 'SYSTEM') order by 1;
select count(*) from dba_data_files where online_status in ('SYSTEM', 'ONLINE');
select status from v$instance;
