import type { HeapColumn, HeapTable } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import { checkExistingRows } from '../constraints.ts'
import { columnDefault } from '../defaults.ts'
import { rowValue } from '../row-values.ts'
import { columnTypeOf } from '../column-types.ts'
import { compilerOf } from '../row-changes.ts'
import { Workspace } from '../run-query.ts'
import { fitColumn } from '../column-values.ts'
import { unimplemented, type Statement } from '../statement.ts'
import { checkNewConstraint, nameConstraint } from './constraint-definitions.ts'
import { parseColumn, parseTableConstraint, type NewColumn, type NewConstraint } from './column-definitions.ts'
import { newConstraintIndex } from './indexes.ts'
import { detailsOf, requireTable, requireWritable, refuseUsedName } from './names.ts'
import { removeObjects, saveObject } from './schema-store.ts'
import { referencingTables, saveDetails } from './table-details.ts'

const done: SqlResult = { message: 'Table altered.' }

/** ALTER TABLE name ADD | MODIFY | DROP | RENAME | ENABLE | DISABLE … */
export async function alterTable(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const at = cursor.at
  const path = cursor.path(() => ora(903, 'invalid table name'))
  requireWritable(instance)
  const table = requireTable(path, statement, at)
  if (cursor.acceptWords('ADD')) return addParts(table, statement)
  if (cursor.acceptWords('MODIFY')) return modifyColumns(table, statement)
  if (cursor.acceptWords('DROP')) return dropPart(table, statement)
  if (cursor.acceptWords('RENAME')) return rename(table, statement)
  for (const [word, enabled] of [['ENABLE', true], ['DISABLE', false]] as const) {
    if (cursor.acceptWords(word)) return switchConstraint(table, enabled, statement)
  }
  if (cursor.isWord('NOLOGGING', 'LOGGING')) {
    const nologging = cursor.next().value === 'NOLOGGING'
    cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
    await instance.alterTable(table.owner, table.name, { nologging })
    return { message: 'Table altered.' }
  }
  if (cursor.isWord('MOVE', 'SHRINK', 'PARALLEL', 'NOPARALLEL', 'CACHE', 'NOCACHE', 'COMPRESS', 'NOCOMPRESS', 'SET', 'TRUNCATE', 'SPLIT', 'READ')) throw unimplemented().at(cursor.at)
  throw ora(1735, 'invalid ALTER TABLE option').at(cursor.at)
}

function parseParts<T>(statement: Statement, parse: () => T): T[] {
  const { cursor } = statement
  const parts: T[] = []
  if (!cursor.acceptOperator('(')) {
    do parts.push(parse())
    while (cursor.isWord('CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'))
    return parts
  }
  do parts.push(parse())
  while (cursor.acceptOperator(','))
  cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  return parts
}

async function addParts(table: HeapTable, statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const columns: NewColumn[] = []
  const written: NewConstraint[] = []
  parseParts(statement, () => {
    const constraint = cursor.isWord('CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN') ? parseTableConstraint(statement) : undefined
    if (constraint !== undefined) written.push(constraint)
    else {
      const at = cursor.at
      const column = parseColumn(statement)
      if ([...table.columns, ...columns.map((other) => other.column)].some((other) => other.name === column.column.name)) throw ora(1430, 'column being added already exists in table').at(at)
      if (column.identity !== undefined) throw unimplemented().at(at)
      columns.push(column)
      written.push(...column.constraints)
    }
  })
  cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
  let changed: HeapTable = table
  if (columns.length > 0) {
    changed = { ...table, columns: [...table.columns, ...columns.map((column) => column.column)] }
    const fillings = columns.map((_, index) => defaultValue(changed, table.columns.length + index, statement))
    const rows = await instance.readTable(table.owner, table.name)
    if (rows.length > 0) for (const [index, { column }] of columns.entries()) if (column.nullable === false && (fillings[index] ?? null) === null) throw ora(1758, 'table must be empty to add mandatory (NOT NULL) column')
    await instance.alterTable(table.owner, table.name, { columns: changed.columns, change: (row) => [...row, ...fillings] })
  }
  await addConstraints(changed, written, statement)
  return done
}

function defaultValue(table: HeapTable, index: number, statement: Statement): ReturnType<typeof fitColumn> {
  const compiler = compilerOf(statement)
  const column = table.columns[index]
  if (column?.default === undefined) return null
  const { kind } = columnTypeOf(column)
  const workspace = new Workspace({ instance: statement.instance, session: statement.session, statement: compiler.context })
  try {
    return fitColumn(table, index, rowValue(workspace.rows(`SELECT ${compiler.to(kind, columnDefault(table, index, compiler)).sql}`)[0]?.[0], kind))
  } finally {
    workspace.close()
  }
}

async function addConstraints(table: HeapTable, written: readonly NewConstraint[], statement: Statement): Promise<void> {
  const { instance } = statement
  for (const constraint of written) {
    const details = detailsOf(instance, table)
    const made = checkNewConstraint(nameConstraint(constraint, details.constraints, instance), table, details.constraints, instance)
    if (made.enabled) await checkExistingRows(table, made, statement)
    if (made.type === 'P') {
      const columns = table.columns.map((column): HeapColumn => (made.columns.includes(column.name) ? { ...column, nullable: false } : column))
      await instance.alterTable(table.owner, table.name, { columns })
    }
    await saveDetails(statement, table, { ...details, constraints: [...details.constraints, made] })
    await newConstraintIndex(instance, table, made, table.tablespace)
  }
}

