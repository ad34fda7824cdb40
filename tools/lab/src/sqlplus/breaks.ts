import type { SqlResult } from '../engine/protocol.ts'
import { CommandError, splitWords } from './settings.ts'

interface Break {
  readonly column: string
  readonly skip: number
  readonly repeats: boolean
}

/** BREAK: values of a column that repeat are left out, blank lines stand between its groups. */
export class Breaks {
  #breaks: readonly Break[] = []

  clear(): void {
    this.#breaks = []
  }

  /** `BREAK ON column [SKIP n] [DUP|NODUP] …`. @throws CommandError SP2-0158 for REPORT, ROW and PAGE */
  apply(text: string): void {
    const words = splitWords(text)
    const breaks: Break[] = []
    while (words.length > 0) {
      const word = words.shift() ?? ''
      if (!/^on$/i.test(word)) throw new CommandError(`SP2-0158: unknown BREAK option "${word}"`)
      const column = (words.shift() ?? '').toUpperCase()
      if (column === '' || ['REPORT', 'ROW'].includes(column)) throw new CommandError(`SP2-0158: unknown BREAK option "${column}"`)
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

  /** The result with its repetitions left out, and how many blank lines stand before each row. */
  arrange(result: SqlResult): { readonly result: SqlResult; readonly skips: readonly number[] } {
    const { columns = [], rows = [] } = result
    const watched = this.#breaks.flatMap((each) => { const index = columns.findIndex((column) => column.name.toUpperCase() === each.column); return index < 0 ? [] : [{ ...each, index }] })
    const skips = rows.map(() => 0)
    const arranged = rows.map((row, place) => {
      const before = rows[place - 1]
      if (before === undefined || watched.length === 0) return row
      const shown = [...row]
      let changed = false
      for (const each of watched) {
        changed ||= before[each.index] !== row[each.index]
        if (!changed && !each.repeats) shown[each.index] = null
        if (changed) skips[place] = Math.max(skips[place] ?? 0, each.skip)
      }
      return shown
    })
    return { result: { ...result, rows: arranged }, skips }
  }
}
