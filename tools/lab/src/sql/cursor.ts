import { ora, type OraError } from '../engine/ora-error.ts'
import type { Query } from './ast.ts'
import { reservedWords, tokenize, type Token } from './lexer.ts'

/** Reads the tokens of one statement; the parsers of queries and statements share it. */
export class Cursor {
  readonly text: string
  /** Expressions contain queries and queries contain expressions: the expression parser finds the query parser here. */
  readonly parseQuery: (cursor: Cursor) => Query
  readonly #tokens: readonly Token[]
  #index = 0

  constructor(text: string, parseQuery: (cursor: Cursor) => Query) {
    this.text = text
    this.parseQuery = parseQuery
    this.#tokens = tokenize(text)
  }

  get token(): Token {
    const token = this.#tokens[this.#index]
    if (token === undefined) throw new RangeError('read past the end of the statement')
    return token
  }

  /** The token `ahead` places further on; the end token beyond the end. */
  peek(ahead = 1): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)] ?? this.token
  }

  get at(): number {
    return this.token.start
  }

  get position(): number {
    return this.#index
  }

  /** Goes back to an earlier {@link position}. */
  reset(position: number): void {
    this.#index = position
  }

  next(): Token {
    const token = this.token
    if (token.kind !== 'end') this.#index++
    return token
  }

  isWord(...words: readonly string[]): boolean {
    return this.token.kind === 'word' && words.includes(this.token.value)
  }

  isOperator(...operators: readonly string[]): boolean {
    return this.token.kind === 'operator' && operators.includes(this.token.value)
  }

  /** Takes the words when all of them follow. */
  acceptWords(...words: readonly string[]): boolean {
    for (const [ahead, word] of words.entries()) {
      const token = this.peek(ahead)
      if (token.kind !== 'word' || token.value !== word) return false
    }
    this.#index += words.length
    return true
  }

  acceptOperator(operator: string): boolean {
    if (!this.isOperator(operator)) return false
    this.next()
    return true
  }

  expectOperator(operator: string, error: () => OraError): void {
    if (!this.acceptOperator(operator)) throw error().at(this.at)
  }

  expectWord(word: string, error: () => OraError = () => ora(905, 'missing keyword')): void {
    if (!this.acceptWords(word)) throw error().at(this.at)
  }

  get isIdentifier(): boolean {
    return this.token.kind === 'quoted' || (this.token.kind === 'word' && !reservedWords.has(this.token.value))
  }

  identifier(error: () => OraError = () => ora(904, 'invalid identifier')): string {
    if (!this.isIdentifier) throw error().at(this.at)
    return this.next().value
  }

  /** `a.b.c` */
  path(error?: () => OraError): string[] {
    const path = [this.identifier(error)]
    while (this.acceptOperator('.')) path.push(this.identifier(error))
    return path
  }

  string(error: () => OraError): string {
    if (this.token.kind !== 'string') throw error().at(this.at)
    return this.next().value
  }

  /** An unsigned whole number. */
  integer(error: () => OraError): number {
    if (this.token.kind !== 'number' || !/^\d+$/.test(this.token.value)) throw error().at(this.at)
    return Number(this.next().value)
  }

  expectEnd(error: () => OraError = () => ora(933, 'SQL command not properly ended')): void {
    if (this.token.kind !== 'end') throw error().at(this.at)
  }

  /** The heading that Oracle gives an expression: its text, upper case, without blanks outside of strings. */
  heading(from: number): string {
    let heading = ''
    for (let index = from; index < this.#index; index++) {
      const token = this.#tokens[index]
      if (token !== undefined) heading += this.text.slice(token.start, token.end).toUpperCase()
    }
    return heading.slice(0, 128)
  }
}
