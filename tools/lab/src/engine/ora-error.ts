/** One line of an Oracle error stack. */
export interface OraMessage {
  /** `ORA-01110`, `RMAN-06054`. */
  readonly code: string
  readonly text: string
}

/** What the miniature Oracle raises; clients print the stack in Oracle's format. */
export class OraError extends Error {
  /** General first, root cause last, as Oracle prints it. */
  readonly messages: readonly OraMessage[]

  constructor(messages: readonly OraMessage[]) {
    super(messages.map((m) => `${m.code}: ${m.text}`).join('\n'))
    this.name = 'OraError'
    this.messages = messages
  }

  /** Where in the statement the error is (characters from its start); SQL*Plus puts its `*` there. */
  offset: number | undefined

  /** Sets {@link offset} unless it is known already. */
  at(offset: number): this {
    this.offset ??= offset
    return this
  }
}

/** `ora(1110, "data file 1: '/u01/x.dbf'")`; further arguments are [number, text] pairs below it. */
export function ora(number: number, text: string, ...below: readonly (readonly [number, string])[]): OraError {
  return new OraError([[number, text] as const, ...below].map(([n, t]) => ({ code: `ORA-${String(n).padStart(5, '0')}`, text: t })))
}

/** `rman(6054, "media recovery requesting unknown archived log …")`. */
export function rmanError(number: number, text: string, ...below: readonly OraMessage[]): OraError {
  return new OraError([{ code: `RMAN-${String(number).padStart(5, '0')}`, text }, ...below])
}

/** The ORA- lines of an error, to be put below another one. */
export function linesOf(error: OraError): readonly (readonly [number, string])[] {
  return error.messages.map(({ code, text }) => [Number(code.replace(/^\D+/, '')), text] as const)
}
