set feedback on
create table ct_t (id number(5) primary key, name varchar2(20) not null, price number(7,2) default 9.99 check (price >= 0), made date default sysdate, note clob);
describe ct_t
insert into ct_t (id, name) values (1, 'first');
alter table ct_t add (colour varchar2(10) default 'red');
alter table ct_t modify name varchar2(40);
alter table ct_t rename column colour to color;
select id, name, price, color from ct_t;
comment on table ct_t is 'things';
comment on column ct_t.name is 'what it is called';
select comments from user_tab_comments where table_name = 'CT_T';
truncate table ct_t;
drop table ct_t purge;
