set feedback on
create or replace procedure ce_p is
begin
  nope := 1;
  select x from dual;
end;
/
show errors
exec ce_p
select status from user_objects where object_name = 'CE_P';
drop procedure ce_p;
begin
  if 1 = 1 then null end if;
end;
/
declare
  n number;
begin
  select nothing into n from dual;
  n := date '2024-01-01';
end;
/
