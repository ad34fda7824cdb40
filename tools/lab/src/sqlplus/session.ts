import { ora, OraError } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Connection, DatabaseAccess } from './access.ts'

/** What CONNECT said. */
export interface Logon {
  /** `undefined`: the local instance. */
  readonly alias: string | undefined
  readonly as: 'sysdba' | 'sysbackup' | 'none'
  /** Upper case unless it was quoted; `undefined`: the host or the wallet vouches. */
  readonly user: string | undefined
  readonly password: string | undefined
}

const roles: Readonly<Record<string, 'sysdba' | 'sysbackup'>> = { sysdba: 'sysdba', sysbackup: 'sysbackup' }

/** `/`, `/@alias`, `user/password`, `user@alias`, each with a role behind it; `undefined` is SP2-0306. */
export function parseLogon(text: string): Logon | undefined {
  const [, user = '', slash, quoted, plain, alias, role] = /^("[^"]*"|[^\s/@"]*)(\/(?:"([^"]*)"|([^\s@]*)))?(?:@(\S+))?(?:\s+as\s+(\w+))?$/i.exec(text.trim()) ?? []
  const as = role === undefined ? 'none' : roles[role.toLowerCase()]
  const password = quoted ?? plain ?? ''
  if (as === undefined || (user === '' && (slash === undefined || password !== ''))) return undefined
  return { alias, as, user: user === '' ? undefined : user.startsWith('"') ? user.slice(1, -1) : user.toUpperCase(), password: user === '' || password === '' ? undefined : password }
}

/** The client's one session: not connected, connected, or to an idle instance. */
export class ClientSession {
  readonly #access: DatabaseAccess
  readonly #env: Readonly<Record<string, string | undefined>>
  #connection: Connection | undefined
  #idle = false
  #logon: Logon | undefined
  #serverOutput = false
  user = ''

  constructor(access: DatabaseAccess, env: Readonly<Record<string, string | undefined>>) {
    this.#access = access
    this.#env = env
  }

  get state(): 'none' | 'idle' | 'connected' {
    return this.#connection !== undefined ? 'connected' : this.#idle ? 'idle' : 'none'
  }

  /** `ORACLE_SID`. @throws OraError 12162 as Oracle does without one */
  get #sid(): string {
    const sid = this.#env['ORACLE_SID']
    if (sid === undefined || sid === '') throw ora(12162, 'TNS:net service name is incorrectly specified')
    return sid
  }

  /** @throws OraError */
  async connect(logon: Logon): Promise<void> {
    this.disconnect()
    this.#logon = logon
    if (logon.alias !== undefined) {
      const { connection, user, service } = await this.#access.remote(logon.alias, logon.user)
      await this.#logOn(connection, logon.user ?? (logon.as === 'none' ? user : 'SYS'), service)
      return
    }
    const connection = await this.#access.local(this.#sid)
    if (connection !== undefined) {
      if (logon.user !== undefined) {
        await this.#logOn(connection, logon.user)
        return
      }
      if (logon.as === 'none') {
        connection.close()
        throw ora(1017, 'invalid username/password; logon denied')
      }
      await this.#logOn(connection, logon.as === 'sysbackup' ? 'SYSBACKUP' : 'SYS')
      return
    }
    if (logon.as === 'none') throw ora(1034, 'ORACLE not available', [27101, 'shared memory realm does not exist'])
    this.user = 'SYS'
    this.#idle = true
  }

  async #logOn(connection: Connection, username: string, service?: string): Promise<void> {
    const as = this.#logon?.as ?? 'none'
    const password = this.#logon?.user === undefined ? undefined : (this.#logon.password ?? '')
    if (as === 'none' && username === 'SYS' && password === undefined) {
      connection.close()
      throw ora(28009, 'connection as SYS should be as SYSDBA or SYSOPER')
    }
    try {
      await connection.call({ kind: 'logon', program: 'sqlplus', as, username, ...(password === undefined ? {} : { password }), ...(service === undefined ? {} : { service }) })
      // The client hands its environment over; NLS_DATE_FORMAT counts only beside NLS_LANG.
      const format = this.#env['NLS_DATE_FORMAT']
      if (format !== undefined && format !== '' && this.#env['NLS_LANG'] !== undefined) await connection.call({ kind: 'sql', text: `alter session set nls_date_format = '${format.replaceAll("'", "''")}'` })
    } catch (error) {
      connection.close()
      throw error
    }
    this.#connection = connection
    this.user = as === 'none' || password === undefined ? username : { sysdba: 'SYS', sysbackup: 'SYSBACKUP' }[as]
    if (this.#serverOutput) await this.enableOutput(true)
    this.#idle = false
  }

  disconnect(): void {
    this.#connection?.close()
    this.#connection = undefined
    this.#idle = false
  }

  /** The connection for a statement. @throws OraError 01034 on an idle instance */
  get connection(): Connection {
    if (this.#connection === undefined) throw ora(1034, 'ORACLE not available', [27101, 'shared memory realm does not exist'])
    return this.#connection
  }

  async sql(text: string, binds?: Readonly<Record<string, string | number | null>>): Promise<SqlResult> {
    const alone = this.#idle ? await this.#access.withoutInstance(this.#sid, text) : undefined
    if (alone !== undefined) return alone
    const result = await this.connection.call({ kind: 'sql', text, ...(binds === undefined ? {} : { binds }) })
    return (result ?? {})
  }

  /** SET SERVEROUTPUT; the next session gets it too. */
  async enableOutput(on: boolean): Promise<void> {
    this.#serverOutput = on
    if (this.#connection === undefined) return
    await this.sql(on ? 'begin dbms_output.enable; end;' : 'begin dbms_output.disable; end;')
  }

  /** The lines that wait in DBMS_OUTPUT's buffer; none when the session is gone. */
  async serverOutput(): Promise<readonly string[]> {
    try {
      const { LINES } = (await this.sql('begin dbms_output.get_lines(:lines, :numlines); end;', { LINES: null, NUMLINES: null })).outBinds ?? {}
      return Array.isArray(LINES) ? LINES.map((line) => String(line ?? '')) : []
    } catch (error) {
      if (error instanceof OraError) return []
      throw error
    }
  }

  /** First column of the first row. */
  async value(text: string): Promise<string | null> {
    return (await this.sql(text)).rows?.[0]?.[0] ?? null
  }

  /** Starts the idle local instance and logs on. @throws OraError 01031, 01081 */
  async start(pfile: string | undefined): Promise<void> {
    if (this.#logon === undefined || this.#logon.as === 'none') throw ora(1031, 'insufficient privileges')
    if (this.#connection !== undefined) throw ora(1081, 'cannot start already-running ORACLE - shut it down first')
    if (this.#logon.alias !== undefined) throw ora(12514, 'TNS:listener does not currently know of service requested in connect descriptor')
    await this.#logOn(await this.#access.start(this.#sid, { pfile }), 'SYS')
  }

  /** The instance is gone after this; the session stays, idle. */
  async shutdown(mode: 'immediate' | 'abort'): Promise<void> {
    const { connection } = this
    await connection.call({ kind: 'shutdown', mode })
    connection.close()
    this.#connection = undefined
    this.#idle = true
  }
}
