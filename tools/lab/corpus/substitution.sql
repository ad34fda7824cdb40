set verify off feedback off pages 0
define who = world
select 'hello &who..' from dual;
define n = 3
select level from dual connect by level <= &n;
set define #
select '&who #who' from dual;
set define &
undefine who
define who
set escape on
select 'a \& b' from dual;
set define off
select 'r&d' from dual;
