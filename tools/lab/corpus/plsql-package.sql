set serveroutput on feedback off pages 0
create or replace package pk_c is
  limit_reached exception;
  most constant number := 2;
  procedure bump;
  function total return number;
end pk_c;
/
create or replace package body pk_c is
  n number := 0;
  procedure bump is
  begin
    if n >= most then raise limit_reached; end if;
    n := n + 1;
  end bump;
  function total return number is begin return n; end;
end pk_c;
/
begin
  pk_c.bump;
  pk_c.bump;
  dbms_output.put_line(pk_c.total || ' of ' || pk_c.most);
  pk_c.bump;
exception
  when pk_c.limit_reached then dbms_output.put_line('limit');
end;
/
select pk_c.total() from dual;
exec pk_c.n := 5
drop package pk_c;
select pk_c.total() from dual;
