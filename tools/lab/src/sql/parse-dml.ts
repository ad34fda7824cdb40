import { ora } from '../engine/ora-error.ts'
import type { Condition, Expression, Query } from './ast.ts'
import type { Cursor } from './cursor.ts'
import type { Assignment, Dml, NamedColumn, NewValue, Returning, Target } from './dml-ast.ts'
import { parseCondition, parseExpression, parseList } from './parse-expression.ts'
import { parseInto } from './parse-query.ts'

const invalidName = () => ora(903, 'invalid table name')
const missingLeft = () => ora(906, 'missing left parenthesis')
const missingRight = () => ora(907, 'missing right parenthesis')

/** INSERT, UPDATE, DELETE or MERGE; the cursor stands on the first word. `undefined`: none of them. */
export function parseDml(cursor: Cursor): Dml | undefined {
  const hint = /^\s*\/\*\+([^]*?)\*\//.exec(cursor.text.slice(cursor.token.end))?.[1] ?? ''
  if (cursor.acceptWords('INSERT')) return parseInsert(cursor, hint)
  if (cursor.acceptWords('UPDATE')) return parseUpdate(cursor)
  if (cursor.acceptWords('DELETE')) return parseDelete(cursor)
  if (cursor.acceptWords('MERGE')) return parseMerge(cursor)
  return undefined
}

function parseTarget(cursor: Cursor, notAlias: readonly string[]): Target {
  const at = cursor.at
  const path = cursor.path(invalidName)
  return { path, alias: cursor.isIdentifier && !cursor.isWord(...notAlias) ? cursor.next().value : undefined, at }
}

function parseColumns(cursor: Cursor): NamedColumn[] | undefined {
  if (!cursor.isOperator('(') || ['SELECT', 'WITH'].includes(cursor.peek().value)) return undefined
  cursor.next()
  const names: NamedColumn[] = []
  do {
    const at = cursor.at
    names.push({ name: cursor.path().at(-1) ?? '', at })
  } while (cursor.acceptOperator(','))
  cursor.expectOperator(')', missingRight)
  return names
}

function parseNewValue(cursor: Cursor): NewValue {
  return cursor.acceptWords('DEFAULT') ? 'default' : parseExpression(cursor)
}

function parseValues(cursor: Cursor): NewValue[] {
  cursor.expectWord('VALUES', () => ora(926, 'missing VALUES keyword'))
  cursor.expectOperator('(', missingLeft)
  const values: NewValue[] = []
  do values.push(parseNewValue(cursor))
  while (cursor.acceptOperator(','))
  cursor.expectOperator(')', missingRight)
  return values
}

function parseReturning(cursor: Cursor): Returning | undefined {
  if (!cursor.acceptWords('RETURNING') && !cursor.acceptWords('RETURN')) return undefined
  const values = parseList(cursor)
  if (!cursor.isWord('INTO', 'BULK')) throw ora(925, 'missing INTO keyword').at(cursor.at)
  return { values, ...parseInto(cursor) }
}

/** INSERT INTO table [(columns)] VALUES (…) | query */
function parseInsert(cursor: Cursor, hint: string): Dml {
  cursor.expectWord('INTO', () => ora(925, 'missing INTO keyword'))
  const target = parseTarget(cursor, ['VALUES'])
  const columns = parseColumns(cursor)
  const query = cursor.isWord('SELECT', 'WITH') || cursor.isOperator('(') ? cursor.parseQuery(cursor) : undefined
  const values = query === undefined ? parseValues(cursor) : undefined
  return { kind: 'insert', target, columns, values, query, returning: parseReturning(cursor), direct: new RegExp(query === undefined ? '\\bAPPEND_VALUES\\b' : '\\bAPPEND\\b', 'i').test(hint) }
}

