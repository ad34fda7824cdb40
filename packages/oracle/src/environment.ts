/** What an Oracle program's environment is made from. */
export interface OracleEnvironmentOptions {
  readonly oracleHome: string
  /** ORACLE_SID, only for a local instance (`connect /`). */
  readonly sid?: string
  /** Directory of tnsnames.ora and sqlnet.ora. */
  readonly tnsAdmin?: string
  /** HOME of the user: from the environment, else from the password entry. Oracle clients write traces there. */
  readonly home: string
}

/**
 * The whole environment of an Oracle child process. Nothing is inherited: TWO_TASK, ORACLE_PDB_SID, SQLPATH or ORACLE_PATH of a caller
 * would send a script to another database or run a login script. The NLS settings make output English and dates comparable.
 */
export function oracleEnvironment(options: OracleEnvironmentOptions): Record<string, string> {
  return {
    ORACLE_HOME: options.oracleHome,
    ...(options.sid === undefined ? {} : { ORACLE_SID: options.sid }),
    ...(options.tnsAdmin === undefined ? {} : { TNS_ADMIN: options.tnsAdmin }),
    NLS_LANG: 'AMERICAN_AMERICA.AL32UTF8',
    NLS_DATE_FORMAT: 'yyyy-mm-dd hh24:mi:ss',
    PATH: `${options.oracleHome}/bin:/usr/local/bin:/usr/bin:/bin`,
    HOME: options.home,
    LANG: 'C',
  }
}
