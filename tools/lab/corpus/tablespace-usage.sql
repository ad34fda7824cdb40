set lines 120 pages 50 feedback off
column tablespace_name format a15
column pct format 990.0
create tablespace cu_data datafile size 1m extent management local autoallocate;
create table cu_t (n number, v varchar2(200)) tablespace cu_data;
insert into cu_t select level, rpad('x', 200, 'x') from dual connect by level <= 100;
create index cu_i on cu_t (n);
commit;
select tablespace_name, tablespace_size, round(used_percent, 1) pct, case when used_space > 0 then 'used' else 'empty' end state
  from dba_tablespace_usage_metrics where tablespace_name = 'CU_DATA';
select df.tablespace_name, df.mb, round(100 * (1 - fs.free / df.bytes), 1) pct,
       case when fs.free / df.bytes < 0.1 then 'CRITICAL' when fs.free / df.bytes < 0.2 then 'WARNING' else 'ok' end status
  from (select tablespace_name, sum(bytes) bytes, sum(bytes) / 1024 / 1024 mb from dba_data_files group by tablespace_name) df
  join (select tablespace_name, sum(bytes) free from dba_free_space group by tablespace_name) fs
    on fs.tablespace_name = df.tablespace_name
 where df.tablespace_name = 'CU_DATA';
select index_name, uniqueness, status, visibility from user_indexes where index_name = 'CU_I';
create tablespace cu_wide datafile size 1m blocksize 16K;
drop tablespace cu_data including contents and datafiles;
