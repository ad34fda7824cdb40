import type { Host } from '../host/host.ts'
import type { ServerSession } from './instance-api.ts'
import { ora } from './ora-error.ts'

/** The sessions of an instance (V$SESSION). */
export class Sessions {
  readonly #host: Host
  readonly #sessions = new Map<number, { readonly session: ServerSession; readonly controller: AbortController; readonly parent: number | undefined }>()
  #serial = Math.floor(Math.random() * 30000) + 1

  constructor(host: Host) {
    this.#host = host
  }

  get map(): ReadonlyMap<number, ServerSession> {
    return new Map([...this.#sessions].map(([sid, { session }]) => [sid, session]))
  }

  open({ username, program, parent }: { readonly username: string; readonly program: string; readonly parent?: ServerSession }): ServerSession {
    let sid = 20
    while (this.#sessions.has(sid)) sid += 1
    const controller = new AbortController()
    this.#serial = (this.#serial % 65000) + 1
    const session: ServerSession = {
      sid, serial: this.#serial, username, program, logonTime: this.#host.now(), clientInfo: null, module: null, status: 'INACTIVE', longOps: [], abort: controller.signal,
    }
    this.#sessions.set(sid, { session, controller, parent: parent?.sid })
    parent?.abort.addEventListener('abort', () => { controller.abort(parent.abort.reason) }, { once: true })
    return session
  }

  /** Ends a session and the ones it opened. */
  close(sid: number): void {
    this.#sessions.delete(sid)
    for (const [child, { parent }] of this.#sessions) if (parent === sid) this.#sessions.delete(child)
  }

  /** @throws OraError 00030 */
  kill(sid: number, serial: number): void {
    const found = this.#sessions.get(sid)
    if (found?.session.serial !== serial) throw ora(30, 'User session ID does not exist.')
    found.session.status = 'KILLED'
    found.controller.abort(ora(28, 'your session has been killed'))
  }

  /** The instance goes down. */
  endAll(): void {
    for (const { controller } of this.#sessions.values()) controller.abort(ora(1089, 'immediate shutdown or close in progress - no operations are permitted'))
  }
}
