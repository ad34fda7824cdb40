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
select * from (select dept, job, salary from employees) pivot (sum(salary) for job in ('CLERK' as clerk, 'MANAGER' mgr, 'ANALYST')) order by dept;
select * from (select dept, job, salary from employees) pivot (sum(salary) s, count(*) c for job in ('CLERK' as clerk, 'MANAGER' mgr)) p order by p.dept;
select * from (select job, extract(year from hired) year, id from employees) pivot (count(id) for year in (1980, 1981)) order by job;
column kind format a8
select id, kind, amount from (select id, salary, bonus from employees where dept = 30) unpivot (amount for kind in (salary as 'salary', bonus)) order by id, kind;
select id, kind, amount from (select id, salary, bonus from employees where dept = 30) unpivot include nulls (amount for kind in (salary, bonus)) where amount is null order by id;
select * from (select dept, job from employees) pivot (sum(nothing) for job in ('CLERK'));
drop table employees purge;
