import type { SqlResult } from '../../engine/protocol.ts'
import { OraError, ora } from '../../engine/ora-error.ts'
import { type Host, socketPath } from '../../host/host.ts'
import { resolveAlias } from '../../host/net.ts'
import { type InstanceConnection, connectInstance } from '../../server/client.ts'
import { canConnect } from '../../server/socket.ts'
import { spawnInstance } from '../../server/spawn.ts'
import type { StartupRequest, TargetNet, TargetSession } from './target.ts'

interface Environment {
  readonly ORACLE_SID?: string | undefined
  readonly TNS_ADMIN?: string | undefined
}

interface ConnectString {
  /** `null`: the local instance of ORACLE_SID. */
  readonly alias: string | null
  /** Upper case unless it was quoted; `null`: the host or the wallet vouches. */
  readonly user: string | null
  /** `null`: to be asked for when there is a user. */
  readonly password: string | null
  readonly as: 'sysdba' | 'sysbackup'
}

/**
 * `/`, `/@alias`, `user/password@alias`, `user@alias`, each with `as sysdba` or `as sysbackup` (from 12.1); without, it is SYSDBA. What has
 * blanks, slashes or at signs in it stands in double quotes.
 * @throws OraError ORA-01017
 */
export function parseConnectString(text: string): ConnectString {
  const match = /^\s*("[^"]*"|[^\s/@"]*)(\/(?:"([^"]*)"|([^\s@]*)))?(?:\s*@\s*(\S+))?(?:\s+as\s+(sysdba|sysbackup))?\s*$/i.exec(text)
  const [, user = '', slash, quoted, plain, alias, role] = match ?? []
  const password = quoted ?? plain ?? ''
  if (match === null || (user === '' && (slash === undefined || password !== ''))) throw ora(1017, 'invalid username/password; logon denied')
  return {
    alias: alias ?? null, user: user === '' ? null : user.startsWith('"') ? user.slice(1, -1) : user.toUpperCase(), password: user === '' || slash === undefined ? null : password, as: role?.toLowerCase() === 'sysbackup' ? 'sysbackup' : 'sysdba',
  }
}

function session(connection: InstanceConnection): TargetSession {
  return {
    rman: async (command, onLine) => connection.call({ kind: 'rman', command }, onLine),
    shutdown: async (mode) => {
      await connection.call({ kind: 'shutdown', mode }).catch((error: unknown) => {
        // ABORT ends the process before it answers.
        if (mode !== 'abort') throw error
      })
    },
    query: async (text) => ((await connection.call({ kind: 'sql', text })) as SqlResult).rows ?? [],
    close: () => {
      connection.close()
    },
  }
}

/** `password`: checked by the instance; without it the host or the wallet vouches for the user. */
async function logon(socket: string, as: ConnectString['as'] | 'none', username: string, password?: string): Promise<InstanceConnection> {
  const connection = await connectInstance(socket)
  try {
    await connection.call({ kind: 'logon', program: 'rman', as, username, ...(password === undefined ? {} : { password }) })
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

async function memoryLines(connection: InstanceConnection): Promise<string[]> {
  const { rows = [] } = (await connection.call({ kind: 'sql', text: 'select name, value from v$sga' })) as SqlResult
  const line = (label: string, value: bigint): string => `${label.padEnd(25)}${value.toString().padStart(16)} bytes`
  const total = rows.reduce((sum, row) => sum + BigInt(row[1] ?? '0'), 0n)
  return ['', line('Total System Global Area', total), '', ...rows.map((row) => line(row[0] ?? '', BigInt(row[1] ?? '0')))]
}

/** Reaches instances of the lab: the local one by ORACLE_SID, others through tnsnames.ora and the wallet. */
export function labNet(host: Host, env: Environment): TargetNet {
  const localSid = (): string => {
    const sid = env.ORACLE_SID ?? ''
    if (sid === '') throw ora(12162, 'TNS:net service name is incorrectly specified')
    return sid
  }
  return {
    connect: async (connectString, askPassword) => {
      const { alias, user, password, as } = parseConnectString(connectString)
      if (alias !== null) {
        const target = await resolveAlias(env.TNS_ADMIN ?? '', alias, host, { user: user ?? undefined })
        return session(await logon(target.socketPath, as, user ?? target.user, user === null ? undefined : (password ?? (await askPassword()))))
      }
      // A local administrator is one by the operating system, whatever name and password say.
      const socket = socketPath(host, localSid())
      return (await canConnect(socket)) ? session(await logon(socket, as, as === 'sysbackup' ? 'SYSBACKUP' : 'SYS')) : 'idle'
    },
    connectCatalog: async (connectString, askPassword) => {
      const { alias, user, password } = parseConnectString(connectString)
      const owner = (name: string): string => {
        if (name === 'SYS') throw new OraError([{ code: 'RMAN-06438', text: 'error executing package DBMS_RCVCAT in recovery catalog: SYS cannot own a catalog' }])
        return name
      }
      if (alias === null && user === null) throw ora(12162, 'TNS:net service name is incorrectly specified')
      const target = alias === null ? { socketPath: socketPath(host, localSid()), user: user ?? '' } : await resolveAlias(env.TNS_ADMIN ?? '', alias, host, { user: user ?? undefined })
      return session(await logon(target.socketPath, 'none', owner(user ?? target.user), user === null ? undefined : (password ?? (await askPassword()))))
    },
    startup: async (request: StartupRequest, onLine) => {
      const { socketPath: socket } = await spawnInstance(host, localSid(), request.pfile ?? undefined)
      onLine('Oracle instance started')
      const connection = await logon(socket, 'sysdba', 'SYS')
      try {
        if (request.level !== 'nomount') {
          await connection.call({ kind: 'mount' })
          onLine('database mounted')
        }
        if (request.level === 'open') {
          await connection.call({ kind: 'open', mode: 'READ WRITE', resetlogs: false })
          onLine('database opened')
        }
        for (const line of await memoryLines(connection)) onLine(line)
      } finally {
        connection.close()
      }
    },
  }
}
