set nonsense on
set pagesize abc
set pagesize 99999
show nonsense
frobnicate the database
column x format zzz
whenever sqlerror perhaps
spool
@/nowhere/missing.sql
print x
/
accept
connect scott/tiger
