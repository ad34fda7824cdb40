set pages 0 feedback on
create table cr_t (id number, v number);
variable got number
insert into cr_t values (1, 10) returning v into :got;
print got
update cr_t set v = v + 5 where id = 1 returning v into :got;
print got
delete from cr_t where id = 2;
rollback;
select count(*) from cr_t;
drop table cr_t;
