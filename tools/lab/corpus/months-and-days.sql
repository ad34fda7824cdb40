set pagesize 60 linesize 140 feedback off
column m format a9
column y format a7
column n format a7
column d format a30
column t format a35
select date '2026-03-15' - interval '1' month m, interval '2-3' year to month y, numtoyminterval(14, 'month') n, interval '1 02:30:15.5' day to second d from dual;
select timestamp '2026-01-31 10:00:00 +01:00' + interval '2' month t from dual;
select date '2024-02-29' + interval '1' year from dual;
select interval '25' month + interval '1' year y, interval '90:30' minute to second d from dual;
select date '2026-01-01' + interval '2-x' year to month from dual;
select to_char(12, 'RN') roman, to_char(1987, 'fmRN') year, to_char(1234.5, 'L9,999.99') amount from dual;
