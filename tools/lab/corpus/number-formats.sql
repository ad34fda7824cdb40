set pages 0 feedback off
select to_char(1234.5, '9,999.00'), to_char(-5, 's99'), to_char(255, 'xx'), to_char(0.5, '0.9'), to_char(5, 'fm000') from dual;
select to_number('1,234.50', '9,999.99') + 1 from dual;
