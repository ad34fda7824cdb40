set pages 0 feedback off
select case when 1 > 2 then 'no' when 2 > 1 then 'yes' end, case 3 when 1 then 'a' else 'other' end, decode(null, null, 'same', 'diff') from dual;
select greatest(3, 9, 4), least('b', 'a') from dual;
