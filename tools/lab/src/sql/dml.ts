import { ora } from '../engine/ora-error.ts'
import type { HeapTable, RowValue } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Condition, Expression } from './ast.ts'
import type { Bound, Kind } from './bound.ts'
import { catalogOf, heapTable } from './catalog-lookup.ts'
import { QueryCompiler } from './compile-query.ts'
import type { Cursor } from './cursor.ts'
import { loadNumber, normalise } from './number.ts'
import { parseCondition, parseExpression, parseList } from './parse-expression.ts'
import { parseQuery } from './parse-query.ts'
import { Workspace, type StoredValue } from './run-query.ts'
import { Scope } from './scope.ts'
import { statementContext, stateOf } from './session-state.ts'
import type { Statement } from './statement.ts'

const invalidName = () => ora(903, 'invalid table name')

interface Target {
  readonly path: readonly string[]
  readonly alias: string | undefined
  readonly at: number
}

function parseTarget(cursor: Cursor, notAlias: readonly string[]): Target {
  const at = cursor.at
  const path = cursor.path(invalidName)
  return { path, alias: cursor.isIdentifier && !cursor.isWord(...notAlias) ? cursor.next().value : undefined, at }
}

/** The heap table to change. @throws OraError 00942, 01109, 16000 opened read only */
function targetTable({ path, at }: Target, { instance, session }: Statement): HeapTable {
  if (instance.status !== 'OPEN') throw ora(1109, 'database not open')
  const table = heapTable(path.at(-2), path.at(-1) ?? '', instance, session)
  if (table === undefined) throw ora(942, 'table or view does not exist').at(at)
  if (instance.openMode === 'READ ONLY') throw ora(16000, 'database or pluggable database open for read-only access')
  return table
}

function compilerOf({ instance, session, binds }: Statement): QueryCompiler {
  return new QueryCompiler(instance, session, statementContext(instance, session), binds, catalogOf(instance, session))
}

async function read({ instance, session }: Statement, compiler: QueryCompiler, sql: string): Promise<StoredValue[][]> {
  const workspace = new Workspace({ instance, session, statement: compiler.context })
  try {
    for (const [table, name] of compiler.tables) await workspace.load(name, table)
    return workspace.rows(sql)
  } finally {
    workspace.close()
  }
}

function rowValue(value: StoredValue | undefined, kind: Kind): RowValue {
  if (value === null || value === undefined) return null
  if (kind !== 'NUMBER') return String(value)
  const number = normalise(loadNumber(value))
  return typeof number === 'bigint' && (number > BigInt(Number.MAX_SAFE_INTEGER) || number < -BigInt(Number.MAX_SAFE_INTEGER)) ? number.toString() : Number(number)
}

function columnIndex(table: HeapTable, name: string, at: number): number {
  const index = table.columns.findIndex((column) => column.name === name)
  if (index < 0) throw ora(904, `"${name}": invalid identifier`).at(at)
  return index
}

const counted = (count: number, what: string): SqlResult => ({ message: `${String(count)} row${count === 1 ? '' : 's'} ${what}.` })
const keyOf = (row: readonly RowValue[]): string => JSON.stringify(row)

/** INSERT INTO table [(columns)] VALUES (…) | query */
export async function insert(statement: Statement): Promise<SqlResult> {
  const { cursor, session } = statement
  cursor.expectWord('INTO', () => ora(925, 'missing INTO keyword'))
  const target = parseTarget(cursor, [])
  let names: { name: string; at: number }[] | undefined
  if (cursor.isOperator('(') && !['SELECT', 'WITH'].includes(cursor.peek().value)) {
    cursor.next()
    names = []
    do {
      const at = cursor.at
      names.push({ name: cursor.identifier(), at })
    } while (cursor.acceptOperator(','))
    cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  }
  let values: Expression[] | undefined
  const query = cursor.isWord('SELECT', 'WITH') || cursor.isOperator('(') ? parseQuery(cursor) : undefined
  if (query === undefined) {
    cursor.expectWord('VALUES', () => ora(926, 'missing VALUES keyword'))
    cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
    values = parseList(cursor)
    cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  }
  cursor.expectEnd()
  const table = targetTable(target, statement)
  const indexes = names === undefined ? table.columns.map((_, index) => index) : names.map(({ name, at }) => columnIndex(table, name, at))
  const compiler = compilerOf(statement)
  const scope = new Scope(undefined)
  let from = ''
  let given: readonly Bound[]
  if (query === undefined) given = (values ?? []).map((value) => compiler.value(value, scope))
  else {
    const compiled = compiler.compileQuery(query, undefined)
    from = ` FROM (${compiled.sql}) AS source_`
    given = compiled.columns.map((column, index) => ({ sql: `source_.c${String(index)}`, type: column.type, at: target.at, ungrouped: undefined, aggregate: false }))
  }
  if (given.length !== indexes.length) throw given.length < indexes.length ? ora(947, 'not enough values') : ora(913, 'too many values')
  const converted = given.map((value, index) => compiler.to(table.columns[indexes[index] ?? 0]?.type ?? 'NULL', value).sql)
  const stored = await read(statement, compiler, `SELECT ${converted.join(', ')}${from}`)
  const rows = stored.map((row) => {
    const complete: RowValue[] = table.columns.map(() => null)
    for (const [place, index] of indexes.entries()) complete[index] = rowValue(row[place], table.columns[index]?.type ?? 'VARCHAR2')
    return complete
  })
  if (rows.length > 0) {
    stateOf(session).pending.push({ owner: table.owner, table: table.name, apply: (current) => [...current, ...rows], commit: (instance) => instance.insertRows(table.owner, table.name, rows) })
  }
  return counted(rows.length, 'created')
}

