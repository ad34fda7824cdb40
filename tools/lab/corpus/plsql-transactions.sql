set serveroutput on feedback off pages 0
create table pt_t (n number);
create or replace procedure pt_log(p number) is
  pragma autonomous_transaction;
begin
  insert into pt_t values (p);
  commit;
end;
/
begin
  insert into pt_t values (1);
  savepoint s;
  insert into pt_t values (2);
  rollback to s;
  pt_log(100);
  rollback;
  insert into pt_t values (3);
  commit;
end;
/
select n from pt_t order by n;
begin
  insert into pt_t values (4);
  raise program_error;
end;
/
select count(*) from pt_t;
drop procedure pt_log;
drop table pt_t;
