set feedback off markup csv on
select 1 n, 'two, three' t, 'q"q' q from dual;
set markup csv off
select 1 n from dual;
