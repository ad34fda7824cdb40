select *
from nowhere;
select nope from dual;
select 1 +
from dual;
selec 1 from dual;
insert into dual values;
select 'open from dual;
select count(* from dual;
select 1 from dual where 1 = 'x';
select to_date('2024-13-01', 'yyyy-mm-dd') from dual;
