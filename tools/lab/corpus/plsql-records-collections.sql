set serveroutput on feedback off
declare
  type point is record (x number, y number := 0);
  type points is table of point index by pls_integer;
  type names is table of varchar2(20);
  type by_name is table of number index by varchar2(10);
  p points;
  n names := names('a', 'b');
  m by_name;
  k varchar2(10);
begin
  p(3).x := 30;
  p(1).x := 10;
  dbms_output.put_line(p.count || ' ' || p.first || ' ' || p.last || ' ' || p(3).x);
  n.extend;
  n(3) := 'c';
  for i in 1 .. n.count loop dbms_output.put(n(i)); end loop;
  n.delete(2);
  dbms_output.put_line(' ' || n.count || case when n.exists(2) then ' there' else ' gone' end);
  m('two') := 2;
  m('one') := 1;
  k := m.first;
  while k is not null loop
    dbms_output.put(k || '=' || m(k) || ' ');
    k := m.next(k);
  end loop;
  dbms_output.new_line;
  dbms_output.put_line(m('three'));
exception
  when no_data_found then dbms_output.put_line('no three');
end;
/
