import type { Expression, Query } from './ast.ts'

const isQuery = (node: object): node is Query => 'with' in node && 'body' in node

/** All values inside of a part of a statement, itself included; queries inside of it are left alone. */
export function* valuesIn(part: unknown): Generator<Expression> {
  if (Array.isArray(part)) {
    for (const item of part) yield* valuesIn(item)
    return
  }
  if (typeof part !== 'object' || part === null || isQuery(part)) return
  if ('kind' in part && 'at' in part) yield part as Expression
  for (const inner of Object.values(part)) if (typeof inner === 'object') yield* valuesIn(inner)
}

/** Names of the columns that a part of a statement mentions. */
export function columnNamesIn(part: unknown): Set<string> {
  return new Set([...valuesIn(part)].flatMap((value) => (value.kind === 'column' ? [value.path.at(-1) ?? ''] : [])))
}
