import { oracleErrors } from './errors.ts'
import { quoteIdentifier, quoteSqlString } from './sql-literals.ts'

/** `both`: now and in the server parameter file. */
export type ParameterScope = 'both' | 'memory' | 'spfile'

/**
 * `alter system set`. Text values are quoted; numbers and booleans are not.
 * @throws ICB_ORACLE_STATEMENT for a name that is no parameter name, or a value with control characters.
 */
export function alterSystemSet(name: string, value: string | number | boolean, options: { readonly scope?: ParameterScope; readonly sid?: string } = {}): string {
  return `alter system set ${parameterName(name)} = ${typeof value === 'string' ? quoteSqlString(value) : String(value)}${placement(options)}`
}

/** `alter system reset`: back to the default, in the server parameter file. @throws ICB_ORACLE_STATEMENT */
export function alterSystemReset(name: string, options: { readonly scope?: ParameterScope; readonly sid?: string } = {}): string {
  return `alter system reset ${parameterName(name)}${placement(options)}`
}

/** Archives the current log of every open thread and waits for it; ORA-01109 unless open, refused on a standby. */
export const archiveLogCurrent = 'alter system archive log current'

/** Block change tracking on; without `file` the database must use Oracle-managed files. */
export function enableChangeTracking(file?: string): string {
  return `alter database enable block change tracking${file === undefined ? '' : ` using file ${quoteSqlString(file)} reuse`}`
}

/** Block change tracking off. On a copy, rename the tracking file first ({@link renameFile}), or the source's file may be deleted. */
export const disableChangeTracking = 'alter database disable block change tracking'

export const flashbackOff = 'alter database flashback off'

export const openReadOnly = 'alter database open read only'

export const openAllPluggableReadOnly = 'alter pluggable database all open read only'

/** Never for datafiles: where the old name is an Oracle-managed file that exists, Oracle deletes it. */
export function renameFile(from: string, to: string): string {
  return `alter database rename file ${quoteSqlString(from)} to ${quoteSqlString(to)}`
}

/** Ends one server session, also on another instance of a cluster. @throws ICB_ORACLE_STATEMENT */
export function killSession(session: { readonly sid: number; readonly serial: number; readonly instance: number }): string {
  for (const part of [session.sid, session.serial, session.instance]) if (!Number.isSafeInteger(part) || part < 0) throw oracleErrors.STATEMENT(`${String(part)} is no session number`)
  return `alter system kill session '${String(session.sid)},${String(session.serial)},@${String(session.instance)}' immediate`
}

/** Drops a restore point; guaranteed ones keep flashback from being switched off. */
export function dropRestorePoint(name: string): string {
  return `drop restore point ${quoteIdentifier(name)}`
}

function parameterName(name: string): string {
  if (/^[a-z_][\w$#]{0,79}$/i.test(name)) return name.startsWith('_') ? quoteIdentifier(name) : name
  throw oracleErrors.STATEMENT(`${JSON.stringify(name)} is no parameter name`)
}

function placement(options: { readonly scope?: ParameterScope; readonly sid?: string }): string {
  return `${options.scope === undefined ? '' : ` scope=${options.scope}`}${options.sid === undefined ? '' : ` sid=${quoteSqlString(options.sid)}`}`
}
