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
column rr format 0.000
column cd format 0.000
select name, salary, ntile(3) over (order by salary) third, round(percent_rank() over (order by salary), 2) pr, cume_dist() over (order by salary) cd, ratio_to_report(salary) over () rr from employees order by salary;
select name, nth_value(name, 2) over (order by salary rows between unbounded preceding and unbounded following) second, lag(name, 1, '-') over (order by salary) before from employees where dept = 20 order by salary;
select dept, max(name) keep (dense_rank first order by salary desc) top, min(salary) keep (dense_rank last order by hired) latest, count(*) keep (dense_rank first order by job) from employees group by dept order by dept;
select median(salary), round(stddev(salary), 3) sd, round(variance(salary), 1) v, round(stddev_pop(salary), 3) sp, var_samp(bonus) from employees;
select dept, percentile_cont(0.5) within group (order by salary) cont, percentile_disc(0.5) within group (order by salary desc) disc from employees group by dept order by dept;
select name, median(salary) over (partition by dept) m, round(stddev(salary) over (order by hired rows between 1 preceding and current row), 2) s from employees order by hired;
select stddev(1), stddev_samp(1), median(null) from dual;
select percentile_cont(2) within group (order by salary) from employees;
select ntile(2) over () from employees;
drop table employees purge;
