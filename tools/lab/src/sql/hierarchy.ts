import { ora } from '../engine/ora-error.ts'
import type { Condition, Expression, OrderKey, SelectBlock } from './ast.ts'
import { derive, NUMBER, varchar, type Bound } from './bound.ts'
import type { ExpressionCompiler } from './compile-expression.ts'
import type { Hierarchy, Scope, ScopeColumn } from './scope.ts'
import { valuesIn } from './walk.ts'

/** The place of a row among its siblings, as text that sorts like the number. */
const place = "printf('%08d.', b_.ord)"

/** Conditions that join tables come before the hierarchy, all others behind it. */
export function splitJoins(conditions: readonly Condition[], scope: Scope): { readonly joins: readonly Condition[]; readonly filters: readonly Condition[] } {
  const joins = conditions.filter((condition) => new Set([...valuesIn(condition)].flatMap((value) => (value.kind === 'column' ? (scope.relations.find((relation) => relation.columns.includes(scope.own(value.path) as ScopeColumn)) ?? []) : []))).size > 1)
  return { joins, filters: conditions.filter((condition) => !joins.includes(condition)) }
}

function misplaced(at: number): never {
  throw ora(976, 'Specified pseudocolumn or operator not allowed here.').at(at)
}

/** PRIOR of these gives another value for each row, so that no row is like one before it. */
const volatile = new Set(['SYS_GUID', 'DBMS_RANDOM.VALUE'])

/**
 * START WITH … CONNECT BY over the joined rows: a recursive query that numbers rows among their siblings, and gives each its level, its way
 * from the root and the columns of its parent and root. The scope's columns point there from then on.
 * @throws OraError 01436 at run time for a loop, 30009 for one that never ends
 */
