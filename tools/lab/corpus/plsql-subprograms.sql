set serveroutput on feedback off
declare
  x number := 5;
  s varchar2(20);
  function fact(n number) return number is
  begin
    if n <= 1 then return 1; end if;
    return n * fact(n - 1);
  end fact;
  procedure swap(a in out number, b in out number) is
    t number := a;
  begin
    a := b;
    b := t;
  end;
  procedure greet(p_name varchar2 default 'world', p_out out varchar2) is
  begin
    p_out := 'hello ' || p_name;
  end;
  y number := 9;
begin
  dbms_output.put_line(fact(x) || ' ' || fact(20));
  swap(x, y);
  dbms_output.put_line(x || y);
  greet(p_out => s);
  dbms_output.put_line(s);
  greet('you', s);
  dbms_output.put_line(s);
end;
/
