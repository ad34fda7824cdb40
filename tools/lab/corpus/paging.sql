set pages 0 feedback off
select n from (select level n from dual connect by level <= 10) where n > 2 order by n offset 1 rows fetch next 2 rows only;
select rownum, n from (select level n from dual connect by level <= 10 order by level desc) where rownum <= 2;
