set pages 0 feedback off null <null>
select nvl(null, 'n'), nvl2('x', 'set', 'unset'), coalesce(null, null, 'third'), nullif(1, 1) from dual;
select 'a' || null || 'b' from dual where not (null = null) or 1 = 1;
select count(*) from dual where null in (1, null);
