import type { HeapTable } from '../engine/instance-api.ts'
import { CLOB, DATE, NUMBER, TIMESTAMP_TZ, varchar, type SqlType } from './bound.ts'

/** DATA_TYPE of a TIMESTAMP column that was declared without anything. */
const plainTimestamp = 'TIMESTAMP(6)'

/** DATA_TYPE as DESCRIBE and the dictionary name it. */
export function dataType(column: HeapTable['columns'][number]): string {
  if (column.declared !== undefined) return column.declared
  if (column.type === 'TIMESTAMP') return plainTimestamp
  return column.fixed === true ? 'CHAR' : column.type
}

/** The SQL type of a table's column. */
export function columnTypeOf(column: HeapTable['columns'][number]): SqlType {
  const type = valueType(column)
  return column.nullable === false ? { ...type, mandatory: true } : type
}

function valueType(column: HeapTable['columns'][number]): SqlType {
  switch (column.type) {
    case 'NUMBER':
      return column.precision === undefined ? NUMBER : { ...NUMBER, precision: column.precision, scale: column.scale ?? 0 }
    case 'DATE':
      return DATE
    case 'TIMESTAMP': {
      const declared = dataType(column)
      if (declared.endsWith('LOCAL TIME ZONE')) return { ...TIMESTAMP_TZ, length: 11, wallClock: 'session' }
      return declared.endsWith('ZONE') ? TIMESTAMP_TZ : { ...TIMESTAMP_TZ, length: 11, wallClock: 'stored' }
    }
    case 'CLOB':
      return column.declared === 'BLOB' ? { ...CLOB, bytes: 'BLOB' } : CLOB
    case 'VARCHAR2':
      return column.declared === 'RAW' ? { ...varchar(column.length ?? 4000), bytes: 'RAW' } : varchar(column.length ?? 4000)
  }
}
