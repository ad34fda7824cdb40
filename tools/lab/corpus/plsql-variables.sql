set serveroutput on feedback off
declare
  n number(6,2) := 12.345;
  s varchar2(10) not null := 'start';
  c constant pls_integer := 3;
  b boolean := not false;
  d date := date '2024-01-01';
  copy s%type;
begin
  copy := s || '!';
  n := n * c;
  dbms_output.put_line(n || ' ' || copy || ' ' || to_char(d + c, 'yyyy-mm-dd'));
  if b then dbms_output.put_line('true'); end if;
  n := null;
  dbms_output.put_line(nvl(to_char(n), 'null'));
end;
/
