set pages 0 feedback off
select 7 / 2, mod(-7, 3), round(2.675, 2), trunc(-1.99), power(2, 10), sign(-3), ceil(1.2), floor(-1.2) from dual;
select 0.1 + 0.2, 1e3, 12345678901234567890 from dual;
