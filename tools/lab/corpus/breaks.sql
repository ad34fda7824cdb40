set feedback off
break on g skip 1
select case when level < 3 then 'a' else 'b' end g, level n from dual connect by level <= 4;
clear breaks
select 'a' g, 1 n from dual;
