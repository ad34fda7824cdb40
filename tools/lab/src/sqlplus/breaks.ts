import type { SqlResult } from '../engine/protocol.ts'
import { summarise, type Compute } from './computes.ts'
import { CommandError, splitWords } from './settings.ts'

interface Break {
  /** A column, REPORT or ROW. */
  readonly column: string
  readonly skip: number
  readonly repeats: boolean
}

/** What stands in a report below each other. */
export type ReportLine =
  | { readonly kind: 'row'; readonly cells: readonly (string | null)[]; /** Blank lines before it. */ readonly skip: number }
  /** Stars below the column that broke, dashes below those that are summed up. */
  | { readonly kind: 'rule'; readonly stars: number | undefined; readonly dashes: readonly number[] }
  | { readonly kind: 'summary'; readonly label: string; readonly labelled: number | undefined; readonly cells: ReadonlyMap<number, string | null> }

/** BREAK: values of a column that repeat are left out, blank lines stand between its groups, COMPUTE's summaries behind them. */
export class Breaks {
  #breaks: readonly Break[] = []

  clear(): void {
    this.#breaks = []
  }

  /** `BREAK ON column|REPORT|ROW [SKIP n] [DUP|NODUP] …`. @throws CommandError SP2-0158 also for PAGE */
  apply(text: string): void {
    const words = splitWords(text)
    const breaks: Break[] = []
    while (words.length > 0) {
      const word = words.shift() ?? ''
      if (!/^on$/i.test(word)) throw new CommandError(`SP2-0158: unknown BREAK option "${word}"`)
      const column = (words.shift() ?? '').toUpperCase()
      if (column === '') throw new CommandError(`SP2-0158: unknown BREAK option "${column}"`)
      let skip = 0
      let repeats = false
      for (;;) {
        const option = words[0]?.toLowerCase()
        if (option === 'skip' || option === 'ski') {
          words.shift()
          const count = words.shift() ?? ''
          if (!/^\d+$/.test(count)) throw new CommandError(`SP2-0158: unknown BREAK option "${count}"`)
          skip = Number(count)
        } else if (option === 'nodup' || option === 'noduplicates') words.shift()
        else if (option === 'dup' || option === 'duplicates') {
          words.shift()
          repeats = true
        } else break
      }
      breaks.push({ column, skip, repeats })
    }
    this.#breaks = breaks
  }

  /** The lines of a result: repetitions left out, blank lines between groups, summaries at their ends. */
  arrange(result: SqlResult, computes: readonly Compute[]): readonly ReportLine[] {
    const { columns = [], rows = [] } = result
    const indexOf = (name: string): number => columns.findIndex((column) => column.name.toUpperCase() === name)
    const watched = this.#breaks.flatMap((each) => { const index = indexOf(each.column); return index < 0 ? [] : [{ ...each, index }] })
    const eachRow = this.#breaks.find((each) => each.column === 'ROW')?.skip ?? 0
    const lines: ReportLine[] = []
    const starts = watched.map(() => 0)

    const summaries = (on: string, labelled: number | undefined, from: number, to: number): void => {
      const wanted = computes.filter((compute) => compute.on === on)
      const dashes = [...new Set(wanted.flatMap((compute) => compute.columns.map(indexOf)).filter((index) => index >= 0))]
      if (dashes.length === 0 || to <= from) return
      lines.push({ kind: 'rule', stars: on === 'REPORT' ? undefined : labelled, dashes })
      for (const label of [...new Set(wanted.map((compute) => compute.label))]) {
        const cells = new Map<number, string | null>()
        for (const compute of wanted.filter((one) => one.label === label)) for (const name of compute.columns) if (indexOf(name) >= 0) cells.set(indexOf(name), summarise(compute.summary, rows.slice(from, to).map((row) => row[indexOf(name)] ?? null)))
        lines.push({ kind: 'summary', label, labelled, cells })
      }
    }

    for (const [place, row] of rows.entries()) {
      const before = rows[place - 1]
      let skip = place === 0 ? 0 : eachRow
      const shown = [...row]
      if (before !== undefined) {
        const outermost = watched.findIndex((each) => before[each.index] !== row[each.index])
        for (let level = watched.length - 1; outermost >= 0 && level >= outermost; level--) {
          const each = watched[level]
          if (each === undefined) continue
          summaries(each.column, each.index, starts[level] ?? 0, place)
          starts[level] = place
          skip = Math.max(skip, each.skip)
        }
        for (const [level, each] of watched.entries()) if ((outermost < 0 || level < outermost) && !each.repeats) shown[each.index] = null
      }
      lines.push({ kind: 'row', cells: shown, skip })
    }
    for (let level = watched.length - 1; level >= 0; level--) summaries(watched[level]?.column ?? '', watched[level]?.index, starts[level] ?? 0, rows.length)
    if (this.#breaks.some((each) => each.column === 'REPORT')) {
      const summed = new Set(computes.filter((compute) => compute.on === 'REPORT').flatMap((compute) => compute.columns.map(indexOf)))
      const first = columns.findIndex((_, index) => !summed.has(index))
      summaries('REPORT', first < 0 ? undefined : first, 0, rows.length)
    }
    return lines
  }
}
