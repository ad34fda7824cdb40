set feedback off linesize 60
column name format a8 heading 'The Name'
column price format 990.00
column id noprint
select 1 id, 'a long name that wraps' name, 2.5 price from dual;
column name truncated
select 'a long name that wraps' name from dual;
column name clear
col d new_value today noprint
select 'monday' d from dual;
prompt today is &today
clear columns
