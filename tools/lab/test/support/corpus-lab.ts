import { OraError } from '../../src/engine/ora-error.ts'
import type { LabInstance } from '../../src/engine/instance.ts'
import type { ServerSession } from '../../src/engine/instance-api.ts'
import { logonUser } from '../../src/server/logon.ts'
import { executeSql } from '../../src/sql-engine.ts'
import type { Connection, DatabaseAccess } from '../../src/sqlplus/access.ts'
import { runClient } from '../../src/sqlplus/run.ts'
import { makeLab } from './lab.ts'

/** A lab whose SQL*Plus runs in this process, for many short scripts. */
export interface CorpusLab {
  readonly instance: LabInstance
  /** Runs a script as SYSDBA; what it printed, without trailing blanks and blank lines, and `exit code n` when that is not 0. */
  run(script: string): Promise<string>
  remove(): Promise<void>
}

/** One session of an instance in this process. */
function connect(instance: LabInstance): Connection {
  let session: ServerSession | undefined
  return {
    call: async (request) => {
      if (request.kind === 'logon') {
        session = instance.logon(await logonUser(instance, request), request.program)
        return undefined
      }
      if (session === undefined || request.kind !== 'sql') throw new Error(`not here: ${request.kind}`)
      // As over the socket: what cannot be written there does not arrive.
      return JSON.parse(JSON.stringify(await executeSql(instance, session, request.text, request.binds ?? {}), (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))) as unknown
    },
    close: () => {
      if (session !== undefined) instance.closeSession(session.sid)
    },
  }
}

export function localAccess(instance: LabInstance): DatabaseAccess {
  return {
    release: instance.release,
    real: (file) => instance.host.real(file),
    local: () => Promise.resolve(connect(instance)),
    remote: () => Promise.reject(new OraError([{ code: 'ORA-12154', text: 'TNS:could not resolve the connect identifier specified' }])),
    withoutInstance: () => Promise.resolve(undefined),
    start: () => Promise.reject(new OraError([{ code: 'ORA-01081', text: 'cannot start already-running ORACLE - shut it down first' }])),
  }
}

export async function startCorpusLab(): Promise<CorpusLab> {
  const lab = await makeLab()
  const instance = await lab.open()
  const access = localAccess(instance)
  return {
    instance,
    run: async (script) => {
      let printed = ''
      const code = await runClient(['-S', '/nolog'], {
        stdin: (async function* () { yield await Promise.resolve(`conn / as sysdba\n${script}`) })(),
        write: (text) => { printed += text },
        env: { ORACLE_SID: instance.sid },
        access,
        now: () => instance.host.now(),
      })
      const lines = printed.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '' && line !== 'Connected.')
      return [...lines, ...(code === 0 ? [] : [`exit code ${String(code)}`]), ''].join('\n')
    },
    remove: () => lab.remove(),
  }
}
