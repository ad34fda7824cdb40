import net from 'node:net'
import readline from 'node:readline'
import type { LabInstance } from '../engine/instance.ts'
import type { ServerSession } from '../engine/instance-api.ts'
import { OraError, type OraMessage, ora } from '../engine/ora-error.ts'
import type { Request, Response } from '../engine/protocol.ts'
import { containerOf } from '../net/services.ts'
import { startJobQueue } from '../scheduler/job-queue.ts'
import { runLabAction } from './lab-actions.ts'
import { logonUser } from './logon.ts'
import { bindSocket } from './socket.ts'

/** Listens for clients until `close`. A call goes on when its client is gone; the session ends with the call then. */
export async function serveInstance(instance: LabInstance, socketFile: string): Promise<{ close(): void }> {
  const server = net.createServer((socket) => { serveClient(instance, socket) })
  const close = await bindSocket(server, socketFile)
  const jobs = startJobQueue(instance)
  return {
    close: () => {
      jobs.stop()
      close()
    },
  }
}

/** Serves one client until it leaves. */
export function serveClient(instance: LabInstance, socket: net.Socket): void {
  let session: ServerSession | undefined
  let running = 0
  let gone = false
  const leave = (): void => {
    gone = true
    if (running === 0 && session !== undefined) instance.closeSession(session.sid)
  }
  const send = (response: Response): void => {
    if (!gone && !socket.destroyed) socket.write(`${JSON.stringify(response, (_key, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))}\n`)
  }
  const handle = async (request: Request): Promise<void> => {
    running += 1
    if (session !== undefined) session.status = session.status === 'KILLED' ? 'KILLED' : 'ACTIVE'
    try {
      if (request.kind === 'logon') {
        session ??= instance.logon(await logonUser(instance, request), request.program)
        if (request.password !== undefined && request.as !== 'none') session.credentials = { username: request.username, password: request.password, as: request.as }
        if (request.service !== undefined) session.container = containerOf(instance, request.service)
        send({ id: request.id, ok: true, result: greeting(instance, session) })
      } else {
        if (session === undefined) throw ora(1012, 'not logged on')
        if (session.abort.aborted) throw session.abort.reason
        send({ id: request.id, ok: true, result: await perform(instance, session, request, (line) => { send({ id: request.id, line }) }) })
      }
    } catch (error) {
      send({ id: request.id, ok: false, messages: messagesOf(instance, error), ...(error instanceof OraError && error.offset !== undefined ? { offset: error.offset } : {}) })
    } finally {
      running -= 1
      if (session !== undefined && session.status === 'ACTIVE') session.status = 'INACTIVE'
      if (gone) leave()
    }
  }
  // Calls of one session run one after the other, as a dedicated server does them.
  let last: Promise<void> = Promise.resolve()
  const lines = readline.createInterface({ input: socket, crlfDelay: Infinity })
  lines.on('line', (text) => {
    const request = JSON.parse(text) as Request
    last = last.then(() => handle(request))
  })
  // A client that was killed resets the connection; the interface passes that on too.
  socket.on('error', () => undefined)
  lines.on('error', () => undefined)
  socket.on('close', leave)
}

/** What a client needs to know after its logon. */
export interface Greeting {
  readonly sid: number
  readonly serial: number
  readonly status: 'STARTED' | 'MOUNTED' | 'OPEN'
  readonly openMode: 'MOUNTED' | 'READ WRITE' | 'READ ONLY'
  readonly release: string
  readonly edition: 'EE' | 'SE'
  /** `db_name`, from the control file once mounted. */
  readonly name: string
  readonly dbid: number | null
}

function greeting(instance: LabInstance, session: ServerSession): Greeting {
  const { status, openMode, release, edition } = instance
  const mounted = status === 'STARTED' ? undefined : instance.controlFile
  return { sid: session.sid, serial: session.serial, status, openMode, release, edition, name: mounted?.name ?? (instance.parameters.get('db_name')?.value ?? '').toUpperCase(), dbid: mounted?.dbid ?? null }
}

async function perform(instance: LabInstance, session: ServerSession, request: Exclude<Request, { kind: 'logon' }>, emitLine: (line: string) => void): Promise<unknown> {
  switch (request.kind) {
    case 'sql': {
      const { executeSql } = await import('../sql-engine.ts')
      return executeSql(instance, session, request.text, request.binds ?? {})
    }
    case 'rman': {
      const { executeRmanCommand } = await import('../rman/execute.ts')
      return executeRmanCommand(instance, session, request.command, emitLine)
    }
    case 'mount': return instance.mount()
    case 'open': return instance.open({ mode: request.mode, resetlogs: request.resetlogs })
    case 'shutdown':
      return instance.shutdown(request.mode)
    case 'lab': return runLabAction(instance, session, request.action, request.args)
  }
}

function messagesOf(instance: LabInstance, error: unknown): readonly OraMessage[] {
  if (error instanceof OraError) return error.messages
  instance.diagnostics.alert(`Errors in a session: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return [{ code: 'ORA-00600', text: `internal error code, arguments: [${error instanceof Error ? error.message : String(error)}], [], [], [], [], [], [], [], [], [], [], []` }]
}
