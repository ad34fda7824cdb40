import { ora } from '../engine/ora-error.ts'
import type { Condition, Expression, SelectBlock, TableSource } from './ast.ts'

export interface JoinedTable {
  readonly table: TableSource
  /** Conditions of `(+)` that make it the optional side; `undefined`: a plain member of the FROM list. */
  readonly on: readonly Condition[] | undefined
}

/** The conditions that AND joins. */
export function conjuncts(condition: Condition | undefined): Condition[] {
  if (condition === undefined) return []
  return condition.kind === 'and' ? [...conjuncts(condition.left), ...conjuncts(condition.right)] : [condition]
}

function expressionsOf(condition: Condition): readonly Expression[] {
  switch (condition.kind) {
    case 'compare':
      return [condition.left, condition.right]
    case 'isNull':
    case 'between':
    case 'like':
      return [condition.operand]
    case 'in':
      return condition.left
    case 'not':
      return expressionsOf(condition.operand)
    default:
      return []
  }
}

/** Aliases of the columns marked `(+)`. */
function optionalOf(expression: Expression): string[] {
  switch (expression.kind) {
    case 'column':
      return expression.outer ? [expression.path.at(-2) ?? ''] : []
    case 'binary':
      return [...optionalOf(expression.left), ...optionalOf(expression.right)]
    case 'call':
      return expression.args.flatMap(optionalOf)
    default:
      return []
  }
}

/** Aliases of all columns of a value. */
function aliasesOf(expression: Expression): string[] {
  switch (expression.kind) {
    case 'column':
      return expression.path.length > 1 ? [expression.path.at(-2) ?? ''] : []
    case 'binary':
      return [...aliasesOf(expression.left), ...aliasesOf(expression.right)]
    case 'call':
      return expression.args.flatMap(aliasesOf)
    default:
      return []
  }
}

const nameOf = (table: TableSource): string => (table.kind === 'join' ? '' : (table.alias ?? (table.kind === 'table' ? (table.path.at(-1) ?? '') : '')))

/**
 * Oracle's own outer join, `a.x = b.x(+)`: the conditions with the mark become the ON of a left join of that table.
 * Needs qualified columns. @throws OraError 01468, 01719
 */
export function splitOuterJoins(block: SelectBlock): { readonly from: readonly JoinedTable[]; readonly conditions: readonly Condition[] } {
  const optional = new Map<string, Condition[]>()
  const conditions: Condition[] = []
  for (const condition of conjuncts(block.where)) {
    const marked = [...new Set(expressionsOf(condition).flatMap(optionalOf))]
    if (marked.length > 1) throw ora(1468, 'a predicate may reference only one outer-joined table').at(condition.at)
    const [name] = marked
    if (name === undefined) conditions.push(condition)
    else optional.set(name, [...(optional.get(name) ?? []), condition])
  }
  for (const name of optional.keys()) if (!block.from.some((table) => nameOf(table) === name)) throw ora(1719, 'outer join operator (+) not allowed in operand of OR or IN')
  const from: JoinedTable[] = block.from.filter((table) => !optional.has(nameOf(table))).map((table) => ({ table, on: undefined }))
  let waiting = block.from.filter((table) => optional.has(nameOf(table)))
  while (waiting.length > 0) {
    const placed = new Set(from.map((joined) => nameOf(joined.table)))
    const ready = waiting.filter((table) => {
      const needed = (optional.get(nameOf(table)) ?? []).flatMap(expressionsOf).flatMap(aliasesOf)
      return needed.every((alias) => alias === nameOf(table) || placed.has(alias) || !block.from.some((other) => nameOf(other) === alias))
    })
    if (ready.length === 0 || from.length === 0) throw ora(1416, 'two tables cannot be outer-joined to each other')
    for (const table of ready) from.push({ table, on: optional.get(nameOf(table)) ?? [] })
    waiting = waiting.filter((table) => !ready.includes(table))
  }
  return { from, conditions }
}
