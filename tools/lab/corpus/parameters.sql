set feedback off pages 0
alter system set undo_retention = 1234 scope = memory;
select value, isdefault from v$parameter where name = 'undo_retention';
alter system set no_such_parameter = 1;
select count(*) from v$spparameter where isspecified = 'TRUE' and name = 'db_name';
