export type { BindValue, ColumnSpec, ColumnType, ColumnValue, InstanceControl, RowOf, SqlOptions, SqlSession, StartupOptions, TypedQuery } from './sql-session.ts'
