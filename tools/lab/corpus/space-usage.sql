set serveroutput on size unlimited format wrapped
set feedback off pagesize 40 linesize 100
create table ca_space (id number primary key, pad varchar2(2000));
insert into ca_space select level, rpad('x', 2000, 'x') from dual connect by level <= 40;
commit;
column tablespace_name format a10
column pct format 990.0
select df.tablespace_name, case when fs.kb < df.kb then 'used' else 'empty' end state
  from (select tablespace_name, sum(bytes) / 1024 kb from dba_data_files group by tablespace_name) df,
       (select tablespace_name, sum(bytes) / 1024 kb from dba_free_space group by tablespace_name) fs
 where df.tablespace_name = fs.tablespace_name(+) order by 1;
prompt -- every block of a file is free, a segment's, or belongs to the file itself
select count(*) from (
  select d.file_id, d.blocks - nvl(f.free, 0) - nvl(e.used, 0) own
    from dba_data_files d
    left join (select file_id, sum(blocks) free from dba_free_space group by file_id) f on f.file_id = d.file_id
    left join (select file_id, sum(blocks) used from dba_extents group by file_id) e on e.file_id = d.file_id)
 where own < 2;
column segment_name format a12
select segment_name, segment_type, case when blocks > 9 then 'many' else 'few' end blocks from user_segments where segment_name = 'CA_SPACE';
select case when sum(e.blocks) = max(s.blocks) and count(*) = max(s.extents) then 'agree' end agree from dba_extents e join dba_segments s on s.owner = e.owner and s.segment_name = e.segment_name and s.segment_type = e.segment_type where s.segment_name = 'CA_SPACE' and s.segment_type = 'TABLE';
declare
  free number;
begin
  for t in (select tablespace_name from dba_tablespaces where contents = 'PERMANENT' order by 1) loop
    select nvl(sum(bytes), 0) into free from dba_free_space where tablespace_name = t.tablespace_name;
    dbms_output.put_line(rpad(t.tablespace_name, 10) || case when free > 0 then ' has room' else ' is full' end);
  end loop;
end;
/
drop table ca_space purge;
