set feedback off pages 0
create sequence lg_seq;
create table lg_lob (logfile varchar2(200) primary key, loglob clob);
create table lg_t (
  id number primary key,
  db_unique_name varchar2(100) not null,
  start_time date not null,
  finish_time date not null,
  success number not null check (success in (0, 1)),
  logfile varchar2(500),
  contents clob,
  difference number,
  constraint lg_u unique (db_unique_name, start_time, success)
);
insert into lg_lob values ('a.log', 'restored');
insert into lg_t (id, db_unique_name, start_time, finish_time, success, logfile, contents, difference)
select lg_seq.nextval, 'orcl', date '2024-01-01' + level, date '2024-01-01' + level + level / 24, case when level = 2 then 0 else 1 end, 'a.log', (select loglob from lg_lob where logfile = 'a.log'), level from dual connect by level <= 3;
insert into lg_t values (lg_seq.nextval, 'orcl', date '2024-01-02', sysdate, 1, null, null, 0);
select id, success, contents from lg_t order by id;
select 'CRITICAL' from (select success, row_number() over (partition by db_unique_name order by finish_time desc) rn from lg_t) where rn = 1 and success = 0;
select db_unique_name, round(avg((finish_time - start_time) * 1440)), max(case success when 0 then to_char(finish_time, 'dd') end) from lg_t group by db_unique_name;
delete from lg_t where start_time < date '2024-01-03';
select count(*) from lg_t;
drop table lg_t;
drop table lg_lob;
drop sequence lg_seq;
