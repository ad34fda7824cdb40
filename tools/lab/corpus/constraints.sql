set pages 0 feedback off
create table cc_p (id number constraint cc_pk primary key, code varchar2(4) constraint cc_uk unique);
create table cc_c (pid number constraint cc_fk references cc_p, n number constraint cc_ck check (n between 1 and 9));
insert into cc_p values (1, 'one');
insert into cc_p values (1, 'two');
insert into cc_p values (2, 'one');
insert into cc_p values (null, 'x');
insert into cc_c values (7, 1);
insert into cc_c values (1, 10);
insert into cc_c values (1, 5);
delete from cc_p;
alter table cc_c disable constraint cc_ck;
insert into cc_c values (1, 10);
alter table cc_c enable constraint cc_ck;
select constraint_name, constraint_type, status from user_constraints where table_name in ('CC_P', 'CC_C') order by 1;
drop table cc_p;
drop table cc_p cascade constraints;
drop table cc_c;
