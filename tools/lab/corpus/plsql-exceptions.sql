set serveroutput on feedback off
declare
  n number;
  mine exception;
  full_disk exception;
  pragma exception_init(full_disk, -20015);
begin
  begin
    select 1 into n from dual where 1 = 0;
  exception
    when no_data_found then dbms_output.put_line('1 ' || sqlcode || ' ' || sqlerrm);
  end;
  begin
    select level into n from dual connect by level <= 2;
  exception
    when too_many_rows then dbms_output.put_line('2 ' || sqlerrm);
  end;
  begin
    n := 1 / 0;
  exception
    when zero_divide or value_error then dbms_output.put_line('3 ' || sqlcode);
  end;
  begin
    raise mine;
  exception
    when mine then dbms_output.put_line('4 ' || sqlcode || ' ' || sqlerrm);
  end;
  begin
    raise_application_error(-20015, 'disk is full');
  exception
    when full_disk then dbms_output.put_line('5 ' || sqlerrm);
  end;
  begin
    begin
      raise mine;
    exception
      when others then dbms_output.put_line('6 again'); raise;
    end;
  exception
    when mine then dbms_output.put_line('7 outer');
  end;
  n := 'abc';
exception
  when others then dbms_output.put_line('8 ' || sqlerrm);
end;
/
