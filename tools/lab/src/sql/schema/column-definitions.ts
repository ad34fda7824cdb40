import type { HeapColumn } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { Cursor } from '../cursor.ts'
import { parseCondition, parseExpression } from '../parse-expression.ts'
import type { Statement } from '../statement.ts'
import { unimplemented } from '../statement.ts'
import { qualify, type QualifiedName, type TableConstraint } from './names.ts'
import { parseSequenceOptions, type SequenceDefinition, sequenceDefinition } from './sequences.ts'

/** A constraint that has no name yet. */
export type NewConstraint = Omit<TableConstraint, 'name' | 'generated'> & { readonly name: string | undefined }

export interface NewColumn {
  readonly column: HeapColumn
  readonly constraints: readonly NewConstraint[]
  readonly identity: SequenceDefinition | undefined
}

const missingRight = () => ora(907, 'missing right parenthesis')

function parseLength(cursor: Cursor): { readonly length: number; readonly scale: number | undefined } | undefined {
  if (!cursor.acceptOperator('(')) return undefined
  const length = cursor.acceptOperator('*') ? 38 : cursor.integer(() => ora(910, 'specified length too long for its datatype'))
  let scale: number | undefined
  if (cursor.acceptOperator(',')) {
    const negative = cursor.acceptOperator('-')
    scale = cursor.integer(missingRight) * (negative ? -1 : 1)
  }
  if (!cursor.acceptWords('CHAR')) cursor.acceptWords('BYTE')
  cursor.expectOperator(')', missingRight)
  return { length, scale }
}

/** A column's type. @throws OraError 00902, 00906, 00910, 01727 */
export function parseColumnType(cursor: Cursor): Omit<HeapColumn, 'name'> {
  const at = cursor.at
  const name = cursor.token.kind === 'word' ? cursor.next().value : ''
  const size = parseLength(cursor)
  switch (name) {
    case 'NUMBER':
    case 'DECIMAL':
    case 'NUMERIC':
      if (size !== undefined && (size.length < 1 || size.length > 38)) throw ora(1727, 'numeric precision specifier is out of range (1 to 38)').at(at)
      return { type: 'NUMBER', ...(size === undefined ? {} : { precision: size.length, scale: size.scale ?? 0 }) }
    case 'INTEGER':
    case 'INT':
    case 'SMALLINT':
      return { type: 'NUMBER', precision: 38, scale: 0 }
    case 'FLOAT':
    case 'BINARY_DOUBLE':
    case 'BINARY_FLOAT':
      return { type: 'NUMBER', declared: name }
    case 'REAL':
      return { type: 'NUMBER', declared: 'FLOAT' }
    case 'VARCHAR2':
    case 'VARCHAR':
    case 'NVARCHAR2':
      if (size === undefined) throw ora(906, 'missing left parenthesis').at(cursor.at)
      if (size.length > 4000) throw ora(910, 'specified length too long for its datatype').at(at)
      return { type: 'VARCHAR2', length: size.length, ...(name === 'NVARCHAR2' ? { declared: name } : {}) }
    case 'CHAR':
    case 'NCHAR':
      if ((size?.length ?? 1) > 2000) throw ora(910, 'specified length too long for its datatype').at(at)
      return { type: 'VARCHAR2', length: size?.length ?? 1, fixed: true, ...(name === 'NCHAR' ? { declared: name } : {}) }
    case 'RAW':
      if (size === undefined) throw ora(906, 'missing left parenthesis').at(cursor.at)
      if (size.length < 1 || size.length > 2000) throw ora(910, 'specified length too long for its datatype').at(at)
      // Two digits a byte.
      return { type: 'VARCHAR2', length: size.length * 2, declared: name }
    case 'DATE':
      return { type: 'DATE' }
    case 'TIMESTAMP':
      return { type: 'TIMESTAMP', declared: `TIMESTAMP(${String(size?.length ?? 6)})${parseZone(cursor)}` }
    case 'CLOB':
      return { type: 'CLOB' }
    case 'NCLOB':
    case 'BLOB':
      return { type: 'CLOB', declared: name }
    default:
      throw ora(902, 'invalid datatype').at(at)
  }
}

function parseZone(cursor: Cursor): string {
  if (!cursor.acceptWords('WITH')) return ''
  const local = cursor.acceptWords('LOCAL')
  cursor.expectWord('TIME')
  cursor.expectWord('ZONE')
  return ` WITH ${local ? 'LOCAL ' : ''}TIME ZONE`
}

/** What is written between two places, as one line. */
const written = (cursor: Cursor, from: number): string => cursor.text.slice(from, cursor.at).trim()

function parseState(cursor: Cursor): boolean {
  let enabled = true
  for (;;) {
    if (cursor.acceptWords('ENABLE')) enabled = true
    else if (cursor.acceptWords('DISABLE')) enabled = false
    else if (cursor.acceptWords('NOVALIDATE') || cursor.acceptWords('VALIDATE') || cursor.acceptWords('RELY') || cursor.acceptWords('NORELY')) continue
    else if (cursor.acceptWords('USING', 'INDEX')) {
      if (cursor.acceptWords('TABLESPACE')) cursor.identifier()
    } else if (cursor.isWord('DEFERRABLE', 'INITIALLY')) throw unimplemented().at(cursor.at)
    else return enabled
  }
}

