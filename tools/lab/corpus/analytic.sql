set pages 0 feedback off
create table ca_t (d varchar2(3), n number);
insert into ca_t select case when level < 4 then 'x' else 'y' end, level * 10 from dual connect by level <= 5;
select d, n, row_number() over (partition by d order by n desc), sum(n) over (partition by d order by n rows between unbounded preceding and current row) from ca_t order by n;
select n, lag(n) over (order by n), lead(n, 1) over (order by n), rank() over (order by d) from ca_t order by n;
drop table ca_t;
