set verify off feedback off pages 0
accept colour char prompt 'Colour? '
blue
accept num number default 7

select '&colour', &num from dual;
define colour
