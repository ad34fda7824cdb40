import path from 'node:path'
import type { ProgramContext } from '../cli/program-context.ts'
import { writeParameterFile } from '../engine/write-parameter-file.ts'
import { createWithoutInstance } from '../sql/parameter-files.ts'
import { resolveAlias } from '../host/net.ts'
import { socketPath, type Host } from '../host/host.ts'
import { connectInstance } from '../server/client.ts'
import { canConnect } from '../server/socket.ts'
import { spawnInstance } from '../server/spawn.ts'
import type { DatabaseAccess } from './access.ts'
import { runClient } from './run.ts'

/** The lab's instances as this host's programs reach them. */
function labAccess(host: Host, env: ProgramContext['env']): DatabaseAccess {
  return {
    release: host.lab.release,
    real: (file) => host.real(path.resolve(file)),
    local: async (sid) => {
      const socket = socketPath(host, sid)
      return (await canConnect(socket)) ? connectInstance(socket) : undefined
    },
    remote: async (alias, user) => {
      const target = await resolveAlias(env['TNS_ADMIN'] ?? path.join(host.home, 'network', 'admin'), alias, host, { user, pluggable: true })
      return { connection: await connectInstance(target.socketPath), user: target.user, service: target.service }
    },
    withoutInstance: (sid, text) => createWithoutInstance(text, (request) => writeParameterFile({ host, sid }, request)),
    start: async (sid, { pfile }) => connectInstance((await spawnInstance(host, sid, pfile)).socketPath),
  }
}

/** SQL*Plus of a lab home; see {@link runClient}. */
export async function runSqlPlus(argv: readonly string[], { host, stdin, stdout, env }: ProgramContext): Promise<number> {
  return runClient(argv, { stdin, write: (text) => void stdout.write(text), env, access: labAccess(host, env), now: () => host.now() })
}
