set serveroutput on feedback off
declare
  c sys_refcursor;
  n number;
  function numbers(p_max number) return sys_refcursor is
    r sys_refcursor;
  begin
    open r for select level from dual connect by level <= p_max;
    return r;
  end;
begin
  c := numbers(2);
  loop
    fetch c into n;
    exit when c%notfound;
    dbms_output.put_line(n);
  end loop;
  close c;
  open c for 'select :a * 2 from dual' using 21;
  fetch c into n;
  dbms_output.put_line(n);
  close c;
end;
/
