set pages 0 feedback off long 60 serveroutput on
create table cl_t (id number, body clob);
declare
  text clob;
begin
  for i in 1 .. 1000 loop
    text := text || 'line ' || lpad(i, 4, '0') || chr(10);
  end loop;
  insert into cl_t values (1, text);
  commit;
end;
/
select length(body), dbms_lob.getlength(body), dbms_lob.substr(body, 9, 3991) from cl_t;
update cl_t set body = 'short' where id = 1;
select body from cl_t;
drop table cl_t;
