set pages 0 feedback off
create table cj_a (id number, v varchar2(5));
create table cj_b (id number, w varchar2(5));
insert into cj_a values (1, 'one');
insert into cj_a values (2, 'two');
insert into cj_b values (2, 'zwei');
insert into cj_b values (3, 'drei');
select a.id, b.w from cj_a a left join cj_b b on b.id = a.id order by 1;
select a.id, b.w from cj_a a, cj_b b where a.id(+) = b.id order by b.id;
select id, v, w from cj_a full outer join cj_b using (id) order by id;
drop table cj_a;
drop table cj_b;