async function modifyColumns(table: HeapTable, statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const changes = parseParts(statement, () => ({ at: cursor.at, ...parseColumn(statement, false) }))
  cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
  const rows = await instance.readTable(table.owner, table.name)
  let { columns } = table
  for (const { at, column, constraints } of changes) {
    if (constraints.length > 0) throw unimplemented().at(at)
    const index = columns.findIndex((candidate) => candidate.name === column.name)
    const before = columns[index]
    if (before === undefined) throw ora(904, `"${column.name}": invalid identifier`).at(at)
    const typed = column.length !== -1
    const after: HeapColumn = typed ? { ...before, ...column } : { ...before, ...column, type: before.type, ...(before.length === undefined ? {} : { length: before.length }) }
    const filled = rows.some((row) => (row[index] ?? null) !== null)
    if (typed && filled && after.type !== before.type) throw ora(1439, 'column to be modified must be empty to change datatype')
    if (typed && filled && after.type === 'VARCHAR2' && rows.some((row) => String(row[index] ?? '').length > (after.length ?? 4000))) throw ora(1441, 'cannot decrease column length because some value is too big')
    if (typed && filled && after.type === 'NUMBER' && after.precision !== undefined && (before.precision === undefined || after.precision < before.precision)) throw ora(1440, 'column to be modified must be empty to decrease precision or scale')
    if (after.nullable === false && rows.some((row) => (row[index] ?? null) === null)) throw ora(2296, `cannot enable (${table.owner}.) - null values found`)
    columns = columns.map((candidate, place) => (place === index ? after : candidate))
  }
  await instance.alterTable(table.owner, table.name, { columns })
  return done
}

async function dropPart(table: HeapTable, statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const details = detailsOf(instance, table)
  if (cursor.acceptWords('CONSTRAINT') || cursor.isWord('PRIMARY')) {
    const name = cursor.acceptWords('PRIMARY', 'KEY') ? (details.constraints.find((constraint) => constraint.type === 'P')?.name ?? '') : cursor.identifier(() => ora(2250, 'missing or invalid constraint name'))
    cursor.acceptWords('CASCADE')
    cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
    const found = details.constraints.find((constraint) => constraint.name === name)
    if (found === undefined) throw ora(2443, 'Cannot drop constraint  - nonexistent constraint')
    if (found.type !== 'R' && referencingTables(instance, table).some((other) => other.constraint.references?.columns.join() === found.columns.join())) throw ora(2273, 'this unique/primary key is referenced by some foreign keys')
    await saveDetails(statement, table, { ...details, constraints: details.constraints.filter((constraint) => constraint !== found) })
    await removeObjects(instance, (object) => object.type === 'INDEX' && object.owner === table.owner && object.name === name)
    return done
  }
  const names: string[] = []
  if (cursor.acceptWords('COLUMN')) names.push(cursor.identifier())
  else {
    cursor.expectOperator('(', () => ora(905, 'missing keyword'))
    do names.push(cursor.identifier())
    while (cursor.acceptOperator(','))
    cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  }
  cursor.acceptWords('CASCADE', 'CONSTRAINTS')
  cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
  for (const name of names) if (!table.columns.some((column) => column.name === name)) throw ora(904, `"${name}": invalid identifier`)
  if (names.length >= table.columns.length) throw ora(12983, 'cannot drop all columns in a table')
  const kept = table.columns.flatMap((column, index) => (names.includes(column.name) ? [] : [index]))
  await instance.alterTable(table.owner, table.name, { columns: kept.flatMap((index) => table.columns[index] ?? []), change: (row) => kept.map((index) => row[index] ?? null) })
  await saveDetails(statement, table, { ...details, constraints: details.constraints.filter((constraint) => !constraint.columns.some((column) => names.includes(column))) })
  return done
}

async function rename(table: HeapTable, statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  const details = detailsOf(instance, table)
  if (cursor.acceptWords('COLUMN')) {
    const from = cursor.identifier()
    cursor.expectWord('TO')
    const to = cursor.identifier()
    cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
    if (!table.columns.some((column) => column.name === from)) throw ora(904, `"${from}": invalid identifier`)
    if (table.columns.some((column) => column.name === to)) throw ora(957, 'duplicate column name')
    const named = (name: string): string => (name === from ? to : name)
    await instance.alterTable(table.owner, table.name, { columns: table.columns.map((column) => ({ ...column, name: named(column.name) })) })
    await saveDetails(statement, table, { ...details, constraints: details.constraints.map((constraint) => ({ ...constraint, columns: constraint.columns.map(named) })) })
    return done
  }
  cursor.expectWord('TO')
  const name = cursor.identifier()
  cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
  refuseUsedName({ owner: table.owner, name }, instance)
  await instance.alterTable(table.owner, table.name, { name })
  await removeObjects(instance, (object) => object.type === 'TABLE' && object.owner === table.owner && object.name === table.name)
  await saveObject(instance, { owner: table.owner, name, type: 'TABLE', definition: details })
  return done
}

async function switchConstraint(table: HeapTable, enabled: boolean, statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  cursor.expectWord('CONSTRAINT')
  const name = cursor.identifier()
  cursor.expectEnd(() => ora(1735, 'invalid ALTER TABLE option'))
  const details = detailsOf(instance, table)
  const found = details.constraints.find((constraint) => constraint.name === name)
  if (found === undefined) throw enabled ? ora(2430, `cannot enable constraint (${name}) - no such constraint`) : ora(2431, `cannot disable constraint (${name}) - no such constraint`)
  if (enabled) await checkExistingRows(table, found, statement)
  await saveDetails(statement, table, { ...details, constraints: details.constraints.map((constraint) => (constraint === found ? { ...constraint, enabled } : constraint)) })
  return done
}
