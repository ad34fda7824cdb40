import { executeRmanCommand } from '../../src/rman/execute.ts'
import type { CatalogSession } from '../../src/rman/client/recovery-catalog.ts'
import { runClient } from '../../src/rman/client/run-client.ts'
import { executeSql } from '../../src/sql-engine.ts'
import { ora } from '../../src/engine/ora-error.ts'
import type { LabInstance } from '../../src/engine/instance.ts'

async function* lines(script: string): AsyncGenerator<string> {
  for (const line of script.replace(/\n$/, '').split('\n')) yield Promise.resolve(line)
}

/** Runs a script through the RMAN client, connected to an instance of this process. CONNECT CATALOG reaches `catalog`. Resolves with the output. */
export async function rmanOn(instance: LabInstance, script: string, catalog?: () => CatalogSession): Promise<string> {
  let output = ''
  const refuse = (): Promise<never> => Promise.reject(ora(12514, 'TNS:listener does not currently know of service requested in connect descriptor'))
  await runClient({
    arguments: { target: null, catalog: null, auxiliary: null, log: null, append: false, cmdfile: null },
    host: instance.host,
    net: {
      connect: () => {
        const session = instance.logon('SYS', 'rman')
        return Promise.resolve({
          rman: async (request, onLine) => executeRmanCommand(instance, session, JSON.parse(JSON.stringify(request)), onLine),
          shutdown: (mode) => instance.shutdown(mode),
          query: async (text) => (await executeSql(instance, session, text)).rows ?? [],
          close: () => { instance.closeSession(session.sid) },
        })
      },
      connectCatalog: () => (catalog === undefined ? refuse() : Promise.resolve(catalog())),
      startup: refuse,
    },
    input: lines(`connect target /\n${script}`), inputName: 'standard input',
    write: (text) => { output += text },
    prompt: () => undefined, release: instance.release, dateFormat: 'yyyy-mm-dd hh24:mi:ss',
  })
  return output
}

/** The codes of an error stack in the output, without the frame and the lines that only say which command failed. */
export function codesIn(output: string): string[] {
  const at = output.indexOf('RMAN-00569')
  return at === -1 ? [] : [...output.slice(at).matchAll(/^((?:RMAN|ORA)-\d{5}):/gm)].map((match) => match[1] ?? '').filter((code) => !['RMAN-00569', 'RMAN-00571', 'RMAN-03002', 'RMAN-03009'].includes(code))
}
