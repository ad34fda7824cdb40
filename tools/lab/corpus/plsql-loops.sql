set serveroutput on feedback off
declare
  n pls_integer := 0;
begin
  for i in 1 .. 3 loop dbms_output.put(i || ' '); end loop;
  for i in reverse 1 .. 3 loop dbms_output.put(i || ' '); end loop;
  dbms_output.new_line;
  while n < 10 loop
    n := n + 1;
    continue when mod(n, 2) = 0;
    exit when n > 7;
    dbms_output.put(n || ' ');
  end loop;
  dbms_output.new_line;
  <<outer>>
  for i in 1 .. 3 loop
    for j in 1 .. 3 loop
      exit outer when i * j = 4;
      dbms_output.put(i * j || ' ');
    end loop;
  end loop outer;
  dbms_output.new_line;
end;
/
