set pages 0 feedback off
create table ix_t (a number, b varchar2(5));
insert into ix_t values (1, 'x');
insert into ix_t values (1, 'y');
create unique index ix_u on ix_t (a);
create index ix_n on ix_t (b, a);
select index_name, uniqueness from user_indexes where table_name = 'IX_T';
select column_name, column_position from user_ind_columns where index_name = 'IX_N' order by 2;
create index ix_again on ix_t (b, a);
drop index ix_n;
drop index ix_n;
drop table ix_t;
