import { isKeyword } from './keywords.ts'
import type { Lexer, Token } from './lexer.ts'
import { IncompleteCommand, lexicalError, unexpected } from './syntax-error.ts'

/** Walks over the tokens and remembers everything that would have been accepted at the current one, for RMAN-01009. */
export class Cursor {
  readonly lexer: Lexer
  readonly #expected = new Set<string>()

  constructor(lexer: Lexer) {
    this.lexer = lexer
  }

  get token(): Token {
    return this.lexer.peek()
  }

  advance(): Token {
    this.#expected.clear()
    return this.lexer.take()
  }

  /** Whether the current token is this keyword; it stays. */
  at(keyword: string): boolean {
    const token = this.token
    if (token.type === 'word' && token.text.toLowerCase() === keyword) return true
    this.#expected.add(keyword)
    return false
  }

  /** Takes the keyword, or a sequence of keywords when the first one is there. */
  take(...keywords: readonly string[]): boolean {
    const [first, ...rest] = keywords
    if (first === undefined || !this.at(first)) return false
    this.advance()
    for (const keyword of rest) this.need(keyword)
    return true
  }

  need(...keywords: readonly string[]): void {
    for (const keyword of keywords) if (!this.take(keyword)) this.fail()
  }

  takePunctuation(mark: string): boolean {
    const token = this.token
    if (token.type === 'punctuation' && token.text === mark) {
      this.advance()
      return true
    }
    if (mark !== '=') this.#expected.add(mark)
    return false
  }

  needPunctuation(mark: string): void {
    if (!this.takePunctuation(mark)) this.fail()
  }

  takeString(): string | undefined {
    const token = this.token
    if (token.type === 'string') {
      this.advance()
      return token.text
    }
    this.#expected.add('double-quoted-string')
    this.#expected.add('single-quoted-string')
    return undefined
  }

  string(): string {
    this.takePunctuation('=')
    return this.takeString() ?? this.fail()
  }

  takeInteger(): number | undefined {
    const token = this.token
    if (token.type === 'integer' && token.suffix === '') {
      const value = Number(token.text)
      if (value > 4294967295) throw lexicalError(2007, 'integer value overflow', this.lexer.position(token.start), token.end)
      this.advance()
      return value
    }
    this.#expected.add('integer')
    return undefined
  }

  integer(): number {
    this.takePunctuation('=')
    return this.takeInteger() ?? this.fail()
  }

  /** An SCN, which does not fit a JavaScript number. */
  bigInteger(): string {
    this.takePunctuation('=')
    const token = this.token
    if (token.type === 'integer' && token.suffix === '') {
      this.advance()
      return BigInt(token.text).toString()
    }
    this.#expected.add('integer')
    return this.fail()
  }

  /** `32G` in bytes. */
  size(): string {
    this.takePunctuation('=')
    const token = this.token
    if (token.type !== 'integer') {
      this.#expected.add('integer')
      return this.fail()
    }
    this.advance()
    const power = ['', 'K', 'M', 'G'].indexOf(token.suffix)
    return (BigInt(token.text) * 1024n ** BigInt(power)).toString()
  }

  integers(): number[] {
    const list = [this.integer()]
    while (this.takePunctuation(',')) list.push(this.integer())
    return list
  }

  strings(): string[] {
    const list = [this.string()]
    while (this.takePunctuation(',')) list.push(this.string())
    return list
  }

  /** A name that may be written without quotes when it is no keyword: a tag, a channel, a tablespace. */
  name(): string {
    this.takePunctuation('=')
    const token = this.token
    if (token.type === 'string' || (token.type === 'word' && !isKeyword(token.text))) {
      this.advance()
      return token.text
    }
    for (const kind of ['identifier', 'double-quoted-string', 'single-quoted-string']) this.#expected.add(kind)
    return this.fail()
  }

  /** Raises RMAN-01009 for the current token, or {@link IncompleteCommand} when the text ended. */
  fail(): never {
    const token = this.token
    if (token.type === 'end') throw new IncompleteCommand(this.#expected)
    const position = this.lexer.position(token.start)
    switch (token.type) {
      case 'word': {
        const known = isKeyword(token.text)
        throw unexpected(known ? token.text.toLowerCase() : 'identifier', this.#expected, known ? null : token.text, position, token.end)
      }
      case 'string':
        throw unexpected(token.quote === "'" ? 'single-quoted-string' : 'double-quoted-string', this.#expected, null, position, token.end)
      case 'integer':
        throw unexpected('integer', this.#expected, null, position, token.end)
      case 'punctuation':
        throw unexpected(token.text, this.#expected, null, position, token.end)
    }
  }
}
