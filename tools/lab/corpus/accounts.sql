set lines 120 pages 50 feedback on
column username format a10
column account_status format a20
column tablespace_name format a12
create user ca_rpt identified by "Pw_12345" default tablespace users quota 10m on users profile default;
select username, account_status, default_tablespace, profile from dba_users where username = 'CA_RPT';
alter user ca_rpt password expire account lock;
select username, account_status from dba_users where username = 'CA_RPT';
alter user ca_rpt account unlock quota unlimited on users;
select username, account_status from dba_users where username = 'CA_RPT';
alter user ca_rpt identified by "Pw_67890";
select username, account_status from dba_users where username = 'CA_RPT';
select tablespace_name, username, bytes, max_bytes from dba_ts_quotas where username = 'CA_RPT';
alter user ca_rpt profile no_such_profile;
drop user ca_rpt cascade;
