import { existsSync, writeSync } from 'node:fs'
import path from 'node:path'
import { LabInstance } from '../engine/instance.ts'
import { OraError } from '../engine/ora-error.ts'
import { type ParameterSettings, parameterError, readParameterFile } from '../engine/parameter-file.ts'
import { type Host, openHost, socketPath } from '../host/host.ts'
import { serveInstance } from './server.ts'

/** How often the process looks whether its lab is still there. */
const POLL_MS = 1000
/** Where the starter listens for one line. */
const READY_FD = 3

/** The process of an instance: starts it in NOMOUNT and serves clients until it is shut down or the lab is removed. */
export async function runInstanceProcess(options: { readonly lab: string; readonly host: string; readonly sid: string; readonly pfile: string | undefined }): Promise<void> {
  process.title = `ora_pmon_${options.sid}`
  const host = openHost(options.lab, options.host)
  let close: () => void = () => undefined
  try {
    const found = await findParameters(host, options.sid, options.pfile)
    const instance = new LabInstance({
      host, sid: options.sid, settings: found.settings, spfile: found.spfile,
      exit: () => {
        close()
        // The answer to SHUTDOWN has to leave first; an aborted instance does nothing more.
        setTimeout(() => process.exit(0), 20)
      },
    })
    const server = await serveInstance(instance, socketPath(host, options.sid))
    close = () => { server.close() }
  } catch (error) {
    const messages = error instanceof OraError ? error.messages : [{ code: 'ORA-00600', text: `internal error code, arguments: [${String(error)}]` }]
    writeSync(READY_FD, `${JSON.stringify({ ok: false, messages })}\n`)
    process.exit(1)
  }
  writeSync(READY_FD, `${JSON.stringify({ ok: true })}\n`)
  setInterval(() => {
    if (!existsSync(path.join(host.labDir, 'lab.json'))) process.exit(0)
  }, POLL_MS)
}

async function findParameters(host: Host, sid: string, pfile: string | undefined): Promise<{ readonly settings: ParameterSettings; readonly spfile: string | null }> {
  const dbs = path.join(host.home, 'dbs')
  const names = pfile === undefined ? [`spfile${sid}.ora`, 'spfile.ora', `init${sid}.ora`].map((n) => path.join(dbs, n)) : [pfile]
  for (const name of names) {
    if (pfile === undefined && !existsSync(name)) continue
    const { settings, isSpfile } = await readParameterFile(host.real(name), name, sid)
    const spfile = isSpfile ? name : (settings.get('spfile') ?? null)
    settings.delete('spfile')
    return { settings, spfile }
  }
  throw parameterError('LRM-00109', `could not open parameter file '${path.join(dbs, `init${sid}.ora`)}'`)
}
