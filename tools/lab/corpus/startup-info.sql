set feedback off pages 0
show user
select name, open_mode, log_mode, database_role from v$database;
select sys_context('userenv', 'db_unique_name'), sys_context('userenv', 'con_name') from dual;
show parameter db_block_size
