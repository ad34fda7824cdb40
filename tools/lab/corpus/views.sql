set pages 0 feedback off
create table vw_t (id number, v varchar2(5));
insert into vw_t values (1, 'a');
create or replace view vw_v (key, val) as select id, upper(v) from vw_t;
select key, val from vw_v;
create view vw_bad as select upper(v) from vw_t;
insert into vw_v values (2, 'b');
create synonym vw_s for vw_v;
select count(*) from vw_s;
select view_name, text from user_views where view_name = 'VW_V';
drop synonym vw_s;
drop view vw_v;
select * from vw_v;
drop table vw_t;
