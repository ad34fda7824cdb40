set feedback off pages 0
select username from v$session where sid = sys_context('userenv', 'sid');
exec dbms_application_info.set_module('corpus', 'run'); dbms_application_info.set_client_info('here');
select module, client_info from v$session where sid = sys_context('userenv', 'sid');
alter system kill session '9999,1';
