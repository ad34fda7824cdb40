set feedback off serveroutput on
declare
  procedure show(p_calendar varchar2) is
    moment timestamp with time zone := timestamp '2024-02-28 12:00:00';
    text varchar2(200);
  begin
    for i in 1 .. 3 loop
      dbms_scheduler.evaluate_calendar_string(p_calendar, timestamp '2024-02-28 08:15:30', moment, moment);
      text := text || to_char(moment, ' mm-dd hh24:mi:ss');
    end loop;
    dbms_output.put_line(p_calendar || ':' || text);
  end;
begin
  show('FREQ=DAILY');
  show('FREQ=HOURLY;INTERVAL=6');
  show('FREQ=HOURLY;BYHOUR=21');
  show('FREQ=WEEKLY;BYDAY=MON,FRI;BYHOUR=9;BYMINUTE=0;BYSECOND=0');
  show('FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=23;BYMINUTE=0;BYSECOND=0');
  show('FREQ=MONTHLY;BYDAY=2TUE');
  show('FREQ=YEARLY;BYMONTH=FEB,AUG;BYMONTHDAY=29');
  show('FREQ=MINUTELY;BYSECOND=0,30');
  show('FREQ=SOMETIMES');
end;
/
