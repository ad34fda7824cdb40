import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, openSync, closeSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import readline from 'node:readline'
import type { Readable } from 'node:stream'
import { type Host, socketPath } from '../host/host.ts'
import { OraError, type OraMessage, ora } from '../engine/ora-error.ts'
import { canConnect } from './socket.ts'

/** How long an instance may take to reach NOMOUNT. */
const START_MS = 60_000

/** The lab's program: the bundle itself, or src/main.ts when run from its sources. */
export function labProgram(): string {
  const here = fileURLToPath(import.meta.url)
  return here.endsWith('.ts') ? path.join(path.dirname(here), '..', 'main.ts') : here
}

/** Arguments of node before the program. */
export const NODE_OPTIONS: readonly string[] = ['--disable-warning=ExperimentalWarning']

/**
 * STARTUP NOMOUNT: a detached process `ora_pmon_<SID>` that listens when this resolves.
 * @param pfile as given to STARTUP; without, the home's `spfile<SID>.ora`, `spfile.ora` or `init<SID>.ora`
 * @throws OraError 01081 when it runs already; 01078 and others from the parameters
 */
export async function spawnInstance(host: Host, sid: string, pfile?: string): Promise<{ readonly pid: number; readonly socketPath: string }> {
  const socket = socketPath(host, sid)
  if (await canConnect(socket)) throw ora(1081, 'cannot start already-running ORACLE - shut it down first')
  mkdirSync(host.run, { recursive: true })
  const log = openSync(path.join(host.run, `${sid}.out`), 'a')
  const args = [...NODE_OPTIONS, '--max-old-space-size=96', '--max-semi-space-size=2', labProgram(), '__instance', '--lab', host.labDir, '--host', host.name, '--sid', sid, ...(pfile === undefined ? [] : ['--pfile', pfile])]
  const child = spawn(process.execPath, args, { argv0: `ora_pmon_${sid}`, detached: true, stdio: ['ignore', log, log, 'pipe'], cwd: host.labDir, env: { PATH: '/usr/bin:/bin' } })
  closeSync(log)
  try {
    await ready(child)
  } finally {
    child.stdio[3]?.destroy()
    child.unref()
  }
  return { pid: child.pid ?? 0, socketPath: socket }
}

/** The child says on descriptor 3 how its start went: one JSON line. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(ora(443, `background process "PMON" did not start`))
    }, START_MS)
    const done = (error?: Error): void => {
      clearTimeout(timer)
      if (error === undefined) resolve()
      else reject(error)
    }
    child.once('error', (error) => { done(ora(27121, `unable to start the instance's process: ${error.message}`)) })
    child.once('exit', (code) => { done(ora(3113, `end-of-file on communication channel (the instance's process ended with code ${code ?? -1})`)) })
    const answers = readline.createInterface({ input: child.stdio[3] as Readable })
    answers.on('error', () => undefined)
    answers.once('line', (line) => {
      const answer = JSON.parse(line) as { ok: boolean; messages?: OraMessage[] }
      done(answer.ok ? undefined : new OraError(answer.messages ?? []))
    })
  })
}
