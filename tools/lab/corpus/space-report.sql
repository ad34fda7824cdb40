set feedback off pages 0
select tablespace_name, count(*) files from dba_data_files group by tablespace_name order by 1;
select name from v$tablespace where name not in (select tablespace_name from dba_tablespaces);
create tablespace corpus_ts datafile size 256k;
select count(*) from v$datafile d join v$tablespace t on t.ts# = d.ts# where t.name = 'CORPUS_TS';
drop tablespace corpus_ts including contents and datafiles;