/** UPDATE table SET column = value, … [WHERE …] */
export async function update(statement: Statement): Promise<SqlResult> {
  const { cursor, session } = statement
  const target = parseTarget(cursor, ['SET'])
  cursor.expectWord('SET', () => ora(971, 'missing SET keyword'))
  const sets: { name: string; at: number; value: Expression }[] = []
  do {
    const at = cursor.at
    const name = cursor.path().at(-1) ?? ''
    cursor.expectOperator('=', () => ora(927, 'missing equal sign'))
    sets.push({ name, at, value: parseExpression(cursor) })
  } while (cursor.acceptOperator(','))
  const where = cursor.acceptWords('WHERE') ? parseCondition(cursor) : undefined
  cursor.expectEnd()
  const table = targetTable(target, statement)
  const indexes = sets.map(({ name, at }) => columnIndex(table, name, at))
  const { rows, values } = await matching(statement, target, where, sets.map((set) => set.value), indexes.map((index) => table.columns[index]?.type ?? 'VARCHAR2'))
  const replaced = new Map<string, readonly RowValue[]>()
  for (const [place, row] of rows.entries()) {
    const changed = [...row]
    for (const [column, index] of indexes.entries()) changed[index] = values[place]?.[column] ?? null
    replaced.set(keyOf(row), changed)
  }
  if (replaced.size > 0) {
    const change = (row: readonly RowValue[]): readonly RowValue[] | undefined => replaced.get(keyOf(row))
    stateOf(session).pending.push({ owner: table.owner, table: table.name, apply: (current) => current.map((row) => change(row) ?? row), commit: (instance) => instance.updateRows(table.owner, table.name, change) })
  }
  return counted(rows.length, 'updated')
}

/** DELETE [FROM] table [WHERE …] */
export async function remove(statement: Statement): Promise<SqlResult> {
  const { cursor, session } = statement
  cursor.acceptWords('FROM')
  const target = parseTarget(cursor, [])
  const where = cursor.acceptWords('WHERE') ? parseCondition(cursor) : undefined
  cursor.expectEnd()
  const table = targetTable(target, statement)
  const { rows } = await matching(statement, target, where, [], [])
  const gone = new Set(rows.map(keyOf))
  if (gone.size > 0) {
    const which = (row: readonly RowValue[]): boolean => gone.has(keyOf(row))
    stateOf(session).pending.push({ owner: table.owner, table: table.name, apply: (current) => current.filter((row) => !which(row)), commit: (instance) => instance.deleteRows(table.owner, table.name, which) })
  }
  return counted(rows.length, 'deleted')
}

/** The rows that a condition finds, and new values computed from each. */
async function matching(statement: Statement, target: Target, where: Condition | undefined, values: readonly Expression[], kinds: readonly Kind[]): Promise<{ rows: readonly (readonly RowValue[])[]; values: readonly (readonly RowValue[])[] }> {
  const compiler = compilerOf(statement)
  const { from, scope, columns } = compiler.changeTarget(target)
  const converted = values.map((value, index) => compiler.to(kinds[index] ?? 'NULL', compiler.value(value, scope)))
  const condition = where === undefined ? '' : ` WHERE ${compiler.condition(where, scope).sql}`
  const stored = await read(statement, compiler, `SELECT ${[...columns.map((column) => column.sql), ...converted.map((value) => value.sql)].join(', ')} FROM ${from}${condition}`)
  return {
    rows: stored.map((row) => columns.map((column, index) => rowValue(row[index], column.type.kind))),
    values: stored.map((row) => kinds.map((kind, index) => rowValue(row[columns.length + index], kind))),
  }
}
