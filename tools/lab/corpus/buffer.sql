set feedback off pages 0
select 1
from dual;
list
/
run
clear buffer
/
select 2
from dual
.
/
