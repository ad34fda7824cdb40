set feedback on serveroutput on
create or replace procedure cx_p(p varchar2) is
begin
  dbms_output.put_line('got ' || p);
end;
/
execute cx_p('one')
call cx_p('two');
exec cx_p
drop procedure cx_p;
