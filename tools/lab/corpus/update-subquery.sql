set pages 0 feedback off
create table us_a (id number, v number, w number);
create table us_b (id number, v number, w number);
insert into us_a values (1, 0, 0);
insert into us_a values (2, 0, 0);
insert into us_b values (1, 11, 12);
update us_a a set (v, w) = (select b.v, b.w from us_b b where b.id = a.id) where a.id in (select id from us_b);
select id, v, w from us_a order by id;
insert into us_a (id, v) select id + 10, v from us_b;
delete us_a where v = 0;
select id from us_a order by id;
drop table us_a;
drop table us_b;
