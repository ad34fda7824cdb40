import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { OraMessage } from '../../engine/ora-error.ts'
import { commandName } from '../grammar/ast.ts'
import type { Command, Connection, DuplicateCommand } from '../grammar/ast.ts'
import { defaultDateFormat, formatDate } from '../nls-date.ts'
import type { RmanEnvironment, RmanReply, RmanRequest } from '../request.ts'
import { Auxiliary } from './auxiliary.ts'
import { duplicate } from './duplicate.ts'
import { RecoveryCatalog } from './recovery-catalog.ts'
import type { TargetNet, TargetSession } from './target.ts'
import type { Transcript } from './transcript.ts'

export interface ConsoleOptions {
  readonly net: TargetNet
  readonly transcript: Transcript
  /** NLS_DATE_FORMAT of the environment. */
  readonly dateFormat: string | undefined
  readonly timeZone: string
  readonly now: () => number
  /** Reads the answer to a question from the input. */
  readonly ask: (question: string) => Promise<string | undefined>
  /** The same for a password, which is never echoed. */
  readonly askPassword: (question: string) => Promise<string>
}

/** A command that failed; the stack is complete. */
class CommandFailed extends Error {
  readonly messages: readonly OraMessage[]

  constructor(messages: readonly OraMessage[]) {
    super(messages.map((message) => message.text).join('\n'))
    this.messages = messages
  }
}

/** Executes parsed commands: its own at once, all others by asking the server session to do them. */
export class RmanConsole {
  readonly #options: ConsoleOptions
  #session: TargetSession | undefined
  #connectString = '/'
  #idle = false
  #commandId: string | null = null
  #catalog: RecoveryCatalog | undefined
  #auxiliary: Auxiliary | undefined

  constructor(options: ConsoleOptions) {
    this.#options = options
  }

  close(): void {
    this.#session?.close()
    this.#session = undefined
    this.#catalog?.close()
    this.#catalog = undefined
    this.#auxiliary?.close()
    this.#auxiliary = undefined
  }

  /** Runs one command of the prompt; `false` when it failed, with the stack printed. */
  async execute(command: Command): Promise<boolean> {
    return this.#attempt(command, [])
  }

  /** CONNECT for `target`, `catalog` and `auxiliary` of the command line: without them RMAN does not begin. */
  async begin(to: Connection, connectString: string): Promise<boolean> {
    return this.#attempt({ kind: 'connect', to, connectString }, [{ code: 'RMAN-00554', text: 'initialization of internal recovery manager package failed' }])
  }

