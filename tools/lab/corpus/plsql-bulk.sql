set serveroutput on feedback off
create table pb_t (id number, v varchar2(10));
declare
  type ids is table of number;
  type rows_t is table of pb_t%rowtype;
  i ids;
  r rows_t;
begin
  select level bulk collect into i from dual connect by level <= 5;
  forall j in 1 .. i.count insert into pb_t values (i(j), 'v' || i(j));
  dbms_output.put_line(sql%rowcount);
  select * bulk collect into r from pb_t where id > 3 order by id;
  dbms_output.put_line(r.count || r(1).v || r(2).v);
  delete from pb_t where id < 3 returning id bulk collect into i;
  dbms_output.put_line(i.count);
end;
/
drop table pb_t;
