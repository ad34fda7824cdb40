set serveroutput on
create or replace procedure pu_inner is
begin
  raise_application_error(-20001, 'deep');
end;
/
create or replace procedure pu_outer is
begin
  null;
  pu_inner;
end;
/
begin
  dbms_output.put_line('before');
  pu_outer;
end;
/
drop procedure pu_outer;
drop procedure pu_inner;
