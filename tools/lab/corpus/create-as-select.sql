set pages 0 feedback off
create table ctas_t as select level id, 'row ' || level name, sysdate made from dual connect by level <= 3;
select count(*), max(name) from ctas_t;
select column_name, data_type from user_tab_columns where table_name = 'CTAS_T' order by column_id;
drop table ctas_t;
