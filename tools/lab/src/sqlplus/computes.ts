import { arithmetic, normalise, numberText, parseNumber, type OraNumber } from '../sql/number.ts'
import { CommandError, splitWords } from './settings.ts'

const functions = ['AVG', 'COUNT', 'MINIMUM', 'MAXIMUM', 'NUMBER', 'SUM', 'STD', 'VARIANCE'] as const
type Summary = (typeof functions)[number]

export interface Compute {
  readonly summary: Summary
  readonly label: string
  readonly columns: readonly string[]
  /** REPORT, or a column that breaks. */
  readonly on: string
}

function summaryNamed(word: string): Summary | undefined {
  const upper = word.toUpperCase()
  return functions.find((name) => name.startsWith(upper) && upper.length >= Math.min(3, name.length))
}

/** COMPUTE's settings. */
export class Computes {
  #computes: readonly Compute[] = []

  get all(): readonly Compute[] {
    return this.#computes
  }

  clear(): void {
    this.#computes = []
  }

  /** `COMPUTE function [LABEL text] … OF column … ON REPORT|column …`. @throws CommandError SP2-0080, SP2-0081 */
  apply(text: string): readonly string[] {
    const words = splitWords(text)
    if (words.length === 0) return this.#computes.flatMap((compute) => compute.columns.map((column) => `COMPUTE ${compute.summary.toLowerCase()} LABEL '${compute.label}' OF ${column} ON ${compute.on}`))
    const wanted: { summary: Summary; label: string }[] = []
    while (words.length > 0 && !/^of$/i.test(words[0] ?? '')) {
      const word = words.shift() ?? ''
      if (/^(label|lab)$/i.test(word)) {
        const last = wanted.at(-1)
        if (last === undefined) throw new CommandError('SP2-0080: COMPUTE requires one or more functions')
        last.label = words.shift() ?? ''
        continue
      }
      const summary = summaryNamed(word)
      if (summary === undefined) throw new CommandError(`SP2-0158: unknown COMPUTE option "${word}"`)
      wanted.push({ summary, label: summary.toLowerCase() })
    }
    // Summaries stand in this order, whatever the order they were asked for in.
    wanted.sort((a, b) => functions.indexOf(a.summary) - functions.indexOf(b.summary))
    words.shift()
    const columns: string[] = []
    while (words.length > 0 && !/^on$/i.test(words[0] ?? '')) columns.push((words.shift() ?? '').replace(/,$/, '').toUpperCase())
    words.shift()
    if (wanted.length === 0 || columns.length === 0 || words.length === 0) throw new CommandError('SP2-0081: Maximum of 1 COMPUTE ... OF ... ON ... clause is missing a part')
    const made = words.flatMap((on) => wanted.map(({ summary, label }): Compute => ({ summary, label, columns, on: on.toUpperCase() })))
    this.#computes = [...this.#computes.filter((old) => !made.some((fresh) => fresh.on === old.on && fresh.summary === old.summary && fresh.columns.join() === old.columns.join())), ...made]
    return []
  }
}

/** The value of a summary over a group's cells, as text. */
export function summarise(summary: Summary, cells: readonly (string | null)[]): string | null {
  if (summary === 'NUMBER') return String(cells.length)
  const given = cells.filter((cell) => cell !== null)
  if (summary === 'COUNT') return String(given.length)
  if (given.length === 0) return null
  const numbers = given.map((cell) => parseNumber(cell))
  const sum = numbers.reduce<OraNumber>((all, value) => arithmetic('+', all, value), 0n)
  const count = BigInt(numbers.length)
  switch (summary) {
    case 'SUM':
      return numberText(sum)
    case 'AVG':
      return numberText(arithmetic('/', sum, count))
    case 'MINIMUM':
    case 'MAXIMUM':
      return numberText(numbers.reduce((best, value) => (value < best === (summary === 'MINIMUM') ? value : best)))
    default: {
      const mean = Number(sum) / numbers.length
      const variance = numbers.length === 1 ? 0 : numbers.reduce<number>((all, value) => all + (Number(value) - mean) ** 2, 0) / (numbers.length - 1)
      return numberText(normalise(Number((summary === 'STD' ? Math.sqrt(variance) : variance).toPrecision(15))))
    }
  }
}
