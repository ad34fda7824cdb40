set pages 0 feedback off
select to_char(timestamp '2024-01-01 10:00:00' + interval '90' minute, 'hh24:mi') from dual;
select extract(hour from (timestamp '2024-01-02 03:00:00' - timestamp '2024-01-01 00:00:00')), extract(day from numtodsinterval(50, 'HOUR')) from dual;
