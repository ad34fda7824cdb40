import { isIcbError } from '@icb/runtime'
import { oracleErrors } from './errors.ts'

/** What the driver says of a listener, in Oracle's own codes. */
const listenerCodes: Readonly<Record<string, string>> = { 'NJS-517': 'ORA-12154', 'NJS-518': 'ORA-12514', 'NJS-519': 'ORA-12505', 'NJS-503': 'ORA-12541', 'NJS-510': 'ORA-12170' }

/** The server's own words end the connection with these; `DPI-` are those of Thick mode. */
const lostCodes: ReadonlySet<string> = new Set(['NJS-500', 'NJS-501', 'NJS-003', 'DPI-1010', 'DPI-1080', 'ORA-00028', 'ORA-01012', 'ORA-01089', 'ORA-03113', 'ORA-03114', 'ORA-03135', 'ORA-12537'])
const downCodes: ReadonlySet<string> = new Set(['ORA-01034', 'ORA-01033', 'ORA-12514', 'ORA-12528', 'ORA-12541'])

export interface DriverProblem {
  readonly codes: readonly string[]
  readonly text: string
}

/** Codes and text of an error of the driver, without its links. */
export function problemOf(error: unknown): DriverProblem {
  const message = error instanceof Error ? error.message : String(error)
  const lines = message.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('Help: '))
  const found = [...message.matchAll(/\b(?:ORA|PLS|NJS|DPI|TNS)-\d{3,5}\b/g)].map(([code]) => code)
  const codes = [...new Set(found.flatMap((code) => (listenerCodes[code] === undefined ? [code] : [code, listenerCodes[code]])))]
  if (/ECONNREFUSED/.test(message) && !codes.includes('ORA-12541')) codes.push('ORA-12541')
  return { codes, text: lines.join('; ') }
}

export const isLost = ({ codes }: DriverProblem): boolean => codes.some((code) => lostCodes.has(code))

/** Thick mode could not be started: the package does not load, or Oracle's client libraries do not. */
export function thickFailure(error: unknown): Error {
  const { text, codes } = problemOf(error)
  return oracleErrors.DRIVER(`Thick mode does not start: ${text}`, { cause: error, hint: 'Install Oracle Client 19 or later and set LD_LIBRARY_PATH before the program starts, or set driver = sqlplus.', details: { codes } })
}

/** The connection could not be made. */
export function connectFailure(target: string, error: unknown): Error {
  if (isIcbError(error)) return error
  const problem = problemOf(error)
  const idle = problem.codes.some((code) => downCodes.has(code))
  return oracleErrors.CONNECT(`cannot connect to ${target}: ${problem.text}`, {
    cause: error,
    details: { connect: target, codes: problem.codes, idle },
    hint: idle ? 'start the instance, or check the alias and the listener' : 'check the alias in tnsnames.ora, the user, the password and the password file',
  })
}

/** A statement failed on an open connection. */
export function statementFailure(what: string, target: string, error: unknown): Error {
  const problem = problemOf(error)
  const details = { what, connect: target, codes: problem.codes }
  if (isLost(problem)) return oracleErrors.CONNECT(`${what}: the connection to ${target} was lost: ${problem.text}`, { cause: error, details: { ...details, idle: false }, hint: 'see the alert log of the instance' })
  if (problem.codes.some((code) => code.startsWith('ORA-'))) return oracleErrors.SQL(`${what}: ${problem.text}`, { cause: error, details })
  return oracleErrors.PROTOCOL(`${what}: ${problem.text}`, { cause: error, details })
}
