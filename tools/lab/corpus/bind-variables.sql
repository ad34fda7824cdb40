set feedback off pages 0
variable n number
variable s varchar2(20)
exec :n := 41; :s := 'text'
begin
  :n := :n + 1;
  :s := :s || '!';
end;
/
print n s
select :n * 2, :s from dual;
print nothing
variable n
