set serveroutput on feedback off
declare
  n number;
  t varchar2(30) := 'pd_t';
begin
  execute immediate 'create table ' || t || ' (id number, v varchar2(10))';
  execute immediate 'insert into ' || t || ' values (:1, :2)' using 1, 'one';
  execute immediate 'update pd_t set v = :v where id = :i returning length(v) into :n' using 'three', 1 returning into n;
  dbms_output.put_line(n || ' ' || sql%rowcount);
  execute immediate 'select count(*) from pd_t where id = :x' into n using 1;
  dbms_output.put_line(n);
  execute immediate 'begin :a := :b * 2; end;' using out n, in 21;
  dbms_output.put_line(n);
  execute immediate 'drop table pd_t';
  execute immediate 'select * from pd_t' into n;
exception
  when others then dbms_output.put_line(sqlcode);
end;
/
