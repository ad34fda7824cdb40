set pagesize 24 linesize 70 feedback off
create table sales (region varchar2(8), city varchar2(8), amount number);
insert into sales values ('North', 'Oslo', 10);
insert into sales values ('North', 'Umea', 25.5);
insert into sales values ('South', 'Rome', 40);
insert into sales values ('South', 'Athens', null);
commit;
column amount heading 'Amount|EUR' format 9,990.00
break on region skip 1 on report
compute sum label subtotal avg of amount on region
compute sum label total count of amount on report
ttitle left 'Sales' right 'Page' format 99 sql.pno skip 1 center '(by region)' skip 2
btitle left 'end of page'
select region, city, amount from sales order by 1, 2;
clear breaks
clear computes
ttitle off
btitle off
compute max min std var num of amount on report
break on report
compute
select city, amount from sales order by 1;
clear computes breaks
break on row skip 1
select city, amount from sales order by 1;
clear breaks
prompt &_user &_connect_identifier &_privilege
drop table sales purge;
