set pages 50 feedback on
create table cd_stock (sku varchar2(10) primary key, qty number, note varchar2(20));
create table cd_delivery (sku varchar2(10), qty number);
insert into cd_stock select 'P' || level, level, 'old' from dual connect by level <= 4;
insert into cd_delivery select 'P2', -2 from dual union all select 'P3', 10 from dual union all select 'P9', 5 from dual union all select 'P8', 0 from dual;
merge into cd_stock s
using (select sku, sum(qty) qty from cd_delivery group by sku) d
on (s.sku = d.sku)
when matched then
  update set s.qty = s.qty + d.qty, s.note = 'changed'
  delete where s.qty = 0
when not matched then
  insert (sku, qty, note) values (d.sku, d.qty, 'new') where d.qty > 0;
select * from cd_stock order by sku;
rollback;
select count(*) from cd_stock;
drop table cd_stock;
drop table cd_delivery;
