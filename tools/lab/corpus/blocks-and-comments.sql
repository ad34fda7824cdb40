set feedback off pages 0 serveroutput on
-- a line comment
/* a comment
   over lines */
rem remarks are ignored
prompt text with 'quotes' -- and dashes
select /* inside */ 'x' -- at the end
from dual;
begin -- comments
  dbms_output.put_line(q'[it's]' || ' ' || 'a''b');
end;
/
