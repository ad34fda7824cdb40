import { CommandError } from './settings.ts'

type Part = { readonly kind: 'text'; readonly text: string; readonly place: 'LEFT' | 'CENTER' | 'RIGHT' | number } | { readonly kind: 'skip'; readonly lines: number }

/** What titles may name besides texts. */
export interface TitleValues {
  readonly page: number
  readonly linesize: number
  readonly user: string
  readonly release: string
  /** `Sat Nov 28`, of titles in the old form. */
  readonly date: string
}

function variable(name: string, values: TitleValues): string | undefined {
  switch (name.toUpperCase()) {
    case 'SQL.PNO':
      return String(values.page).padStart(8)
    case 'SQL.USER':
      return values.user
    case 'SQL.RELEASE':
      return values.release
    case 'SQL.LNO':
    case 'SQL.SQLCODE':
      return '0'
    default:
      return undefined
  }
}

/** TTITLE or BTITLE. */
export class Title {
  #parts: readonly Part[] = []
  #old: string | undefined
  #on = false

  /** `TTITLE [LEFT|CENTER|RIGHT|COL n|SKIP [n]] text …`, `TTITLE 'text'`, `TTITLE ON|OFF`. @throws CommandError SP2-0158 */
  apply(text: string): void {
    if (text.trim() === '') throw new CommandError(`title ${this.#on ? 'ON' : 'OFF'}`)
    if (/^(on|off)$/i.test(text)) {
      this.#on = /^on$/i.test(text)
      return
    }
    const words = [...text.matchAll(/'((?:[^']|'')*)'|"([^"]*)"|(\S+)/g)].map((found) => ({ quoted: found[3] === undefined, text: found[1]?.replaceAll("''", "'") ?? found[2] ?? found[3] ?? '' }))
    this.#on = true
    this.#old = words[0]?.quoted === true ? words.map((word) => word.text).join('') : undefined
    const parts: Part[] = []
    let place: 'LEFT' | 'CENTER' | 'RIGHT' | number = 'LEFT'
    for (let word = words.shift(); word !== undefined; word = words.shift()) {
      const lower = word.quoted ? '' : word.text.toLowerCase()
      const count = (): number => (words[0] !== undefined && !words[0].quoted && /^\d+$/.test(words[0].text) ? Number(words.shift()?.text) : 1)
      if (/^(left|le|center|centre|ce|right|ri)$/.test(lower)) place = lower.startsWith('l') ? 'LEFT' : lower.startsWith('c') ? 'CENTER' : 'RIGHT'
      else if (/^(skip|s)$/.test(lower)) parts.push({ kind: 'skip', lines: count() })
      else if (lower === 'col') place = count()
      else if (lower === 'tab') place = count()
      else if (lower === 'format') words.shift()
      else if (lower !== 'bold') parts.push({ kind: 'text', text: word.quoted ? `'${word.text}` : word.text, place })
    }
    this.#parts = parts
  }

  /** The lines of a page. */
  lines(values: TitleValues): string[] {
    if (!this.#on) return []
    const { linesize } = values
    const centred = (text: string): string => ' '.repeat(Math.max(0, Math.floor((linesize - text.length) / 2))) + text
    if (this.#old !== undefined) {
      const page = `page ${String(values.page).padStart(4)}`
      return [values.date + page.padStart(Math.max(page.length + 1, linesize - values.date.length)), ...this.#old.split('|').map(centred), '']
    }
    const lines = ['']
    for (const part of this.#parts) {
      if (part.kind === 'skip') for (let left = part.lines; left > 0; left--) lines.push('')
      else {
        const shown = part.text.startsWith("'") ? part.text.slice(1) : (variable(part.text, values) ?? part.text)
        const before = lines.at(-1) ?? ''
        const at = part.place === 'LEFT' ? before.length : part.place === 'CENTER' ? Math.floor((linesize - shown.length) / 2) : part.place === 'RIGHT' ? linesize - shown.length : part.place - 1
        lines[lines.length - 1] = before.length <= at ? before.padEnd(at) + shown : before + shown
      }
    }
    if (lines.at(-1) === '') lines.pop()
    return lines
  }
}
