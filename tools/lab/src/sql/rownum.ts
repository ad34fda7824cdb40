import type { Comparison, Condition, Expression } from './ast.ts'
import type { ExpressionCompiler } from './compile-expression.ts'
import type { Scope } from './scope.ts'

const mirrored: Readonly<Record<Comparison, Comparison>> = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

function isRownum(expression: Expression): boolean {
  return expression.kind === 'column' && expression.path.length === 1 && expression.path[0] === 'ROWNUM'
}

/**
 * `rownum <= n` and its forms as the number of rows to keep; `undefined`: not such a condition. ROWNUM counts the rows
 * that are kept, so only these forms and `rownum = 1` can be true.
 */
export function rownumLimit(compiler: ExpressionCompiler, condition: Condition, scope: Scope): string | undefined {
  if (condition.kind === 'between' && isRownum(condition.operand)) {
    const low = compiler.number(compiler.value(condition.low, scope)).sql
    const high = compiler.number(compiler.value(condition.high, scope)).sql
    return `CASE WHEN ${low} <= 1 THEN o_floor(${high}) ELSE 0 END`
  }
  if (condition.kind !== 'compare') return undefined
  const swapped = isRownum(condition.right)
  if (!swapped && !isRownum(condition.left)) return undefined
  const bound = compiler.number(compiler.value(swapped ? condition.left : condition.right, scope)).sql
  switch (swapped ? mirrored[condition.operator] : condition.operator) {
    case '<=':
      return `o_floor(${bound})`
    case '<':
      return `o_subtract(o_ceil(${bound}), 1)`
    case '=':
      return `CASE WHEN ${bound} = 1 THEN 1 ELSE 0 END`
    case '<>':
      return `o_subtract(o_ceil(${bound}), 1)`
    case '>':
      return `CASE WHEN ${bound} < 1 THEN -1 ELSE 0 END`
    case '>=':
      return `CASE WHEN ${bound} <= 1 THEN -1 ELSE 0 END`
  }
}
