set pages 0 feedback on
create table cm_t (id number primary key, v varchar2(10));
insert into cm_t values (1, 'old');
merge into cm_t t using (select 1 id, 'new' v from dual union all select 2, 'added' from dual) s on (t.id = s.id)
when matched then update set t.v = s.v
when not matched then insert (id, v) values (s.id, s.v);
select id, v from cm_t order by id;
drop table cm_t;
