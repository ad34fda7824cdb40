import type { SqlResult } from '../../engine/protocol.ts'
import { ora } from '../../engine/ora-error.ts'
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
  readonly as: 'sysdba' | 'sysbackup'
}

/**
 * `/`, `/@alias`, each with `as sysdba` or `as sysbackup` (from 12.1). The lab knows no passwords, so any user name is refused.
 * @throws OraError ORA-01017
 */
export function parseConnectString(text: string): ConnectString {
  const match = /^\s*\/\s*(?:@\s*(\S+))?(?:\s+as\s+(sysdba|sysbackup))?\s*$/i.exec(text)
  if (match === null) throw ora(1017, 'invalid username/password; logon denied')
  return { alias: match[1] ?? null, as: match[2]?.toLowerCase() === 'sysbackup' ? 'sysbackup' : 'sysdba' }
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
    close: () => {
      connection.close()
    },
  }
}

async function logon(socket: string, as: ConnectString['as'], username: string): Promise<InstanceConnection> {
  const connection = await connectInstance(socket)
  try {
    await connection.call({ kind: 'logon', program: 'rman', as, username })
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
    connect: async (connectString) => {
      const { alias, as } = parseConnectString(connectString)
      if (alias !== null) {
        const target = await resolveAlias(env.TNS_ADMIN ?? '', alias, host)
        return session(await logon(target.socketPath, as, target.user))
      }
      const socket = socketPath(host, localSid())
      return (await canConnect(socket)) ? session(await logon(socket, as, 'SYS')) : 'idle'
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
