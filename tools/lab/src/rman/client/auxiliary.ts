import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { Command } from '../grammar/ast.ts'
import type { RmanEnvironment, RmanRequest } from '../request.ts'
import type { TargetNet, TargetSession } from './target.ts'

type Emit = (line: string) => void
type AllocateChannel = Extract<Command, { kind: 'allocate-channel' }>

/** A request without what the console adds. */
type Bare<T> = T extends unknown ? Omit<T, 'environment'> : never

export interface AuxiliaryOptions {
  readonly net: TargetNet
  readonly connectString: string
  readonly askPassword: () => Promise<string>
  readonly environment: () => RmanEnvironment
}

/** The auxiliary instance of DUPLICATE: it is started anew on the way, and channels allocated for it with it. */
export class Auxiliary {
  readonly #options: AuxiliaryOptions
  #session: TargetSession | undefined
  #channels: AllocateChannel[] = []

  constructor(options: AuxiliaryOptions) {
    this.#options = options
  }

  /** Logs on. @throws OraError RMAN-04006 over the reason */
  async connect(emit: Emit): Promise<void> {
    try {
      const session = await this.#options.net.connect(this.#options.connectString, this.#options.askPassword)
      if (session === 'idle') {
        emit('connected to auxiliary database (not started)')
        return
      }
      this.#session = session
      await this.request({ kind: 'describe', to: 'auxiliary' }, emit)
    } catch (error) {
      if (!(error instanceof OraError)) throw error
      const [first, ...below] = error.messages
      throw new OraError([{ code: 'RMAN-04006', text: `error from auxiliary database: ${first?.code ?? ''}: ${first?.text ?? ''}` }, ...below])
    }
  }

  get #started(): TargetSession {
    if (this.#session === undefined) throw rmanError(6403, 'could not obtain a fully authorized session', { code: 'ORA-01034', text: 'ORACLE not available' })
    return this.#session
  }

  async request(request: Bare<RmanRequest>, emit: Emit): Promise<unknown> {
    return this.#started.rman({ ...request, environment: this.#options.environment() }, emit)
  }

  async command(command: Command, emit: Emit): Promise<void> {
    await this.request({ kind: 'command', command, answer: null }, emit)
  }

  async query(text: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.#started.query(text)
  }

  /** ALLOCATE AUXILIARY CHANNEL; the first one begins the instance's part of the RUN. */
  async allocate(channel: AllocateChannel, emit: Emit): Promise<void> {
    if (this.#channels.length === 0) await this.request({ kind: 'begin-run' }, emit)
    await this.command(channel, emit)
    this.#channels.push(channel)
  }

  /** Begins a RUN with the channels allocated for it, else as many as RMAN allocates by itself. */
  async begin(parallelism: number, emit: Emit): Promise<void> {
    const channels = this.#channels.length > 0 ? this.#channels : Array.from({ length: parallelism }, (_, i): AllocateChannel => ({ kind: 'allocate-channel', auxiliary: true, name: `ORA_AUX_DISK_${i + 1}`, deviceType: 'DISK', format: null, maxPieceSize: null }))
    await this.request({ kind: 'begin-run' }, emit)
    for (const channel of channels) await this.command(channel, emit)
  }

  async end(emit: Emit): Promise<void> {
    await this.request({ kind: 'end-run' }, emit)
  }

  /** The RUN of the script is over. */
  async release(emit: Emit): Promise<void> {
    const had = this.#channels.length > 0
    this.#channels = []
    if (had && this.#session !== undefined) await this.end(emit)
  }

  async shutdown(emit: Emit): Promise<void> {
    const session = this.#started
    const [[status] = []] = await session.query('select status from v$instance')
    await session.shutdown('immediate')
    this.close()
    if (status === 'MOUNTED') emit('database dismounted')
    emit('Oracle instance shut down')
  }

  /** STARTUP NOMOUNT with the instance's SPFILE. Only an instance of this host can be started: for another one the listener knows no service. */
  async startup(emit: Emit): Promise<void> {
    if (!this.#options.connectString.includes('@')) {
      emit('connected to auxiliary database (not started)')
      await this.#options.net.startup({ level: 'nomount', pfile: null, force: false }, emit)
    }
    await this.connect(() => undefined)
  }

  close(): void {
    this.#session?.close()
    this.#session = undefined
  }
}