function parseNames(cursor: Cursor): string[] {
  cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
  const names: string[] = []
  do names.push(cursor.identifier())
  while (cursor.acceptOperator(','))
  cursor.expectOperator(')', missingRight)
  return names
}

function parseReferences(cursor: Cursor, statement: Statement): Pick<NewConstraint, 'references' | 'onDelete'> {
  const target: QualifiedName = qualify(cursor.path(() => ora(903, 'invalid table name')), statement.session)
  const columns = cursor.isOperator('(') ? parseNames(cursor) : []
  const onDelete = cursor.acceptWords('ON', 'DELETE') ? (cursor.acceptWords('CASCADE') ? 'CASCADE' : 'SET NULL') : undefined
  if (onDelete === 'SET NULL') {
    cursor.expectWord('SET')
    cursor.expectWord('NULL')
  }
  return { references: { ...target, columns }, ...(onDelete === undefined ? {} : { onDelete }) }
}

/** `CONSTRAINT name` before a constraint. */
function parseConstraintName(cursor: Cursor): string | undefined {
  return cursor.acceptWords('CONSTRAINT') ? cursor.identifier(() => ora(2250, 'missing or invalid constraint name')) : undefined
}

function parseCheck(cursor: Cursor): string {
  cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
  const from = cursor.at
  parseCondition(cursor)
  const condition = written(cursor, from)
  cursor.expectOperator(')', missingRight)
  return condition
}

/** A constraint on its own; `undefined`: the cursor stands on none. */
export function parseTableConstraint(statement: Statement): NewConstraint | undefined {
  const { cursor } = statement
  const name = parseConstraintName(cursor)
  if (cursor.acceptWords('PRIMARY', 'KEY')) return { name, type: 'P', columns: parseNames(cursor), enabled: parseState(cursor) }
  if (cursor.acceptWords('UNIQUE')) return { name, type: 'U', columns: parseNames(cursor), enabled: parseState(cursor) }
  if (cursor.acceptWords('CHECK')) return { name, type: 'C', columns: [], condition: parseCheck(cursor), enabled: parseState(cursor) }
  if (cursor.acceptWords('FOREIGN', 'KEY')) {
    const columns = parseNames(cursor)
    cursor.expectWord('REFERENCES')
    return { name, type: 'R', columns, ...parseReferences(cursor, statement), enabled: parseState(cursor) }
  }
  if (name !== undefined) throw ora(904, 'invalid identifier').at(cursor.at)
  return undefined
}

/** `name type [DEFAULT …] [constraints]` */
export function parseColumn(statement: Statement, typed = true): NewColumn {
  const { cursor, instance } = statement
  const name = cursor.identifier()
  const type = typed || cursor.token.kind === 'word' && !cursor.isWord('DEFAULT', 'NOT', 'NULL', 'CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'REFERENCES') && !cursor.isOperator(')', ',') ? parseColumnType(cursor) : undefined
  let column: HeapColumn = { name, ...(type ?? { type: 'VARCHAR2', length: -1 }) }
  const constraints: NewConstraint[] = []
  let identity: SequenceDefinition | undefined
  for (;;) {
    if (cursor.acceptWords('DEFAULT')) {
      if (cursor.acceptWords('ON', 'NULL')) throw unimplemented().at(cursor.at)
      const from = cursor.at
      parseExpression(cursor)
      column = { ...column, default: written(cursor, from) }
      continue
    }
    if (cursor.acceptWords('GENERATED')) {
      const always = cursor.acceptWords('ALWAYS')
      if (!always) {
        cursor.expectWord('BY')
        cursor.expectWord('DEFAULT')
        if (cursor.acceptWords('ON', 'NULL')) throw unimplemented().at(cursor.at)
      }
      cursor.expectWord('AS')
      cursor.expectWord('IDENTITY', () => unimplemented())
      const parenthesised = cursor.acceptOperator('(')
      identity = sequenceDefinition(parseSequenceOptions(cursor), instance.host.now())
      if (parenthesised) cursor.expectOperator(')', missingRight)
      column = { ...column, identity: always ? 'ALWAYS' : 'DEFAULT', nullable: false }
      continue
    }
    const constraintName = parseConstraintName(cursor)
    if (cursor.acceptWords('NOT', 'NULL')) {
      column = { ...column, nullable: false }
      parseState(cursor)
    } else if (cursor.acceptWords('NULL')) {
      column = Object.fromEntries(Object.entries(column).filter(([key]) => key !== 'nullable')) as unknown as HeapColumn
    } else if (cursor.acceptWords('PRIMARY', 'KEY')) constraints.push({ name: constraintName, type: 'P', columns: [name], enabled: parseState(cursor) })
    else if (cursor.acceptWords('UNIQUE')) constraints.push({ name: constraintName, type: 'U', columns: [name], enabled: parseState(cursor) })
    else if (cursor.acceptWords('CHECK')) constraints.push({ name: constraintName, type: 'C', columns: [name], condition: parseCheck(cursor), enabled: parseState(cursor) })
    else if (cursor.acceptWords('REFERENCES')) constraints.push({ name: constraintName, type: 'R', columns: [name], ...parseReferences(cursor, statement), enabled: parseState(cursor) })
    else return { column, constraints, identity }
  }
}