function parseSets(cursor: Cursor): Assignment[] {
  cursor.expectWord('SET', () => ora(971, 'missing SET keyword'))
  const missingEqual = () => ora(927, 'missing equal sign')
  const sets: Assignment[] = []
  do {
    const several = parseColumns(cursor)
    if (several !== undefined) {
      cursor.expectOperator('=', missingEqual)
      cursor.expectOperator('(', missingLeft)
      sets.push({ columns: several, value: cursor.parseQuery(cursor) })
      cursor.expectOperator(')', missingRight)
      continue
    }
    const at = cursor.at
    const name = cursor.path().at(-1) ?? ''
    cursor.expectOperator('=', missingEqual)
    sets.push({ columns: [{ name, at }], value: parseNewValue(cursor) })
  } while (cursor.acceptOperator(','))
  return sets
}

/** `CURRENT OF cursor` instead of a condition. */
function parseWhere(cursor: Cursor): { readonly where: Condition | undefined; readonly current: string | undefined } {
  if (!cursor.acceptWords('WHERE')) return { where: undefined, current: undefined }
  if (cursor.block && cursor.acceptWords('CURRENT', 'OF')) return { where: undefined, current: cursor.identifier() }
  return { where: parseCondition(cursor), current: undefined }
}

/** UPDATE table SET column = value, … [WHERE …] */
function parseUpdate(cursor: Cursor): Dml {
  const target = parseTarget(cursor, ['SET'])
  const sets = parseSets(cursor)
  return { kind: 'update', target, sets, ...parseWhere(cursor), returning: parseReturning(cursor) }
}

/** DELETE [FROM] table [WHERE …] */
function parseDelete(cursor: Cursor): Dml {
  cursor.acceptWords('FROM')
  const target = parseTarget(cursor, ['RETURNING', 'RETURN'])
  return { kind: 'delete', target, ...parseWhere(cursor), returning: parseReturning(cursor) }
}

/** MERGE INTO t USING s ON (…) WHEN MATCHED THEN UPDATE … WHEN NOT MATCHED THEN INSERT … */
function parseMerge(cursor: Cursor): Dml {
  cursor.expectWord('INTO', () => ora(925, 'missing INTO keyword'))
  const target = parseTarget(cursor, ['USING'])
  cursor.expectWord('USING')
  const at = cursor.at
  let path: readonly string[] | undefined
  let query: Query | undefined
  if (cursor.acceptOperator('(')) {
    query = cursor.parseQuery(cursor)
    cursor.expectOperator(')', missingRight)
  } else path = cursor.path(invalidName)
  const alias = cursor.isIdentifier ? cursor.next().value : undefined
  cursor.expectWord('ON', () => ora(969, 'missing ON keyword'))
  cursor.expectOperator('(', missingLeft)
  const on = parseCondition(cursor)
  cursor.expectOperator(')', missingRight)
  let matched: (Dml & { kind: 'merge' })['matched']
  let unmatched: (Dml & { kind: 'merge' })['unmatched']
  while (cursor.acceptWords('WHEN')) {
    if (cursor.acceptWords('MATCHED')) {
      cursor.expectWord('THEN')
      cursor.expectWord('UPDATE')
      const sets = parseSets(cursor)
      const where = cursor.acceptWords('WHERE') ? parseCondition(cursor) : undefined
      let deleteWhere: typeof where
      if (cursor.acceptWords('DELETE')) {
        cursor.expectWord('WHERE')
        deleteWhere = parseCondition(cursor)
      }
      matched = { sets, where, deleteWhere }
      continue
    }
    cursor.expectWord('NOT')
    cursor.expectWord('MATCHED')
    cursor.expectWord('THEN')
    cursor.expectWord('INSERT')
    const columns = parseColumns(cursor)
    const values = parseValues(cursor)
    unmatched = { columns, values, where: cursor.acceptWords('WHERE') ? parseCondition(cursor) : undefined }
  }
  if (matched === undefined && unmatched === undefined) throw ora(905, 'missing keyword').at(cursor.at)
  return { kind: 'merge', target, source: { path, query, alias, at }, on, matched, unmatched }
}

export function isQuery(value: Assignment['value']): value is Exclude<Assignment['value'], Expression | 'default'> {
  return value !== 'default' && 'body' in value
}
