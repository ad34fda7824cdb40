set pages 0 feedback off
create table cg_t (d varchar2(3), n number);
insert into cg_t select decode(mod(level, 3), 0, 'a', 1, 'b', 'c'), level from dual connect by level <= 9;
select d, count(*), sum(n), avg(n), min(n), max(n) from cg_t group by d having sum(n) > 12 order by d;
select listagg(n, ',') within group (order by n desc) from cg_t where d = 'a';
select count(distinct d) from cg_t;
drop table cg_t;
