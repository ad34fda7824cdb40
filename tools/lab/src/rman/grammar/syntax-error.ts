import type { OraMessage } from '../../engine/ora-error.ts'

/** Where in the text of a command something is; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

function rman(number: number, text: string): OraMessage {
  return { code: `RMAN-${String(number).padStart(5, '0')}`, text }
}

/** A command that RMAN's parser refuses. The stack is without RMAN-01007, which only the reader of the input can number. */
export class RmanSyntaxError extends Error {
  readonly messages: readonly OraMessage[]
  readonly position: Position
  /** Offset just behind the offending token. */
  readonly offset: number

  constructor(messages: readonly OraMessage[], position: Position, offset: number) {
    super(messages.map((message) => `${message.code}: ${message.text}`).join('\n'))
    this.name = 'RmanSyntaxError'
    this.messages = [rman(558, 'error encountered while parsing input commands'), ...messages]
    this.position = position
    this.offset = offset
  }
}

/** RMAN-01009, and RMAN-01008 below it when the unexpected thing is a word that RMAN does not know. */
export function unexpected(found: string, expected: Iterable<string>, badIdentifier: string | null, position: Position, offset: number): RmanSyntaxError {
  const list = [...expected].sort().join(', ')
  const messages = [rman(1009, `syntax error: found "${found}": expecting one of: "${list}"`)]
  if (badIdentifier !== null) messages.push(rman(1008, `the bad identifier was: ${badIdentifier}`))
  return new RmanSyntaxError(messages, position, offset)
}

/** An error of the lexer (RMAN-02001 …). */
export function lexicalError(number: number, text: string, position: Position, offset: number): RmanSyntaxError {
  return new RmanSyntaxError([rman(number, text)], position, offset)
}

/** The text so far is the beginning of a command; the reader must bring another line. */
export class IncompleteCommand extends Error {
  readonly expected: readonly string[]

  constructor(expected: Iterable<string>) {
    super('the command goes on in the next line')
    this.name = 'IncompleteCommand'
    this.expected = [...expected].sort()
  }
}
