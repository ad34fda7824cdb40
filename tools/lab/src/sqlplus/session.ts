import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Connection, DatabaseAccess } from './access.ts'

/** What CONNECT said. */
export interface Logon {
  /** `undefined`: the local instance. */
  readonly alias: string | undefined
  readonly as: 'sysdba' | 'sysbackup' | 'none'
}

const roles: Readonly<Record<string, 'sysdba' | 'sysbackup'>> = { sysdba: 'sysdba', sysbackup: 'sysbackup' }

/** `/ as sysdba`, `/@alias as sysdba`. @throws OraError 01017 for a user with a password: the lab has none; SP2-0306 as `undefined` */
export function parseLogon(text: string): Logon | undefined {
  const parts = /^(\S*)(?:\s+as\s+(\w+))?$/i.exec(text.trim())
  if (parts === null) return undefined
  const as = parts[2] === undefined ? 'none' : roles[parts[2].toLowerCase()]
  if (as === undefined) return undefined
  const target = parts[1] ?? ''
  if (target === '/') return { alias: undefined, as }
  const alias = /^\/@([^\s/@]+)$/.exec(target)?.[1]
  if (alias !== undefined) return { alias, as }
  throw ora(1017, 'invalid username/password; logon denied')
}

/** The client's one session: not connected, connected, or to an idle instance. */
export class ClientSession {
  readonly #access: DatabaseAccess
  readonly #env: Readonly<Record<string, string | undefined>>
  #connection: Connection | undefined
  #idle = false
  #logon: Logon | undefined
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
      const { connection, user } = await this.#access.remote(logon.alias)
      await this.#logOn(connection, logon.as === 'none' ? user : 'SYS')
      return
    }
    const connection = await this.#access.local(this.#sid)
    if (connection !== undefined) {
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

  async #logOn(connection: Connection, username: string): Promise<void> {
    const as = this.#logon?.as ?? 'none'
    if (as === 'none' && username === 'SYS') {
      connection.close()
      throw ora(28009, 'connection as SYS should be as SYSDBA or SYSOPER')
    }
    try {
      await connection.call({ kind: 'logon', program: 'sqlplus', as, username })
      // The client hands its environment over; NLS_DATE_FORMAT counts only beside NLS_LANG.
      const format = this.#env['NLS_DATE_FORMAT']
      if (format !== undefined && format !== '' && this.#env['NLS_LANG'] !== undefined) await connection.call({ kind: 'sql', text: `alter session set nls_date_format = '${format.replaceAll("'", "''")}'` })
    } catch (error) {
      connection.close()
      throw error
    }
    this.#connection = connection
    this.user = username
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
    const result = await this.connection.call({ kind: 'sql', text, ...(binds === undefined ? {} : { binds }) })
    return (result ?? {})
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
