import { ora } from '../engine/ora-error.ts'
import type { Expression } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { parseExpression } from './parse-expression.ts'

type Sets = readonly (readonly Expression[])[]

const mostSets = 4096

/** `a`, or `(a, b)` that is rolled up as one. */
function parseComposite(cursor: Cursor): Expression[] {
  const start = cursor.position
  if (cursor.acceptOperator('(')) {
    if (cursor.acceptOperator(')')) return []
    const list: Expression[] = []
    do list.push(parseExpression(cursor))
    while (cursor.acceptOperator(','))
    // `(a + b) * 2` is a value that begins with a parenthesis.
    if (cursor.acceptOperator(')') && (cursor.isOperator(',', ')') || cursor.token.kind === 'end' || cursor.token.kind === 'word')) return list
    cursor.reset(start)
  }
  return [parseExpression(cursor)]
}

function parseComposites(cursor: Cursor): Expression[][] {
  const list: Expression[][] = []
  cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
  do list.push(parseComposite(cursor))
  while (cursor.acceptOperator(','))
  cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
  return list
}

const cross = (left: Sets, right: Sets): Sets => left.flatMap((one) => right.map((other) => [...one, ...other]))

function parseElement(cursor: Cursor): { readonly sets: Sets; readonly plain: boolean } {
  if (cursor.isWord('ROLLUP') && cursor.peek().value === '(') {
    cursor.next()
    const parts = parseComposites(cursor)
    return { plain: false, sets: [...parts.keys(), parts.length].reverse().map((count) => parts.slice(0, count).flat()) }
  }
  if (cursor.isWord('CUBE') && cursor.peek().value === '(') {
    cursor.next()
    return { plain: false, sets: parseComposites(cursor).reduce<Sets>((sets, part) => cross(sets, [part, []]), [[]]) }
  }
  if (cursor.isWord('GROUPING') && cursor.peek().value === 'SETS') {
    cursor.next()
    cursor.next()
    cursor.expectOperator('(', () => ora(906, 'missing left parenthesis'))
    const sets: (readonly Expression[])[] = []
    do {
      if (cursor.isWord('ROLLUP', 'CUBE') && cursor.peek().value === '(') sets.push(...parseElement(cursor).sets)
      else sets.push(parseComposite(cursor))
    } while (cursor.acceptOperator(','))
    cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
    return { plain: false, sets }
  }
  const part = parseComposite(cursor)
  return { plain: part.length > 0, sets: [part] }
}

/** The list behind GROUP BY; `sets` where it has ROLLUP, CUBE, GROUPING SETS or `()`. @throws OraError 30497 for too many */
export function parseGroupBy(cursor: Cursor): { readonly groupBy: Expression[]; readonly sets: Sets | undefined } {
  let plain = true
  let sets: Sets = [[]]
  const at = cursor.at
  do {
    const element = parseElement(cursor)
    plain &&= element.plain
    sets = cross(sets, element.sets)
    if (sets.length > mostSets) throw ora(30489, 'Cannot have more than one rollup/cube expression list').at(at)
  } while (cursor.acceptOperator(','))
  return { groupBy: [...new Set(sets.flat())], sets: plain ? undefined : sets }
}
