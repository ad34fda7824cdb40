set pages 0 feedback on
create user corpus_u identified by "S3cret x" default tablespace users quota unlimited on users;
grant create session, create table to corpus_u;
create role corpus_r;
grant corpus_r to corpus_u;
select privilege from dba_sys_privs where grantee = 'CORPUS_U' order by 1;
select granted_role from dba_role_privs where grantee = 'CORPUS_U';
create table corpus_u.t (n number);
alter user corpus_u account lock;
select account_status from dba_users where username = 'CORPUS_U';
revoke create table from corpus_u;
drop user corpus_u;
drop user corpus_u cascade;
drop role corpus_r;
create table nobody.t (n number);
