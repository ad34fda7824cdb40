import './plsql/packages/dbms-output.ts'
import './plsql/packages/standard.ts'
import './scheduler/dbms-scheduler.ts'
import './scheduler/scheduler-views.ts'
import { plsqlPrograms } from './plsql/programs.ts'
import { providePrograms } from './sql/programs.ts'

// SQL stands below PL/SQL, which runs it, and both below the scheduler, which runs PL/SQL and has views of its own.
providePrograms(plsqlPrograms)

export { executeSql, openSql } from './sql/execute.ts'
