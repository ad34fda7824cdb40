import { existsSync, writeSync } from 'node:fs'
import path from 'node:path'
import { LabInstance } from '../engine/instance.ts'
import { OraError } from '../engine/ora-error.ts'
import { type ParameterFile, parameterError, readParameterFile } from '../engine/parameter-file.ts'
import { type Host, openHost, socketPath } from '../host/host.ts'
import { runMember } from './cluster-member.ts'
import { endWithLab } from './lifetime.ts'
import { serveInstance } from './server.ts'

/** Where the starter listens for one line. */
const READY_FD = 3

/** The process of an instance: starts it in NOMOUNT and serves clients until it is shut down or the lab is removed. */
export async function runInstanceProcess(options: { readonly lab: string; readonly host: string; readonly sid: string; readonly pfile: string | undefined }): Promise<void> {
  process.title = `ora_pmon_${options.sid}`
  const host = openHost(options.lab, options.host)
  try {
    const found = await findParameters(host, options.sid, options.pfile)
    if (found.settings.get('cluster_database')?.toUpperCase() === 'TRUE') await runMember(host, options.sid, found)
    else await runSingle(host, options.sid, found)
  } catch (error) {
    const messages = error instanceof OraError ? error.messages : [{ code: 'ORA-00600', text: `internal error code, arguments: [${String(error)}]` }]
    writeSync(READY_FD, `${JSON.stringify({ ok: false, messages })}\n`)
    process.exit(1)
  }
  writeSync(READY_FD, `${JSON.stringify({ ok: true })}\n`)
  endWithLab(host.labDir)
}

/** One instance, one database: both live in this process. */
async function runSingle(host: Host, sid: string, { settings, spfile }: ParameterFile): Promise<void> {
  let close: () => void = () => undefined
  const instance = new LabInstance({
    host, sid, settings, spfile: spfile?.path ?? null, ...(spfile === undefined ? {} : { spfileEntries: spfile.entries }),
    exit: () => {
      close()
      // The answer to SHUTDOWN has to leave first; an aborted instance does nothing more.
      setTimeout(() => process.exit(0), 20)
    },
  })
  const server = await serveInstance(instance, socketPath(host, sid))
  const { serveNet } = await import('../net/net-server.ts')
  const net = await serveNet(instance, host)
  close = () => {
    server.close()
    net?.close()
  }
}

/** The parameters of an instance: from the file given, else from the home's server parameter file or text file. */
export async function findParameters(host: Host, sid: string, pfile: string | undefined): Promise<ParameterFile> {
  const dbs = path.join(host.home, 'dbs')
  const names = pfile === undefined ? [`spfile${sid}.ora`, 'spfile.ora', `init${sid}.ora`].map((n) => path.join(dbs, n)) : [pfile]
  for (const name of names) {
    if (pfile === undefined && !existsSync(name)) continue
    return readParameterFile(name, sid, host)
  }
  throw parameterError('LRM-00109', `could not open parameter file '${path.join(dbs, `init${sid}.ora`)}'`)
}
