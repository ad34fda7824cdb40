import type oracledb from 'oracledb'
import type { OracledbModule } from './oracledb-module.ts'

/** How to reach a database with the driver. */
export interface OracledbLogon {
  readonly user?: string
  readonly password?: string
  /** Alias of tnsnames.ora, Easy Connect or a whole descriptor. */
  readonly connectString: string
  /** Directory of tnsnames.ora. */
  readonly configDir?: string
  readonly privilege: 'sysdba' | 'sysbackup' | 'none'
  /** Directory of `ewallet.pem`, for TLS. */
  readonly walletLocation?: string
  /** Password from the wallet of sqlnet.ora; Thick only. */
  readonly externalAuth?: boolean
}

export type PortBinds = Readonly<Record<string, string | number | bigint | null>>

/** One connection of the driver, in this thread or in a worker: only what a session needs of it. */
export interface OracledbPort {
  /** Rows as text: a NUMBER with all its digits, a LOB as a whole. */
  query(sql: string, binds: PortBinds): Promise<readonly (readonly (string | null)[])[]>
  execute(sql: string, binds: PortBinds): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  ping(): Promise<void>
  /** Asks the server to break off the running call; that call then fails. */
  interrupt(): Promise<void>
  close(): Promise<void>
}

const privileges = { sysdba: 2, sysbackup: 131072 } as const
/** Rows fetched in one round trip. */
const fetchArraySize = 1000

export function attributesOf(logon: OracledbLogon): oracledb.ConnectionAttributes {
  return {
    connectString: logon.connectString,
    ...(logon.externalAuth === true ? { externalAuth: true } : { user: logon.user ?? '', password: logon.password ?? '' }),
    ...(logon.configDir === undefined ? {} : { configDir: logon.configDir }),
    ...(logon.privilege === 'none' ? {} : { privilege: privileges[logon.privilege] }),
    ...(logon.walletLocation === undefined ? {} : { walletLocation: logon.walletLocation }),
  }
}

/** Opens a connection in this thread (Thin mode). Rejects with the driver's error. */
export async function openThinPort(driver: OracledbModule, logon: OracledbLogon): Promise<OracledbPort> {
  return portOf(driver, await driver.getConnection(attributesOf(logon)))
}

export function portOf(driver: OracledbModule, connection: oracledb.Connection): OracledbPort {
  const texts = (): oracledb.FetchTypeResponse => ({ type: driver.DB_TYPE_VARCHAR })
  return {
    query: async (sql, binds) => {
      const { rows } = await connection.execute<(string | null)[]>(sql, bindsOf(driver, binds), { fetchTypeHandler: texts, fetchArraySize, prefetchRows: fetchArraySize + 1, outFormat: driver.OUT_FORMAT_ARRAY })
      return rows ?? []
    },
    execute: async (sql, binds) => {
      await connection.execute(sql, bindsOf(driver, binds))
    },
    commit: () => connection.commit(),
    rollback: () => connection.rollback(),
    ping: () => connection.ping(),
    interrupt: () => connection.break(),
    close: () => connection.close(),
  }
}

function bindsOf(driver: OracledbModule, binds: PortBinds): oracledb.BindParameters {
  return Object.fromEntries(Object.entries(binds).map(([name, value]) => [name, { val: value, type: typeof value === 'number' || typeof value === 'bigint' ? driver.DB_TYPE_NUMBER : driver.DB_TYPE_VARCHAR, dir: driver.BIND_IN }]))
}
