import { lexicalError } from './syntax-error.ts'
import type { Position } from './syntax-error.ts'

/** Longest line RMAN reads (Oracle: Backup and Recovery Reference, "About RMAN Commands"). */
export const maxLineLength = 4000

export type Token =
  | { readonly type: 'word'; readonly text: string; readonly start: number; readonly end: number }
  /** `suffix` is K, M or G of a size. */
  | { readonly type: 'integer'; readonly text: string; readonly suffix: string; readonly start: number; readonly end: number }
  | { readonly type: 'string'; readonly text: string; readonly quote: "'" | '"'; readonly start: number; readonly end: number }
  | { readonly type: 'punctuation'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly type: 'end'; readonly text: ''; readonly start: number; readonly end: number }

const space = /\s/
const wordStart = /[A-Za-z_]/
const wordPart = /[A-Za-z0-9_$#%.]/
const digit = /[0-9]/

/** Cuts the text of RMAN commands into tokens, one at a time, so that a connect string or an SQL statement can be taken raw. */
export class Lexer {
  readonly text: string
  #offset = 0
  #peeked: Token | undefined

  constructor(text: string) {
    this.text = text
    for (const [index, line] of text.split('\n').entries()) {
      if (line.length > maxLineLength) throw lexicalError(2006, 'script line too long', { line: index + 1, column: maxLineLength + 1 }, text.length)
    }
  }

  /** Offset behind the last token taken. */
  get offset(): number {
    return this.#offset
  }

  peek(): Token {
    this.#peeked ??= this.#scan(this.#offset)
    return this.#peeked
  }

  take(): Token {
    const token = this.peek()
    this.#peeked = undefined
    this.#offset = token.end
    return token
  }

  /** Line and column of an offset. */
  position(offset: number): Position {
    const before = this.text.slice(0, offset)
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
  }

  /** The rest of the current line up to a blank or semicolon, unquoted: a connect string. Empty when the line ends here. */
  takeConnectString(): string {
    this.#peeked = undefined
    let start = this.#offset
    while (this.text[start] === ' ' || this.text[start] === '\t') start++
    const quote = this.text[start]
    if (quote === "'" || quote === '"') {
      this.#offset = start
      return this.take().text
    }
    let end = start
    while (end < this.text.length && !/[\s;]/.test(this.text.charAt(end))) end++
    this.#offset = end
    return this.text.slice(start, end)
  }

  /** Everything up to (without) the semicolon that ends an SQL statement; `undefined` when there is none yet. */
  takeStatement(from: number): string | undefined {
    let quote = ''
    for (let at = from; at < this.text.length; at++) {
      const char = this.text.charAt(at)
      if (quote !== '') {
        if (char === quote) quote = ''
      } else if (char === "'" || char === '"') quote = char
      else if (char === ';') {
        this.#peeked = undefined
        this.#offset = at
        return this.text.slice(from, at).trim()
      }
    }
    return undefined
  }

  #scan(from: number): Token {
    const { text } = this
    let start = from
    for (;;) {
      while (start < text.length && space.test(text.charAt(start))) start++
      if (text[start] !== '#') break
      while (start < text.length && text[start] !== '\n') start++
    }
    const first = text[start]
    if (first === undefined) return { type: 'end', text: '', start, end: start }
    if (first === "'" || first === '"') return this.#string(start, first)
    let end = start + 1
    if (wordStart.test(first)) {
      while (wordPart.test(text.charAt(end))) end++
      return { type: 'word', text: text.slice(start, end), start, end }
    }
    if (digit.test(first)) {
      while (digit.test(text.charAt(end))) end++
      const digits = text.slice(start, end)
      let suffix = ''
      if (/[kmg]/i.test(text.charAt(end)) && !wordPart.test(text.charAt(end + 1))) suffix = text.charAt(end++).toUpperCase()
      if (digits.length > 20) throw lexicalError(2007, 'integer value overflow', this.position(start), end)
      return { type: 'integer', text: digits, suffix, start, end }
    }
    if ('{}(),;='.includes(first)) return { type: 'punctuation', text: first, start, end }
    if (first > '~' || first < ' ') throw lexicalError(2003, `unrecognized character: ${first}`, this.position(start), end)
    throw lexicalError(2001, `unrecognized punctuation symbol "${first}"`, this.position(start), end)
  }

  #string(start: number, quote: "'" | '"'): Token {
    let value = ''
    for (let at = start + 1; at < this.text.length; at++) {
      const char = this.text.charAt(at)
      if (char === '\n') break
      if (char !== quote) value += char
      else if (this.text[at + 1] === quote) {
        value += quote
        at++
      } else return { type: 'string', text: value, quote, start, end: at + 1 }
    }
    throw lexicalError(2004, 'quoted string too big', this.position(start), this.text.length)
  }
}
