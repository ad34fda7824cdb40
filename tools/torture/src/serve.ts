import { Readable, Writable } from 'node:stream'
import type { StageHost } from '@icb/testing'
import { openHost } from '../../lab/src/host/host.ts'
import { runRman } from '../../lab/src/rman/main.ts'
import { runSqlPlus } from '../../lab/src/sqlplus/main.ts'
import type { DoorAnswer, DoorCall } from './door.ts'

/** Whether a call may run in this process: what starts an instance has to be a program of its own. */
const mayServe = (call: DoorCall): boolean => !/^\s*startup\b/im.test(call.script)

/**
 * Runs one of the lab's programs in this process, as its own process would run it: same code, same script, same answer, without
 * the time that starting Node takes. For normal days; under attack the programs are processes that can be killed.
 */
export async function serve(labDirectory: string, host: StageHost, call: DoorCall): Promise<DoorAnswer> {
  if (!mayServe(call)) return { kind: 'pass' }
  let output = ''
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      output += chunk.toString()
      done()
    },
  })
  const context = { host: openHost(labDirectory, host), stdin: Readable.from([Buffer.from(call.script)]), stdout, env: call.env }
  const exitCode = await (call.program === 'rman' ? runRman([], context) : runSqlPlus(['-S', '/nolog'], context))
  return { kind: 'served', output, exitCode }
}
