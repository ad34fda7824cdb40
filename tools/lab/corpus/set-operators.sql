set pages 0 feedback off
select 1 n from dual union select 2 from dual union all select 2 from dual order by 1;
select level from dual connect by level <= 4 minus select 2 from dual order by 1;
select 3 from dual intersect select level from dual connect by level < 5;
