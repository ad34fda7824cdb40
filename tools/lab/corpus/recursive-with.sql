set pagesize 60 linesize 140 feedback off
create table employees (id number(4) primary key, name varchar2(10), job varchar2(9), boss number(4), hired date, salary number(7,2), bonus number(7,2), dept number(2));
insert into employees values (7369, 'SMITH', 'CLERK', 7902, date '1980-12-17', 800, null, 20);
insert into employees values (7499, 'ALLEN', 'SALESMAN', 7698, date '1981-02-20', 1600, 300, 30);
insert into employees values (7521, 'WARD', 'SALESMAN', 7698, date '1981-02-22', 1250, 500, 30);
insert into employees values (7566, 'JONES', 'MANAGER', 7839, date '1981-04-02', 2975, null, 20);
insert into employees values (7698, 'BLAKE', 'MANAGER', 7839, date '1981-05-01', 2850, null, 30);
insert into employees values (7782, 'CLARK', 'MANAGER', 7839, date '1981-06-09', 2450, null, 10);
insert into employees values (7839, 'KING', 'PRESIDENT', null, date '1981-11-17', 5000, null, 10);
insert into employees values (7902, 'FORD', 'ANALYST', 7566, date '1981-12-03', 3000, null, 20);
commit;
with chain (id, name, depth) as (
  select id, name, 1 from employees where boss is null
  union all
  select e.id, e.name, c.depth + 1 from employees e join chain c on e.boss = c.id)
select depth, listagg(name, ',') within group (order by name) names from chain group by depth order by depth;
with fib (n, a, b) as (select 1, 0, 1 from dual union all select n + 1, b, a + b from fib where n < 10) select n, a from fib;
with days (d) as (select date '2026-02-26' from dual union all select d + 1 from days where d < date '2026-03-02') select to_char(d, 'DY DD-MM') day from days;
prompt -- without names for its columns, and without end
with f as (select 1 n from dual union all select n + 1 from f where n < 10) select n from f;
with f (n) as (select 1 from dual union all select n from f) select count(*) from f;
drop table employees purge;
