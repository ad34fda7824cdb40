set pages 0 feedback off
create or replace function sf_double(p number) return number is
begin
  return p * 2;
end;
/
select sf_double(level) from dual connect by level <= 3;
create table sf_t as select sf_double(4) v from dual;
update sf_t set v = sf_double(v);
select v from sf_t where sf_double(v) = 32;
drop table sf_t;
drop function sf_double;
