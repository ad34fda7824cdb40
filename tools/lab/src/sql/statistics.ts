import type { DatabaseSync } from 'node:sqlite'
import { ora } from '../engine/ora-error.ts'
import { arithmetic, loadNumber, storeNumber, type StoredNumber } from './number.ts'

type Cell = StoredNumber | null

interface Moments {
  readonly count: number
  readonly mean: number
  readonly squares: number
}

/** One value more, or one less: the frame of a window moves on. */
function moments(state: Moments, value: Cell, sign: 1 | -1): Moments {
  if (value === null) return state
  const number = Number(loadNumber(value))
  const count = state.count + sign
  if (count === 0) return { count: 0, mean: 0, squares: 0 }
  const mean = state.mean + (sign * (number - state.mean)) / count
  return { count, mean, squares: state.squares + sign * (number - state.mean) * (number - mean) }
}

const spreads: Readonly<Record<string, (state: Moments) => number | undefined>> = {
  variance: ({ count, squares }) => (count === 1 ? 0 : squares / (count - 1)),
  var_samp: ({ count, squares }) => (count < 2 ? undefined : squares / (count - 1)),
  var_pop: ({ count, squares }) => squares / count,
}

/** A list that a window may shorten again. */
function listAggregate(database: DatabaseSync, name: string, result: (values: readonly Cell[][]) => Cell): void {
  database.aggregate(name, {
    varargs: true,
    useBigIntArguments: true,
    start: (() => []) as never,
    step: ((state: Cell[][], ...row: Cell[]) => { state.push(row); return state }) as never,
    inverse: ((state: Cell[][]) => { state.shift(); return state }) as never,
    result: ((state: Cell[][]) => result(state)) as never,
  })
}

function compare(left: Cell, right: Cell): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
  return left < right ? -1 : left > right ? 1 : 0
}

/** `F` or `L` for FIRST or LAST, then for each key its direction and where nulls go. */
function byKeys(specification: string): (left: readonly Cell[], right: readonly Cell[]) => number {
  const keys = [...specification.slice(1).matchAll(/([ad])([fl])/g)]
  return (left, right) => {
    for (const [index, [, direction, nulls]] of keys.entries()) {
      const [a, b] = [left[index] ?? null, right[index] ?? null]
      if (a === null && b === null) continue
      const order = a === null || b === null ? (a === null) === (nulls === 'f') ? -1 : 1 : compare(a, b) * (direction === 'd' ? -1 : 1)
      if (order !== 0) return order
    }
    return 0
  }
}

function total(name: string, values: readonly Cell[]): Cell {
  const given = values.filter((value) => value !== null)
  if (name === 'COUNT') return BigInt(given.length)
  if (given.length === 0) return null
  if (name === 'MIN' || name === 'MAX') return given.reduce((best, value) => (compare(value, best) < 0 === (name === 'MIN') ? value : best))
  const sum = given.reduce<ReturnType<typeof loadNumber>>((all, value) => arithmetic('+', all, loadNumber(value)), 0n)
  return storeNumber(name === 'SUM' ? sum : arithmetic('/', sum, BigInt(given.length)))
}

/** PERCENTILE_CONT and PERCENTILE_DISC over numbers. @throws OraError 30495 */
function percentile(rows: readonly (readonly Cell[])[], continuous: boolean): Cell {
  const fraction = Number(rows[0]?.[0] ?? 0)
  if (fraction < 0 || fraction > 1) throw ora(30495, 'The percentile value should be between 0 and 1.')
  const descending = rows[0]?.[2] === 1n
  const values = rows.flatMap((row) => row[1] ?? []).map((value) => loadNumber(value)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  if (descending) values.reverse()
  if (values.length === 0) return null
  if (!continuous) return storeNumber(values[Math.max(0, Math.ceil(fraction * values.length) - 1)] ?? 0n)
  const place = fraction * (values.length - 1)
  const [low, high] = [values[Math.floor(place)] ?? 0n, values[Math.ceil(place)] ?? 0n]
  return storeNumber(arithmetic('+', low, arithmetic('*', arithmetic('-', high, low), place - Math.floor(place))))
}

/** Group functions that SQLite lacks, also as window functions. */
export function registerStatistics(database: DatabaseSync): void {
  for (const [name, spread] of Object.entries(spreads)) {
    const root = { variance: 'stddev', var_samp: 'stddev_samp', var_pop: 'stddev_pop' }[name] ?? name
    for (const [called, finish] of [[name, (value: number) => value], [root, Math.sqrt]] as const) {
      database.aggregate(`o_${called}`, {
        useBigIntArguments: true,
        start: (() => ({ count: 0, mean: 0, squares: 0 })) as never,
        step: ((state: Moments, value: Cell) => moments(state, value, 1)) as never,
        inverse: ((state: Moments, value: Cell) => moments(state, value, -1)) as never,
        result: ((state: Moments) => {
          const value = state.count === 0 ? undefined : spread(state)
          return value === undefined ? null : storeNumber(Number(finish(Math.max(0, value)).toPrecision(15)))
        }) as never,
      })
    }
  }
  listAggregate(database, 'o_median', (rows) => percentile(rows.map(([value = null]) => [0.5, value]), true))
  listAggregate(database, 'o_percentile_cont', (rows) => percentile(rows, true))
  listAggregate(database, 'o_percentile_disc', (rows) => percentile(rows, false))
  listAggregate(database, 'o_listagg_distinct', (rows) => {
    const given = rows.filter(([value = null]) => value !== null)
    return given.length === 0 ? null : [...new Set(given.map(([value]) => String(value)))].join(String(given[0]?.[1] ?? ''))
  })
  listAggregate(database, 'o_keep', (rows) => {
    const [name = null, specification = null] = rows[0] ?? []
    const order = byKeys(String(specification))
    const keyed = rows.map(([, , value = null, ...keys]) => ({ value, keys }))
    const last = String(specification).startsWith('L')
    const best = keyed.reduce<(typeof keyed)[number] | undefined>((found, row) => (found === undefined || (last ? order(row.keys, found.keys) > 0 : order(row.keys, found.keys) < 0) ? row : found), undefined)
    return best === undefined ? null : total(String(name), keyed.filter((row) => order(row.keys, best.keys) === 0).map((row) => row.value))
  })
}
