set serveroutput on feedback off
declare
  cursor c (low number) is select n, 'r' || n name from (select level n from dual connect by level <= 4) where n > low;
  r c%rowtype;
  total number := 0;
begin
  open c(2);
  loop
    fetch c into r;
    exit when c%notfound;
    total := total + r.n;
  end loop;
  dbms_output.put_line(total || ' ' || c%rowcount || ' ' || r.name);
  close c;
  if not c%isopen then dbms_output.put_line('closed'); end if;
  for q in c(1) loop dbms_output.put(q.name || ' '); end loop;
  for q in (select object_name from dba_objects where object_name = 'DBA_JOBS_NOPE') loop dbms_output.put('never'); end loop;
  dbms_output.new_line;
  fetch c into r;
exception
  when invalid_cursor then dbms_output.put_line('invalid cursor');
end;
/
