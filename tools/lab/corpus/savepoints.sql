set pages 0 feedback off
create table sp_t (n number);
insert into sp_t values (1);
savepoint one;
insert into sp_t values (2);
savepoint two;
insert into sp_t values (3);
rollback to two;
select count(*) from sp_t;
rollback to savepoint one;
select count(*) from sp_t;
rollback to two;
commit;
select count(*) from sp_t;
drop table sp_t;
