set lines 100 pages 50 feedback off
column file_name format a20
column auto format a4
create tablespace gf_data datafile '/u01/gf_data.dbf' size 512k autoextend on next 64k maxsize 2m;
create table gf_t (v varchar2(4000)) tablespace gf_data;
select bytes / 1024 kb, autoextensible auto, maxbytes / 1024 max_kb, increment_by from dba_data_files where tablespace_name = 'GF_DATA';
begin
  for i in 1 .. 5 loop
    insert into gf_t select rpad('x', 3900, 'x') from dual connect by level <= 40;
    commit;
  end loop;
end;
/
select bytes / 1024 kb, create_bytes / 1024 created_kb from v$datafile where name = '/u01/gf_data.dbf';
alter database datafile '/u01/gf_data.dbf' autoextend off;
alter database datafile '/u01/gf_data.dbf' resize 1m;
select bytes / 1024 kb, autoextensible auto from dba_data_files where tablespace_name = 'GF_DATA';
alter database datafile '/u01/gf_data.dbf' resize 128k;
alter tablespace gf_data add datafile '/u01/gf_data2.dbf' size 256k autoextend on maxsize unlimited;
select file_name, autoextensible auto, increment_by from dba_data_files where tablespace_name = 'GF_DATA' order by 1;
drop tablespace gf_data including contents and datafiles;
