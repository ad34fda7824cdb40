set serveroutput on feedback off
create or replace function cc_fact(n number) return number is
begin
  return case when n <= 1 then 1 else n * cc_fact(n - 1) end;
end;
/
create or replace function cc_fib(n pls_integer) return pls_integer is
begin
  return case n when 0 then 0 when 1 then 1 else cc_fib(n - 1) + cc_fib(n - 2) end;
end;
/
<<report>>
declare
  type t_list is table of varchar2(10);
  l_list t_list := t_list('a', 'b', 'c');
  l_calls pls_integer := 0;
  function counted(p_text varchar2) return varchar2 is
  begin
    l_calls := l_calls + 1;
    return p_text;
  end;
begin
  dbms_output.put_line('5! = ' || cc_fact(5) || ', fib(10) = ' || cc_fib(10));
  l_list.delete(2);
  for i in 1 .. 3 loop
    dbms_output.put_line(i || ' ' || case when l_list.exists(i) then upper(l_list(i)) else '(gone)' end);
  end loop;
  dbms_output.put_line(case when 1 = 1 or counted('x') = 'x' then counted('taken') else counted('left') end || ' after ' || l_calls || ' call(s)');
  dbms_output.put_line('none fits: ' || nvl(case l_list.count when 9 then counted('nine') end, 'null'));
  dbms_output.put_line(report.l_calls || ' call(s)');
end;
/
select cc_fact(6) from dual;
drop function cc_fact;
drop function cc_fib;
