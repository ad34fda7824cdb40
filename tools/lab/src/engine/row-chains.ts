import { randomUUID } from 'node:crypto'
import { encodeRow } from './block-rows.ts'
import type { RowValue } from './instance-api.ts'

type Row = readonly RowValue[]

/** First value of a piece: no text that a user stores begins with it. */
const MARK = '\u0000chain'
/** Longest row of one piece, in bytes. */
const longestRow = 4000
/** Characters of a row's JSON in one piece; each may take three bytes, or six as an escape. */
const pieceLength = 600

/** A row as it is appended: as one piece, or as pieces `[mark, chain, number, of, text]` when it is longer than a block takes. */
export function rowPieces(row: Row): Buffer[] {
  const bytes = encodeRow(row)
  if (bytes.length <= longestRow) return [bytes]
  const text = JSON.stringify(row)
  const chain = randomUUID()
  const count = Math.ceil(text.length / pieceLength)
  return Array.from({ length: count }, (_, index) => encodeRow([MARK, chain, index, count, text.slice(index * pieceLength, (index + 1) * pieceLength)]))
}

/** The chain that a piece belongs to; `undefined`: a row of its own. */
export function chainOf(row: Row): string | undefined {
  return row[0] === MARK ? String(row[1]) : undefined
}

/** Puts pieces together again. */
export class RowChains {
  readonly rows: Row[] = []
  readonly chained: Map<string, Row> = new Map()
  readonly #open = new Map<string, string[]>()

  add(row: Row): void {
    const chain = chainOf(row)
    if (chain === undefined) {
      this.rows.push(row)
      return
    }
    const pieces = this.#open.get(chain) ?? []
    this.#open.set(chain, pieces)
    pieces[Number(row[2])] = String(row[4])
    if (pieces.length < Number(row[3]) || pieces.includes(undefined as never)) return
    this.#open.delete(chain)
    const whole = JSON.parse(pieces.join('')) as Row
    this.chained.set(chain, whole)
    this.rows.push(whole)
  }
}
