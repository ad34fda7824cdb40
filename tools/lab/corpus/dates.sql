set pages 0 feedback off
alter session set nls_date_format = 'yyyy-mm-dd hh24:mi:ss';
select date '2024-02-28' + 1, last_day(date '2024-02-01'), add_months(date '2024-01-31', 1) from dual;
select trunc(to_date('2024-05-17 13:45', 'yyyy-mm-dd hh24:mi'), 'mm'), months_between(date '2024-03-01', date '2024-01-01') from dual;
select to_char(date '2024-12-30', 'IYYY-IW Day'), to_char(date '2024-12-30', 'fmDay, DD Month YYYY') from dual;
