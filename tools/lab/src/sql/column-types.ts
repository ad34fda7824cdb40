import type { HeapTable } from '../engine/instance-api.ts'
import { CLOB, DATE, NUMBER, TIMESTAMP_TZ, varchar, type SqlType } from './bound.ts'

/** The SQL type of a table's column. */
export function columnTypeOf(column: HeapTable['columns'][number]): SqlType {
  switch (column.type) {
    case 'NUMBER':
      return NUMBER
    case 'DATE':
      return DATE
    case 'TIMESTAMP':
      return TIMESTAMP_TZ
    case 'CLOB':
      return CLOB
    case 'VARCHAR2':
      return varchar(column.length ?? 4000)
  }
}
