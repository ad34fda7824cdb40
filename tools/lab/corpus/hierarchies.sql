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
column tree format a14
column way format a24
column top format a6
column boss_name format a9
select lpad(' ', 2 * (level - 1)) || name tree, level, sys_connect_by_path(name, '/') way, connect_by_root name top, connect_by_isleaf leaf, prior name boss_name
  from employees start with boss is null connect by prior id = boss order siblings by name;
prompt -- the clauses the other way round, and another direction
select name from employees connect by prior boss = id start with name = 'SMITH';
prompt -- a bound on the level, an order of its own, groups
select name, level from employees connect by prior id = boss and level <= 2 start with boss is null order by name;
select level, count(*), max(salary) from employees start with boss is null connect by prior id = boss group by level order by level;
prompt -- joins come before the tree, other conditions behind it
select e.name, d.label, level
  from employees e, (select 10 dept, 'TEN' label from dual union all select 20, 'TWENTY' from dual) d
 where e.dept = d.dept and e.salary > 1000
 start with e.boss is null connect by prior e.id = e.boss order siblings by e.name;
prompt -- rows out of a list
column part format a4
select regexp_substr(list, '[^,]+', 1, level) part from (select 'a,b,c' list from dual) connect by level <= regexp_count(list, ',') + 1;
prompt -- loops
update employees set boss = 7369 where name = 'KING';
select count(*) from employees start with name = 'KING' connect by prior id = boss;
select count(*) from employees start with name = 'KING' connect by nocycle prior id = boss;
rollback;
prompt -- words that want a tree
select prior name from employees;
select level from employees;
select sys_connect_by_path(name, '/') from employees;
select name from employees order siblings by name;
drop table employees purge;
