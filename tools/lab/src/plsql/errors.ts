import { ora, OraError, type OraMessage } from '../engine/ora-error.ts'

/** A finding of the compiler at an offset of the unit's text. */
export class CompileError extends Error {
  override readonly name = 'CompileError'
  readonly code: string
  readonly text: string
  readonly offset: number

  constructor(code: string, text: string, offset: number) {
    super(`${code}: ${text}`)
    this.code = code
    this.text = text
    this.offset = offset
  }
}

/** `pls(201, "identifier 'X' must be declared", at)` */
export function pls(number: number, text: string, at: number): CompileError {
  return new CompileError(`PLS-${String(number).padStart(5, '0')}`, text, at)
}

/** Line and column as PL/SQL counts them: both from 1. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - (before.lastIndexOf('\n') + 1) + 1 }
}

/** A SQL error found while a block was compiled. */
function fromSql(error: OraError, statementAt: number | undefined): readonly CompileError[] {
  const first = error.messages[0]
  if (first === undefined) return []
  const at = error.offset ?? statementAt ?? 0
  return [new CompileError(`PL/SQL: ${first.code}`, first.text, at), ...(statementAt === undefined ? [] : [new CompileError('PL/SQL', 'SQL Statement ignored', statementAt)])]
}

/** What the compiler caught, as findings; anything else goes on. */
export function findings(error: unknown, statementAt?: number): readonly CompileError[] {
  if (error instanceof CompileError) return [error]
  if (error instanceof OraError && error.messages[0]?.code.startsWith('ORA-') === true) return fromSql(error, statementAt)
  throw error
}

/** The ORA-06550 stack of an anonymous block. */
export function blockErrors(text: string, errors: readonly CompileError[]): OraError {
  const messages = errors.flatMap((error): OraMessage[] => {
    const { line, column } = placeOf(text, error.offset)
    return [{ code: 'ORA-06550', text: `line ${String(line)}, column ${String(column)}:` }, { code: error.code, text: error.text }]
  })
  return new OraError(messages).at(errors[0]?.offset ?? 0)
}

/** An exception that a block declared. */
export interface UserException {
  readonly name: string
  /** Of PRAGMA EXCEPTION_INIT: as SQLCODE shows it. */
  code: number | undefined
}

/** RAISE of a declared exception without a number. */
export class RaisedException extends OraError {
  readonly exception: UserException

  constructor(exception: UserException) {
    super([{ code: 'ORA-06510', text: 'PL/SQL: unhandled user-defined exception' }])
    this.exception = exception
  }
}

/** Oracle's own exceptions: name, SQLCODE, text. */
const predefined: readonly (readonly [string, number, string])[] = [
  ['ACCESS_INTO_NULL', -6530, 'Reference to uninitialized composite'],
  ['CASE_NOT_FOUND', -6592, 'CASE not found while executing CASE statement'],
  ['COLLECTION_IS_NULL', -6531, 'Reference to uninitialized collection'],
  ['CURSOR_ALREADY_OPEN', -6511, 'PL/SQL: cursor already open'],
  ['DUP_VAL_ON_INDEX', -1, 'unique constraint violated'],
  ['INVALID_CURSOR', -1001, 'invalid cursor'],
  ['INVALID_NUMBER', -1722, 'invalid number'],
  ['LOGIN_DENIED', -1017, 'invalid username/password; logon denied'],
  ['NO_DATA_FOUND', 100, 'no data found'],
  ['NOT_LOGGED_ON', -1012, 'not logged on'],
  ['PROGRAM_ERROR', -6501, 'PL/SQL: program error'],
  ['ROWTYPE_MISMATCH', -6504, 'PL/SQL: Return types of Result Set variables or query do not match'],
  ['STORAGE_ERROR', -6500, 'PL/SQL: storage error'],
  ['SUBSCRIPT_BEYOND_COUNT', -6533, 'Subscript beyond count'],
  ['SUBSCRIPT_OUTSIDE_LIMIT', -6532, 'Subscript outside of limit'],
  ['SYS_INVALID_ROWID', -1410, 'invalid ROWID'],
  ['TIMEOUT_ON_RESOURCE', -51, 'timeout occurred while waiting for a resource'],
  ['TOO_MANY_ROWS', -1422, 'exact fetch returns more than requested number of rows'],
  ['VALUE_ERROR', -6502, 'PL/SQL: numeric or value error'],
  ['ZERO_DIVIDE', -1476, 'divisor is equal to zero'],
]

/** SQLCODE of a predefined exception; `undefined`: no such name. */
export function predefinedCode(name: string): number | undefined {
  return predefined.find(([known]) => known === name)?.[1]
}

/** RAISE of a predefined exception. */
export function predefinedError(name: string): OraError {
  const [, code, text] = predefined.find(([known]) => known === name) ?? ['', -6510, 'PL/SQL: unhandled user-defined exception']
  return ora(code === 100 ? 1403 : -code, text)
}

/** SQLERRM(code). */
export function messageOf(code: number): string {
  if (code === 0) return 'ORA-0000: normal, successful completion'
  if (code === 1) return 'User-Defined Exception'
  if (code === 100) return 'ORA-01403: no data found'
  if (code > 0) return ` -${String(code)}: non-ORACLE exception `
  const text = predefined.find(([, known]) => known === code)?.[2] ?? known(code)
  return `ORA-${String(-code).padStart(5, '0')}: ${text}`
}

function known(code: number): string {
  if (code <= -20000 && code >= -20999) return ''
  return { 942: 'table or view does not exist', 904: 'invalid identifier', 955: 'name is already used by an existing object', 60: 'deadlock detected while waiting for resource', 1: 'unique constraint violated', 1400: 'cannot insert NULL', 2289: 'sequence does not exist' }[-code] ?? `Message ${String(-code)} not found;  product=RDBMS; facility=ORA`
}

/** SQLCODE of an error. */
export function codeOf(error: OraError): number {
  if (error instanceof RaisedException) return error.exception.code ?? 1
  const code = error.messages[0]?.code ?? ''
  if (code === 'ORA-01403') return 100
  const number = Number(/^ORA-(\d+)$/.exec(code)?.[1] ?? 6550)
  return -number
}

/** ORA-06502 with its reason. */
export function valueError(reason?: string): OraError {
  return ora(6502, `PL/SQL: numeric or value error${reason === undefined ? '' : `: ${reason}`}`)
}

/** The whole text of an error, without the lines it came through. */
export function errorText(error: OraError): string {
  if (codeOf(error) === 1) return 'User-Defined Exception'
  return error.messages.map((message) => `${message.code}: ${message.text}`).join('\n')
}
