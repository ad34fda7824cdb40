import type { DatabaseAccess } from './access.ts'
import { Client } from './client.ts'
import { ScriptInput } from './input.ts'

/** What the program meets: streams, environment, and the lab's instances. */
export interface SqlPlusIo {
  readonly stdin: AsyncIterable<Buffer | string>
  readonly write: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly access: DatabaseAccess
  /** Milliseconds UTC. */
  readonly now: () => number
}

interface Arguments {
  readonly silent: boolean
  readonly once: boolean
  readonly version: boolean
  readonly logon: string
  readonly script: string | undefined
}

/** `undefined`: not understood. */
function parseArguments(argv: readonly string[]): Arguments | undefined {
  let [silent, once, version] = [false, false, false]
  const rest = [...argv]
  for (let option = rest[0]; option?.startsWith('-') === true; option = rest[0]) {
    rest.shift()
    if (/^-s(ilent)?$/i.test(option)) silent = true
    else if (/^-l(ogon)?$/i.test(option)) once = true
    else if (/^-v(ersion)?$/i.test(option)) version = true
    else if (/^-(r|m|c)$/i.test(option)) rest.shift()
    else return undefined
  }
  const at = rest.findIndex((argument) => argument.startsWith('@') && argument.length > 1)
  const logon = (at < 0 ? rest : rest.slice(0, at)).join(' ')
  return { silent, once, version, logon, script: at < 0 ? undefined : rest.slice(at).join(' ') }
}

function banner(io: SqlPlusIo): string {
  return `\nSQL*Plus: Release ${io.access.release} (lab simulator, not Oracle software) on ${new Date(io.now()).toUTCString()}\n\n`
}

/**
 * SQL*Plus: `[-S] [-L] /nolog | / as sysdba | /@alias as sysdba | user/password@alias [@script arguments]`, script on standard input otherwise.
 * Gives the exit code: 0, what EXIT or WHENEVER said, 1 for wrong arguments or a failed logon.
 */
export async function runClient(argv: readonly string[], io: SqlPlusIo): Promise<number> {
  const args = parseArguments(argv)
  if (args === undefined) {
    io.write('Usage: sqlplus [-S] [-L] {/nolog | {/ | user[/password]}[@connect_identifier] [as sysdba]} [@script [argument ...]]\n')
    return 1
  }
  if (!args.silent || args.version) io.write(banner(io))
  if (args.version) return 0
  const input = new ScriptInput(io.stdin)
  if (args.script !== undefined) input.include(`${args.script}\n`)
  const client = new Client({ silent: args.silent, input, write: io.write, env: io.env, access: io.access, now: io.now })
  if (!/^\/nolog$/i.test(args.logon) && !(await client.logOn(args.logon))) {
    io.write('SP2-0751: Unable to connect to Oracle.  Exiting SQL*Plus\n')
    return 1
  }
  return client.run()
}
