import { ora } from '../../src/engine/ora-error.ts'
import { runClient } from '../../src/rman/client/run-client.ts'
import type { TargetNet } from '../../src/rman/client/target.ts'
import { executeRmanCommand } from '../../src/rman/execute.ts'
import type { RmanRequest } from '../../src/rman/request.ts'
import type { FakeInstance } from './fake-instance.ts'

async function* lines(script: string): AsyncGenerator<string> {
  for (const line of script.replace(/\n$/, '').split('\n')) yield Promise.resolve(line)
}

export interface ScriptResult {
  readonly code: number
  readonly output: string
}

/** Runs a script through the client, with the server's part in this process. */
export async function runScript(instance: FakeInstance, script: string, options: { readonly cmdfile?: boolean } = {}): Promise<ScriptResult> {
  let output = ''
  const net: TargetNet = {
    connect: (connectString) => {
      if (!/^(\/|\/@orcl)( as sysbackup)?$/.test(connectString)) return Promise.reject(ora(12154, 'TNS:could not resolve the connect identifier specified'))
      const session = instance.newSession()
      return Promise.resolve({
        rman: async (request, onLine) => executeRmanCommand(instance, session, JSON.parse(JSON.stringify(request)) as RmanRequest, onLine),
        shutdown: () => Promise.resolve(),
        query: () => Promise.resolve([]),
        close: () => {
          instance.closeSession(session.sid)
        },
      })
    },
    connectCatalog: () => Promise.reject(ora(12514, 'TNS:listener does not currently know of service requested in connect descriptor')),
    startup: () => Promise.reject(ora(1081, 'cannot start already-running ORACLE - shut it down first')),
  }
  const code = await runClient({
    arguments: { target: null, catalog: null, auxiliary: null, log: null, append: false, cmdfile: options.cmdfile === true ? 'x.rman' : null },
    host: instance.host, net, input: lines(script), inputName: options.cmdfile === true ? 'x.rman' : 'standard input',
    write: (text) => {
      output += text
    },
    prompt: () => undefined, release: instance.release, dateFormat: 'yyyy-mm-dd hh24:mi:ss',
  })
  return { code, output }
}
