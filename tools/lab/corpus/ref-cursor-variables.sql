variable c refcursor
variable c
exec open :c for select level n, 'x' || level t, date '2026-01-02' d from dual connect by level <= 3
column t format a4
print c
print c
create procedure ca_answer (r out sys_refcursor) is begin open r for select 42 answer from dual; end;
/
exec ca_answer(:c)
print c
begin open :c for select 1 from dual where 1 = 0; end;
/
print c
drop procedure ca_answer;
