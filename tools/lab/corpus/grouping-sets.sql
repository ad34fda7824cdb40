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
select dept, job, sum(salary), grouping(dept) g, grouping_id(dept, job) gi from employees group by rollup(dept, job) order by dept, job;
select dept, job, sum(salary) from employees group by cube(dept, job) having sum(salary) > 3000 order by dept nulls first, sum(salary) desc;
select dept, job, count(*) from employees group by grouping sets ((dept), (job), ()) order by 1, 2;
select dept, sum(salary) from employees group by dept, rollup(job) order by 1, 2;
column d format a6
select decode(grouping(dept), 1, 'total', dept) d, sum(salary), round(avg(salary), 1) average from employees group by rollup(dept);
prompt -- nothing has no total
set feedback on
select count(*) from employees where 1 = 0 group by rollup(dept);
set feedback off
select job, grouping(dept) from employees group by rollup(job);
drop table employees purge;
