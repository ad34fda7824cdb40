set serveroutput on feedback off
declare
  grade char(1) := 'B';
  n number := 5;
begin
  case grade when 'A' then dbms_output.put_line('great'); when 'B' then dbms_output.put_line('good'); end case;
  case when n > 9 then dbms_output.put_line('big'); else dbms_output.put_line('small'); end case;
  dbms_output.put_line(case n when 5 then 'five' else 'other' end);
  case grade when 'Z' then null; end case;
exception
  when case_not_found then dbms_output.put_line('none: ' || sqlcode);
end;
/