export function hierarchicalRows(compiler: ExpressionCompiler, block: SelectBlock, joined: string, siblings: readonly OrderKey[], rest: unknown, scope: Scope): string {
  const { hierarchy: clause } = block
  if (clause === undefined) return joined
  const order = siblings.length === 0 ? '' : `ORDER BY ${compiler.orderKeys(siblings, scope)}`
  const columns = [...new Set(scope.relations.flatMap((relation) => relation.columns).concat([...scope.merged.values()]))]
  const base = `SELECT ${[...columns.map((column, index) => `${column.sql} AS n${String(index)}`), `row_number() OVER (${order}) AS ord`].join(', ')} FROM ${joined}`
  const used = [...valuesIn([block.items, block.where, block.groupBy, block.having, rest])]
  const pseudo = ['LEVEL', 'CONNECT_BY_ISLEAF', 'CONNECT_BY_ISCYCLE'].map((name): ScopeColumn => ({ name, type: NUMBER, sql: '' }))
  const [level, leaf, cycle] = pseudo as [ScopeColumn, ScopeColumn, ScopeColumn]
  scope.add({ alias: undefined, owner: undefined, hidden: true, columns: pseudo })

  const pointed = <T>(prefix: string, body: () => T): T => {
    const before = columns.map((column) => column.sql)
    for (const [index, column] of columns.entries()) column.sql = `${prefix}${String(index)}`
    try {
      return body()
    } finally {
      for (const [index, column] of columns.entries()) column.sql = before[index] ?? ''
    }
  }
  const relatives: { prior: string | undefined; root: string | undefined } = { prior: undefined, root: undefined }
  const paths = new Map<Expression, number>()
  const hierarchy: Hierarchy = {
    prior: (at, body) => pointed(relatives.prior ?? misplaced(at), body),
    root: (at, body) => pointed(relatives.root ?? misplaced(at), body),
    path: (call) => {
      const index = paths.get(call)
      if (index === undefined) throw ora(30002, 'SYS_CONNECT_BY_PATH function is not allowed here').at(call.at)
      return { sql: `hier_.p${String(index)}`, type: varchar(4000), at: call.at, ungrouped: call.at, aggregate: false }
    },
  }
  scope.hierarchy = hierarchy

  level.sql = '1'
  const start = clause.start === undefined ? '' : ` WHERE ${pointed('b_.n', () => compiler.condition(clause.start as Condition, scope).sql)}`
  level.sql = '(t_.lvl + 1)'
  relatives.prior = 'p_.n'
  const connect = pointed('b_.n', () => compiler.condition(clause.connect, scope).sql)
  relatives.prior = undefined
  const priors = [...valuesIn(clause.connect)].filter((value) => value.kind === 'prior')
  const unlike = priors.some((prior) => [...valuesIn(prior)].some((value) => value.kind === 'call' && volatile.has(value.name)))
  const seen = `instr(t_.ords, ${place})`
  const guard = priors.length === 0 || unlike ? 'o_connect_depth(t_.lvl)' : clause.nocycle ? `${seen} = 0` : `o_no_loop(${seen})`

  const calls = used.flatMap((value) => (value.kind === 'call' && value.name === 'SYS_CONNECT_BY_PATH' ? [value] : []))
  for (const call of calls) {
    if (call.args.length !== 2) throw ora(909, 'invalid number of arguments').at(call.at)
    paths.set(call, paths.size)
  }
  const steps = (levelSql: string): string[] => {
    level.sql = levelSql
    return calls.map(({ args }) => pointed('b_.n', () => [args[1], args[0]].flatMap((part) => (part === undefined ? [] : [`ifnull(${compiler.char(compiler.value(part, scope)).sql}, '')`])).join(' || ')))
  }
  const [first, next] = [steps('1'), steps('(t_.lvl + 1)')]
  const names = (name: string): boolean => used.some((value) => value.kind === 'column' && value.path.at(-1) === name)
  const wants = { prior: used.some((value) => value.kind === 'prior'), root: used.some((value) => value.kind === 'root') }
  const list = [
    ...columns.map((_, index) => `b_.n${String(index)} AS n${String(index)}`),
    ...(wants.prior ? columns.map((_, index) => `p_.n${String(index)} AS q${String(index)}`) : []),
    ...(wants.root ? columns.map((_, index) => `r_.n${String(index)} AS r${String(index)}`) : []),
    't_.lvl AS lvl',
    ...calls.map((_, index) => `t_.p${String(index)} AS p${String(index)}`),
    ...(names('CONNECT_BY_ISLEAF') ? ['NOT EXISTS (SELECT 1 FROM tree_ AS c_ WHERE c_.up = t_.ords) AS leaf'] : []),
  ]
  if (names('CONNECT_BY_ISCYCLE')) throw ora(3001, 'unimplemented feature')
  for (const [index, column] of columns.entries()) column.sql = `hier_.n${String(index)}`
  level.sql = 'hier_.lvl'
  leaf.sql = 'hier_.leaf'
  cycle.sql = '0'
  Object.assign(relatives, { prior: 'hier_.q', root: 'hier_.r' })
  const kept = calls.map((_, index) => `, p${String(index)}`).join('')
  const tree = `tree_(ord, lvl, ords, parent, up, root${kept}) AS (SELECT b_.ord, 1, ${place}, NULL, NULL, b_.ord${first.map((step) => `, ${step}`).join('')} FROM base_ AS b_${start}
    UNION ALL SELECT b_.ord, t_.lvl + 1, t_.ords || ${place}, t_.ord, t_.ords, t_.root${next.map((step, index) => `, t_.p${String(index)} || ${step}`).join('')} FROM tree_ AS t_ JOIN base_ AS p_ ON p_.ord = t_.ord JOIN base_ AS b_ ON ${connect} WHERE ${guard})`
  const others = `${wants.prior ? ' LEFT JOIN base_ AS p_ ON p_.ord = t_.parent' : ''}${wants.root ? ' JOIN base_ AS r_ ON r_.ord = t_.root' : ''}`
  // A LIMIT keeps SQLite from dropping the order of an inner query.
  return `(WITH RECURSIVE base_ AS MATERIALIZED (${base}), ${tree} SELECT ${list.join(', ')} FROM tree_ AS t_ JOIN base_ AS b_ ON b_.ord = t_.ord${others} ORDER BY t_.ords LIMIT -1) AS hier_`
}

/** PRIOR and CONNECT_BY_ROOT of a value. @throws OraError 00976, 01788 outside of a hierarchical query */
export function bindRelative(expression: Expression & { kind: 'prior' | 'root' }, compiler: ExpressionCompiler, scope: Scope): Bound {
  const { hierarchy } = scope
  if (hierarchy === undefined) throw ora(1788, 'CONNECT BY clause required in this query block').at(expression.at)
  const bound = hierarchy[expression.kind](expression.at, () => compiler.value(expression.operand, scope))
  return derive(bound.sql, bound.type, [bound], expression.at)
}