  async #attempt(command: Command, above: readonly OraMessage[]): Promise<boolean> {
    try {
      await this.#dispatch(command)
      return true
    } catch (error) {
      if (!(error instanceof OraError) && !(error instanceof CommandFailed)) throw error
      const stack = error instanceof CommandFailed ? error.messages : this.#wrap(command, error.messages)
      this.#options.transcript.errors([...above, ...stack])
      return false
    }
  }

  async #dispatch(command: Command): Promise<void> {
    const { transcript } = this.#options
    switch (command.kind) {
      case 'exit':
        return
      case 'set-echo':
        transcript.line(`echo set ${command.on ? 'on' : 'off'}`)
        transcript.echo = command.on
        return
      case 'connect':
        await this.connect(command.to, command.connectString)
        return
      case 'host':
        throw new CommandFailed([
          { code: 'RMAN-03002', text: `failure of host command at ${this.#failedAt()}` },
          { code: 'LAB-00002', text: 'the lab runs no operating system commands' },
        ])
      case 'set-command-id':
        this.#commandId = command.id
        break
      case 'set-dbid':
        transcript.line('executing command: SET DBID')
        transcript.gap()
        return
      case 'startup':
        await this.#startup(command)
        transcript.gap()
        return
      case 'shutdown':
        await this.#shutdown(command.mode)
        transcript.gap()
        return
      case 'run':
        await this.#run(command.jobs)
        transcript.gap()
        return
      case 'needs-catalog':
        if (this.#catalog === undefined) break
        await this.#withCatalog(this.#catalog, command.command)
        transcript.gap()
        return
      case 'duplicate':
        await this.#duplicate(command, (line) => { transcript.line(line) })
        transcript.gap()
        return
      default:
    }
    await this.#job(command, (line) => { transcript.line(line) })
    transcript.gap()
  }

  async #withCatalog(catalog: RecoveryCatalog, command: Extract<Command, { kind: 'needs-catalog' }>['command']): Promise<void> {
    const emit = (line: string): void => { this.#options.transcript.line(line) }
    if (command === 'create') {
      await catalog.create()
      emit('recovery catalog created')
      return
    }
    await catalog[command](this.#target(), emit)
  }

  /** CONNECT. */
  async connect(to: Connection, connectString: string): Promise<void> {
    const { net, transcript } = this.#options
    if (to === 'catalog') {
      try {
        this.#catalog = new RecoveryCatalog(await net.connectCatalog(connectString, () => this.#options.askPassword('recovery catalog database Password:')))
      } catch (error) {
        if (!(error instanceof OraError)) throw error
        const [first, ...below] = error.messages
        throw new CommandFailed([{ code: 'RMAN-04004', text: `error from recovery catalog database: ${first?.code ?? ''}: ${first?.text ?? ''}` }, ...below])
      }
      transcript.line('connected to recovery catalog database')
      return
    }
    if (to === 'auxiliary') {
      this.#auxiliary?.close()
      this.#auxiliary = new Auxiliary({ net, connectString: connectString === '' ? '/' : connectString, askPassword: () => this.#options.askPassword('auxiliary database Password:'), environment: () => this.#environment() })
      await this.#auxiliary.connect((line) => { transcript.line(line) })
      return
    }
    if (this.#session !== undefined) throw new CommandFailed([{ code: 'RMAN-06578', text: 'already connected to target database' }])
    this.#connectString = connectString === '' ? '/' : connectString
    try {
      const session = await this.#logOn()
      if (session === 'idle') {
        this.#idle = true
        transcript.line('connected to target database (not started)')
        return
      }
      this.#idle = false
      this.#session = session
      await session.rman({ kind: 'describe', to: 'target', environment: this.#environment() }, (line) => { transcript.line(line) })
    } catch (error) {
      if (!(error instanceof OraError)) throw error
      const [first, ...below] = error.messages
      throw new CommandFailed([{ code: 'RMAN-04005', text: `error from target database: \n${first?.code ?? ''}: ${first?.text ?? ''}` }, ...below])
    }
  }

  async #logOn(): Promise<TargetSession | 'idle'> {
    const { net, askPassword } = this.#options
    return net.connect(this.#connectString, () => askPassword('target database Password:'))
  }

  /** @throws OraError RMAN-06174 without an auxiliary instance */
  #auxiliaryInstance(): Auxiliary {
    if (this.#auxiliary === undefined) throw rmanError(6174, 'not connected to auxiliary database')
    return this.#auxiliary
  }

  async #duplicate(command: DuplicateCommand, onLine: (line: string) => void): Promise<void> {
    const at = (): string => formatDate(this.#options.now(), this.#options.timeZone, this.#environment().dateFormat)
    onLine(`Starting Duplicate Db at ${at()}`)
    const auxiliary = this.#auxiliaryInstance()
    await duplicate(command, {
      auxiliary, emit: onLine, askTarget: async () => {
        const { plan } = (await this.#send({ kind: 'duplicate-plan', command, environment: this.#environment() }, onLine)) as RmanReply
        if (plan === undefined) throw new Error('the target gave no plan of the duplication')
        return plan
      },
    })
    onLine(`Finished Duplicate Db at ${at()}`)
  }

  async #startup(command: Extract<Command, { kind: 'startup' }>): Promise<void> {
    const { net, transcript } = this.#options
    if (this.#session !== undefined && !command.force) throw new OraError([{ code: 'RMAN-03002', text: `failure of startup command at ${this.#failedAt()}` }, { code: 'ORA-01081', text: 'cannot start already-running ORACLE - shut it down first' }])
    if (this.#session !== undefined) await this.#shutdown('abort')
    await net.startup({ level: command.level, pfile: command.pfile, force: command.force }, (line) => { transcript.line(line) })
    const session = await this.#logOn()
    this.#idle = session === 'idle'
    this.#session = session === 'idle' ? undefined : session
  }

  async #shutdown(mode: 'normal' | 'immediate' | 'transactional' | 'abort'): Promise<void> {
    const { transcript } = this.#options
    const session = this.#target()
    await session.shutdown(mode === 'abort' ? 'abort' : 'immediate')
    session.close()
    this.#session = undefined
    this.#idle = true
    if (mode !== 'abort') {
      transcript.line('database closed')
      transcript.line('database dismounted')
    }
    transcript.line('Oracle instance shut down')
  }

  async #run(jobs: readonly Command[]): Promise<void> {
    const { transcript } = this.#options
    let printed = false
    let gapDue = false
    const onLine = (line: string): void => {
      if (gapDue) transcript.line('')
      gapDue = false
      printed = true
      transcript.line(line)
    }
    await this.#send({ kind: 'begin-run', environment: this.#environment() }, onLine)
    try {
      for (const job of jobs) {
        if (job.kind === 'host') await this.#dispatch(job)
        if (job.kind === 'set-command-id') this.#commandId = job.id
        if (job.kind === 'set-dbid') onLine('executing command: SET DBID')
        else {
          try {
            await this.#runJob(job, onLine)
          } catch (error) {
            if (error instanceof OraError) throw new CommandFailed(this.#wrap(job, error.messages))
            throw error
          }
        }
        gapDue = printed
      }
    } catch (error) {
      // The first failure counts; an instance that went away has nothing left to release.
      await this.#endRun((line) => { transcript.line(line) }).catch((second: unknown) => {
        if (!(second instanceof OraError)) throw second
      })
      throw error
    }
    await this.#endRun((line) => { transcript.line(line) })
  }

  async #runJob(job: Command, onLine: (line: string) => void): Promise<void> {
    if (job.kind === 'duplicate') await this.#duplicate(job, onLine)
    else if (job.kind === 'allocate-channel' && job.auxiliary) await this.#auxiliaryInstance().allocate(job, onLine)
    else await this.#job(job, onLine)
  }

  /** Releases what RUN allocated, after the control file autobackup that a successful RUN may still owe. */
  async #endRun(onLine: (line: string) => void): Promise<void> {
    await this.#session?.rman({ kind: 'end-run', environment: this.#environment() }, onLine)
    await this.#auxiliary?.release(onLine)
  }

  async #job(command: Command, onLine: (line: string) => void): Promise<void> {
    let answer: boolean | null = null
    for (;;) {
      const reply = (await this.#send({ kind: 'command', command, environment: this.#environment(), answer }, onLine)) as RmanReply | undefined
      if (reply?.question == null) return
      answer = /^y(es)?$/i.test((await this.#options.ask(reply.question))?.trim() ?? '')
    }
  }

  async #send(request: RmanRequest, onLine: (line: string) => void): Promise<unknown> {
    return this.#target().rman(request, onLine)
  }

  #target(): TargetSession {
    if (this.#session !== undefined) return this.#session
    if (this.#idle) throw new OraError([{ code: 'RMAN-06403', text: 'could not obtain a fully authorized session' }, { code: 'ORA-01034', text: 'ORACLE not available' }])
    throw new OraError([{ code: 'RMAN-06171', text: 'not connected to target database' }])
  }

  #environment(): RmanEnvironment {
    return { dateFormat: this.#options.dateFormat ?? defaultDateFormat, commandId: this.#commandId }
  }

  /** Puts RMAN-03002 above a stack, unless the server named the channel that failed (RMAN-03009). */
  #wrap(command: Command, messages: readonly OraMessage[]): readonly OraMessage[] {
    if (messages[0]?.code === 'RMAN-03009' || messages[0]?.code === 'RMAN-03002') return messages
    return [{ code: 'RMAN-03002', text: `failure of ${commandName(command)} command at ${this.#failedAt()}` }, ...messages]
  }

  /** Oracle prints this time in one fixed format, whatever NLS_DATE_FORMAT says. */
  #failedAt(): string {
    return formatDate(this.#options.now(), this.#options.timeZone, 'MM/DD/YYYY HH24:MI:SS')
  }
}
