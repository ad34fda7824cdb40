import { ora } from '../engine/ora-error.ts'
import type { Expression, Query, QueryBody, SelectBlock, SelectItem, TableSource } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import { columnNamesIn } from './walk.ts'

const left = () => ora(906, 'missing left parenthesis')
const right = () => ora(907, 'missing right parenthesis')

function columnsIn(cursor: Cursor): (Expression & { kind: 'column' })[] {
  const column = (): Expression & { kind: 'column' } => ({ kind: 'column', path: [cursor.identifier()], outer: false, at: cursor.at })
  if (!cursor.acceptOperator('(')) return [column()]
  const columns: (Expression & { kind: 'column' })[] = []
  do columns.push(column())
  while (cursor.acceptOperator(','))
  cursor.expectOperator(')', right)
  return columns
}

/** `PIVOT (aggregate [AS a], … FOR column IN (value [AS alias], …))`. The cursor stands on PIVOT. */
export function parsePivot(cursor: Cursor, source: TableSource): TableSource {
  const at = cursor.next().start
  if (cursor.isWord('XML')) throw ora(3001, 'unimplemented feature').at(cursor.at)
  cursor.expectOperator('(', left)
  const aggregates: { call: Expression & { kind: 'call' }; alias: string | undefined }[] = []
  do {
    const call = parseExpression(cursor)
    if (call.kind !== 'call') throw ora(56902, 'expect aggregate function inside pivot operation').at(call.at)
    const alias = cursor.acceptWords('AS') || (cursor.isIdentifier && !cursor.isWord('FOR')) ? cursor.identifier() : undefined
    aggregates.push({ call, alias })
  } while (cursor.acceptOperator(','))
  cursor.expectWord('FOR')
  const columns = columnsIn(cursor)
  cursor.expectWord('IN')
  cursor.expectOperator('(', left)
  const values: { tuple: Expression[]; name: string }[] = []
  do {
    const from = cursor.position
    const tuple: Expression[] = []
    if (columns.length > 1) {
      cursor.expectOperator('(', left)
      do tuple.push(parseExpression(cursor))
      while (cursor.acceptOperator(','))
      cursor.expectOperator(')', right)
    } else tuple.push(parseExpression(cursor))
    if (tuple.length !== columns.length) throw ora(56901, 'non-constant expression is not allowed for pivot|unpivot values').at(cursor.at)
    const written = tuple.map((value) => (value.kind === 'literal' && value.type === 'VARCHAR2' ? `'${value.value}'` : undefined))
    const heading = columns.length > 1 || written[0] === undefined ? cursor.heading(from) : written[0]
    const alias = cursor.acceptWords('AS') || cursor.isIdentifier ? cursor.identifier() : undefined
    values.push({ tuple, name: alias ?? heading })
  } while (cursor.acceptOperator(','))
  cursor.expectOperator(')', right)
  cursor.expectOperator(')', right)
  return { kind: 'pivot', source, aggregates, columns, values, alias: undefined, at }
}

/** `UNPIVOT [INCLUDE NULLS] (value FOR name IN (column [AS 'label'], …))`. The cursor stands on UNPIVOT. */
export function parseUnpivot(cursor: Cursor, source: TableSource): TableSource {
  const at = cursor.next().start
  const nulls = cursor.acceptWords('INCLUDE', 'NULLS')
  if (!nulls) cursor.acceptWords('EXCLUDE', 'NULLS')
  cursor.expectOperator('(', left)
  if (cursor.isOperator('(')) throw ora(3001, 'unimplemented feature').at(cursor.at)
  const value = cursor.identifier()
  cursor.expectWord('FOR')
  const name = cursor.identifier()
  cursor.expectWord('IN')
  cursor.expectOperator('(', left)
  const columns: { column: string; label: Expression }[] = []
  do {
    const place = cursor.at
    const column = cursor.identifier()
    columns.push({ column, label: cursor.acceptWords('AS') ? parseExpression(cursor) : { kind: 'literal', type: 'VARCHAR2', value: column, at: place } })
  } while (cursor.acceptOperator(','))
  cursor.expectOperator(')', right)
  cursor.expectOperator(')', right)
  return { kind: 'unpivot', source, nulls, value, name, columns, alias: undefined, at }
}

const column = (name: string, at: number): Expression & { kind: 'column' } => ({ kind: 'column', path: [name], outer: false, at })
const item = (expression: Expression, alias: string): SelectItem => ({ kind: 'value', expression, alias, heading: alias })
const block = (items: readonly SelectItem[], source: TableSource, more: Partial<SelectBlock> = {}): SelectBlock => ({ kind: 'select', distinct: false, items, from: [source], where: undefined, groupBy: [], having: undefined, ...more })
const query = (body: QueryBody): Query => ({ with: [], body, orderBy: [], offset: undefined, fetch: undefined })

/** A PIVOT as the query with GROUP BY that it stands for. @param names columns of the source */
export function pivotQuery(source: TableSource & { kind: 'pivot' }, names: readonly string[]): Query {
  const { aggregates, columns, values, at } = source
  const used = columnNamesIn([aggregates, columns])
  for (const name of used) if (!names.includes(name)) throw ora(904, `"${name}": invalid identifier`).at(at)
  const groups = names.filter((name) => !used.has(name)).map((name) => column(name, at))
  const cells = values.flatMap(({ tuple, name }) =>
    aggregates.map(({ call, alias }) => {
      const tests = tuple.map((value, index) => ({ kind: 'compare', operator: '=', left: columns[index] ?? value, right: value, at }) as const)
      const when = tests.reduce<SelectBlock['where']>((all, test) => (all === undefined ? test : { kind: 'and', left: all, right: test, at }), undefined)
      const inside = call.star ? ({ kind: 'literal', type: 'NUMBER', value: '1', at } as const) : call.args[0]
      if (when === undefined || inside === undefined) throw ora(56902, 'expect aggregate function inside pivot operation').at(at)
      const only: Expression = { kind: 'case', operand: undefined, branches: [{ when, then: inside }], otherwise: undefined, at }
      return item({ ...call, star: false, args: [only, ...call.args.slice(1)] }, alias === undefined ? name : `${name}_${alias}`)
    }),
  )
  return query(block([...groups.map((group) => item(group, group.path[0] ?? '')), ...cells], source.source, { groupBy: groups }))
}

/** An UNPIVOT as the union that it stands for. @param names columns of the source */
export function unpivotQuery(source: TableSource & { kind: 'unpivot' }, names: readonly string[]): Query {
  const { columns, at } = source
  for (const { column: name } of columns) if (!names.includes(name)) throw ora(904, `"${name}": invalid identifier`).at(at)
  const others = names.filter((name) => !columns.some((one) => one.column === name)).map((name) => item(column(name, at), name))
  const [first, ...rest] = columns.map(({ column: name, label }): QueryBody => block([...others, item(label, source.name), item(column(name, at), source.value)], source.source, source.nulls ? {} : { where: { kind: 'isNull', operand: column(name, at), negated: true, at } }))
  if (first === undefined) throw ora(936, 'missing expression').at(at)
  return query(rest.reduce<QueryBody>((all, part) => ({ kind: 'set', operator: 'UNION ALL', left: all, right: part, at }), first))
}
