import { OraError } from '../engine/ora-error.ts'
import { catalogOf } from '../sql/catalog-lookup.ts'
import type { CatalogTable } from '../sql/catalog.ts'
import type { TypeName } from './ast.ts'
import { pls } from './errors.ts'
import type { Scope } from './scope.ts'
import { builtInType, scalar, type PlType, type RecordType } from './types.ts'
import type { Unit } from './unit.ts'

function tableNamed(path: readonly string[], unit: Unit, at: number): CatalogTable {
  try {
    return catalogOf(unit.instance, unit.session)(path)
  } catch (error) {
    if (error instanceof OraError && error.messages[0]?.code === 'ORA-00942') throw pls(201, `identifier '${path.join('.')}' must be declared`, at)
    throw error
  }
}

const columnType = (column: CatalogTable['columns'][number]): PlType => scalar(column.type, { ...(column.type.kind === 'VARCHAR2' && column.type.clob !== true ? { length: column.type.length } : {}), ...(column.precision === undefined ? {} : { precision: column.precision, scale: column.scale ?? 0 }) })

export function rowType(table: CatalogTable): RecordType {
  return { kind: 'record', fields: table.columns.map((column) => ({ name: column.name, type: columnType(column) })) }
}

/** The type that a name means. @throws CompileError PLS-00201, 00206, 00302, 00310 */
export function typeNamed(type: TypeName, scope: Scope, unit: Unit): PlType {
  const { path, attribute, at } = type
  const [first = ''] = path
  if (attribute === undefined) {
    const found = scope.find(first)
    if (found?.kind === 'type' && path.length === 1) return found.type
    const builtIn = path.length === 1 ? builtInType(first, type.length, type.scale) : path.join('.') === 'DBMS_OUTPUT.CHARARR' || path.join('.') === 'DBMSOUTPUT_LINESARRAY' ? { kind: 'table' as const, element: scalar({ kind: 'VARCHAR2', length: 4000 }, { length: 32767 }), index: 'number' as const, associative: true, limit: undefined } : undefined
    if (builtIn !== undefined) return builtIn
    const stored = unit.stored(path)
    if (stored?.kind === 'type') return stored.type
    throw pls(201, `identifier '${path.join('.')}' must be declared`, at)
  }
  const variable = scope.find(first)
  if (attribute === 'ROWTYPE') {
    if (variable?.kind === 'cursor') return variable.row
    if (variable !== undefined) throw pls(310, `with %ROWTYPE attribute, '${first}' must name a table, cursor or cursor-variable`, at)
    return rowType(tableNamed(path, unit, at))
  }
  if (variable?.kind === 'variable') return fieldType(variable.type, path.slice(1), at)
  if (path.length < 2) throw pls(201, `identifier '${path.join('.')}' must be declared`, at)
  const table = tableNamed(path.slice(0, -1), unit, at)
  const column = table.columns.find((candidate) => candidate.name === path.at(-1))
  if (column === undefined) throw pls(302, `component '${path.at(-1) ?? ''}' must be declared`, at)
  return columnType(column)
}

function fieldType(type: PlType, path: readonly string[], at: number): PlType {
  const [name, ...rest] = path
  if (name === undefined) return type
  const field = type.kind === 'record' ? type.fields.find((candidate) => candidate.name === name) : undefined
  if (field === undefined) throw pls(302, `component '${name}' must be declared`, at)
  return fieldType(field.type, rest, at)
}
