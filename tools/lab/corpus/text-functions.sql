set pages 0 feedback off
select upper('abc') || lower('DEF') || initcap('two words') from dual;
select substr('recovery', -4), instr('a.b.c', '.', 1, 2), lpad('7', 3, '0'), rtrim('x...', '.') from dual;
select replace('aXbX', 'X'), translate('12-34', '0123456789-', '0123456789'), length('four') from dual;
select regexp_substr('o1_mf_1_42_x.arc', '_(\d+)_', 1, 1, null, 1), regexp_replace('a  b', ' +', '-') from dual;
