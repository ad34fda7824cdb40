set pages 0 feedback off
create table cs_t (g varchar2(2), n number);
insert into cs_t select case mod(level, 2) when 0 then 'e' else 'o' end, level from dual connect by level <= 6;
select g, n from cs_t t where n = (select max(n) from cs_t where g = t.g) order by g;
select count(*) from cs_t where n > all (select n from cs_t where n < 4);
select g from cs_t t where exists (select 1 from cs_t where n = t.n + 5);
with odd as (select n from cs_t where g = 'o'), total as (select sum(n) s from odd) select s from total;
drop table cs_t;
