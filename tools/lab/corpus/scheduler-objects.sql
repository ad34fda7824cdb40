set feedback off pages 0 serveroutput on
begin
  dbms_scheduler.create_job_class(job_class_name => 'CORPUS_CLASS', logging_level => dbms_scheduler.logging_full, log_history => 60);
  dbms_scheduler.create_program('CORPUS_PRG', 'STORED_PROCEDURE', 'dbms_application_info.set_client_info', 1, false);
  dbms_scheduler.define_program_argument(program_name => 'CORPUS_PRG', argument_position => 1, argument_type => 'VARCHAR2', default_value => 'from the job');
  dbms_scheduler.enable('CORPUS_PRG');
  dbms_scheduler.create_schedule(schedule_name => 'CORPUS_SCH', repeat_interval => 'FREQ=DAILY;BYHOUR=10;BYMINUTE=0;BYSECOND=0');
  dbms_scheduler.create_job(job_name => 'CORPUS_JOB', program_name => 'CORPUS_PRG', schedule_name => 'CORPUS_SCH', job_class => 'CORPUS_CLASS', enabled => true);
end;
/
select job_name, state, enabled, to_char(next_run_date, 'hh24:mi:ss') from dba_scheduler_jobs where job_name = 'CORPUS_JOB';
exec dbms_scheduler.run_job('CORPUS_JOB')
select operation, status from dba_scheduler_job_log where job_name = 'CORPUS_JOB' order by log_id;
select status, error# from dba_scheduler_job_run_details where job_name = 'CORPUS_JOB';
exec dbms_scheduler.set_attribute('CORPUS_JOB', 'repeat_interval', 'FREQ=NEVER')
exec dbms_scheduler.set_attribute('CORPUS_JOB', 'repeat_interval', 'FREQ=HOURLY;BYMINUTE=30;BYSECOND=0')
select schedule_type, repeat_interval from dba_scheduler_jobs where job_name = 'CORPUS_JOB';
exec dbms_scheduler.drop_program('CORPUS_PRG')
exec dbms_scheduler.drop_job('CORPUS_JOB')
exec dbms_scheduler.drop_job('CORPUS_JOB')
begin
  dbms_scheduler.drop_program('CORPUS_PRG');
  dbms_scheduler.drop_schedule('CORPUS_SCH');
  dbms_scheduler.drop_job_class('CORPUS_CLASS');
end;
/
select count(*) from dba_scheduler_jobs where job_name = 'CORPUS_JOB';
