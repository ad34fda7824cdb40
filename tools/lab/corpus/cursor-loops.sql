set serveroutput on feedback off
create table cl_acc (id number primary key, owner varchar2(20) not null, bal number(10,2) default 0 check (bal >= 0));
insert into cl_acc values (1, 'Ann', 100);
insert into cl_acc values (2, 'Bob', 50);
insert into cl_acc values (3, 'Cyd', 10);
commit;
create or replace procedure cl_transfer(p_from cl_acc.id%type, p_to cl_acc.id%type, p_amount number) is
  l_bal cl_acc.bal%type;
  e_no_funds exception;
begin
  savepoint before_transfer;
  select bal into l_bal from cl_acc where id = p_from for update;
  if l_bal < p_amount then raise e_no_funds; end if;
  update cl_acc set bal = bal - p_amount where id = p_from;
  update cl_acc set bal = bal + p_amount where id = p_to returning bal into l_bal;
  dbms_output.put_line('new balance ' || to_char(l_bal, '990.00'));
exception
  when e_no_funds then
    rollback to before_transfer;
    raise_application_error(-20100, 'no funds on ' || p_from);
  when no_data_found then dbms_output.put_line('no account ' || p_from);
end cl_transfer;
/
exec cl_transfer(1, 2, 30)
exec cl_transfer(9, 2, 30)
exec cl_transfer(3, 1, 1000)
declare
  cursor c_rich(p_least number) is select owner, bal from cl_acc where bal >= p_least order by bal desc;
  type t_rows is table of c_rich%rowtype index by pls_integer;
  l_rows t_rows;
begin
  for r in c_rich(20) loop
    dbms_output.put_line(c_rich%rowcount || ' ' || r.owner || case when c_rich%isopen then ' open' end);
    exit when c_rich%rowcount = 2;
  end loop;
  dbms_output.put_line(case when c_rich%isopen then 'still open' else 'closed' end);
  open c_rich(p_least => 0);
  loop
    fetch c_rich bulk collect into l_rows limit 2;
    dbms_output.put_line(l_rows.count || ' row(s), ' || c_rich%rowcount || ' in all');
    exit when c_rich%notfound;
  end loop;
  begin
    for r in c_rich(0) loop null; end loop;
  exception when cursor_already_open then dbms_output.put_line('open already');
  end;
  close c_rich;
  update cl_acc set bal = -1 where id = 1;
exception
  when others then dbms_output.put_line(substr(sqlerrm, 1, 9) || ' on the way');
end;
/
select owner, bal, case when bal > avg(bal) over () then 'above' else 'below' end place from cl_acc order by id;
drop procedure cl_transfer;
drop table cl_acc;
