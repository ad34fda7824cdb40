whenever oserror exit 9
@/nowhere/at/all.sql
prompt never
