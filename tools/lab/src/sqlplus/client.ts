import { readFileSync } from 'node:fs'
import path from 'node:path'
import { OraError } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { DatabaseAccess } from './access.ts'
import { Breaks } from './breaks.ts'
import { Computes } from './computes.ts'
import { listLines, parseAccept } from './dialog.ts'
import { BindVariables } from './bind-variables.ts'
import { beginsStatement, commandNamed, isBlock, parseExit, type ExitPlan } from './commands.ts'
import { ColumnFormats, parameterLines } from './display-commands.ts'
import { describeLines, programErrors, programOf, type ProgramName } from './describe.ts'
import type { ScriptInput } from './input.ts'
import { archiveLog, memoryLines, shutdown, startup } from './instance-commands.ts'
import { errorLines, layoutRows, rowCountLines, type PageTitles } from './layout.ts'
import { Output } from './output.ts'
import { ClientSession, parseLogon } from './session.ts'
import { applySet, CommandError, defaultSettings, showSetting, splitWords } from './settings.ts'
import { Substitution } from './substitution.ts'
import { Title } from './titles.ts'

/** Longest line of input. */
const longestLine = 2499

export interface ClientOptions {
  readonly silent: boolean
  readonly input: ScriptInput
  readonly write: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly access: DatabaseAccess
  /** Milliseconds, for SET TIMING. */
  readonly now: () => number
}

/** Ends the script with an exit code. */
class Exit extends Error {
  readonly plan: ExitPlan
  constructor(plan: ExitPlan) {
    super('exit')
    this.plan = plan
  }
}

/** One run of SQL*Plus: reads lines, collects statements, runs commands. */
export class Client {
  readonly #settings = defaultSettings()
  readonly #columns = new ColumnFormats()
  readonly #breaks = new Breaks()
  readonly #computes = new Computes()
  readonly #topTitle = new Title()
  readonly #bottomTitle = new Title()
  readonly #substitution = new Substitution()
  readonly #variables = new BindVariables()
  readonly #output: Output
  readonly #session: ClientSession
  readonly #options: ClientOptions
  #onSqlError: ExitPlan | undefined
  #onOsError: ExitPlan | undefined
  #sqlCode = 0
  /** The last statement, for `/`. */
  #buffer = ''
  /** What SHOW ERRORS speaks of. */
  #lastProgram: ProgramName | undefined

  constructor(options: ClientOptions) {
    this.#options = options
    this.#output = new Output(options.write, this.#settings)
    this.#session = new ClientSession(options.access, options.env)
  }

  /** Logs on before the script. @throws OraError */
  async logOn(text: string): Promise<boolean> {
    return this.#connect(text, true)
  }

  /** Runs the whole script; gives the exit code. */
  async run(): Promise<number> {
    let plan: ExitPlan = { code: 0, rollback: false }
    try {
      for (;;) {
        this.#prompt(this.#settings.sqlprompt)
        const line = await this.#read()
        if (line === undefined) break
        await this.#command(line)
      }
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      plan = error.plan
    }
    await this.#leave(plan.rollback)
    return plan.code === 'sqlcode' ? this.#sqlCode % 256 : plan.code
  }

  /** EXIT commits unless told otherwise. */
  async #leave(rollback: boolean): Promise<void> {
    if (this.#session.state === 'connected') {
      try {
        await this.#session.sql(rollback || !this.#settings.exitcommit ? 'rollback' : 'commit')
      } catch (error) {
        if (!(error instanceof OraError)) throw error
      }
      if (!this.#options.silent) this.#output.line('Disconnected from the lab')
    }
    this.#session.disconnect()
    this.#output.stopSpool()
  }

  #prompt(text: string): void {
    if (!this.#options.silent) this.#output.prompt(text)
  }

  /** The next line with its substitutions; too long ones are dropped. */
  async #read(): Promise<string | undefined> {
    for (;;) {
      const line = await this.#options.input.next()
      if (line === undefined) return undefined
      if (line.text.length > longestLine) {
        this.#output.line(`SP2-0027: Input is too long (> ${String(longestLine)} characters) - line ignored`)
        continue
      }
      if (!this.#options.silent || this.#settings.echo) {
        if (line.fromFile && this.#settings.echo) this.#output.echo(`${this.#settings.sqlprompt}${line.text}`)
        else if (!this.#options.silent) this.#output.typed(`${this.#settings.sqlprompt}${line.text}`)
      }
      return line.text
    }
  }

  async #substitute(line: string): Promise<string> {
    const character = this.#settings.define
    if (character === undefined || !line.includes(character)) return line
    const replaced = await this.#substitution.replace(line, { character, escape: this.#settings.escape, concat: this.#settings.concat }, async (name) => {
      this.#output.prompt(`Enter value for ${name}: `)
      return (await this.#options.input.next())?.text ?? ''
    })
    if (this.#settings.verify && replaced !== line && beginsStatement(line)) this.#output.lines([`old   1: ${line}`, `new   1: ${replaced}`])
    return replaced
  }

  async #command(first: string): Promise<void> {
    let line = first
    if (line.trim() === '' || /^\s*--/.test(line)) return
    if (/^\s*\/\*/.test(line)) {
      await this.#skipComment(line)
      return
    }
    if (/^\s*[!#$]/.test(line)) {
      this.#output.line('SP2-0738: Restricted command "host" not available')
      return
    }
    if (/^\s*@/.test(line)) {
      await this.#guarded(() => {
        this.#include(line.trim().replace(/^@@?/, ''), /^\s*@@/.test(line))
      })
      return
    }
    if (/^\s*\/\s*$/.test(line)) {
      await this.#execute(this.#buffer)
      return
    }
    if (beginsStatement(line)) {
      await this.#collect(line)
      return
    }
    while (/-\s*$/.test(line) && !/^\s*(rem|prompt)/i.test(line)) line = line.replace(/-\s*$/, ' ') + ((await this.#read()) ?? '')
    await this.#dispatch(await this.#substitute(line.trim()))
  }

  async #skipComment(line: string): Promise<void> {
    for (let current: string | undefined = line; current !== undefined; current = await this.#read()) {
      if (current.includes('*/')) return
    }
  }

  /** Reads a statement to its terminator, then runs it. */
  async #collect(first: string): Promise<void> {
    const lines: string[] = []
    const block = isBlock(first)
    let line: string | undefined = first
    for (let number = 2; line !== undefined; number++) {
      while (line.endsWith('-') && !line.includes('--')) line = line.slice(0, -1) + ' ' + ((await this.#read()) ?? '')
      const text = await this.#substitute(line)
      if (/^\s*\/\s*$/.test(text)) {
        await this.#execute(lines.join('\n'))
        return
      }
      if (/^\s*\.\s*$/.test(text) || (text.trim() === '' && !block && !this.#settings.sqlblanklines)) {
        this.#buffer = lines.join('\n')
        return
      }
      if (!block && /;\s*$/.test(text)) {
        lines.push(text.replace(/;\s*$/, ''))
        await this.#execute(lines.join('\n'))
        return
      }
      lines.push(text)
      this.#prompt(`${String(number).padStart(3)}  `)
      line = await this.#read()
    }
  }

  /** Runs a statement and shows what it gives, or its error with the place. */
  async #execute(text: string): Promise<void> {
    if (text.trim() === '') {
      this.#output.line('SP2-0103: Nothing in SQL buffer to run.')
      return
    }
    this.#buffer = text
    this.#lastProgram = programOf(text) ?? this.#lastProgram
    if (this.#session.state === 'none') {
      this.#output.line('SP2-0640: Not connected')
      return
    }
    const started = this.#options.now()
    try {
      const result = await this.#session.sql(text, this.#variables.values)
      this.#variables.take(result.outBinds ?? {}, result.cursors)
      if (this.#settings.autocommit && result.columns === undefined) await this.#session.sql('commit')
      await this.#serverOutput()
      this.#show(result)
    } catch (error) {
      if (!(error instanceof OraError)) throw error
      await this.#serverOutput()
      this.#output.lines(errorLines(error, text))
      this.#sqlFailed(error)
    }
    this.#elapsed(started)
  }

  /** What the server's programs printed since the last statement. */
  async #serverOutput(): Promise<void> {
    if (this.#settings.serveroutput && this.#session.state === 'connected') this.#output.lines(await this.#session.serverOutput())
  }

  #elapsed(started: number): void {
    if (!this.#settings.timing) return
    const hundredths = Math.round((this.#options.now() - started) / 10)
    const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
    this.#output.line(`Elapsed: ${two(hundredths / 360000)}:${two((hundredths / 6000) % 60)}:${two((hundredths / 100) % 60)}.${two(hundredths % 100)}`)
  }

  #show(result: SqlResult): void {
    if (result.columns !== undefined) {
      const count = result.rows?.length ?? 0
      this.#output.lines(layoutRows(result, this.#settings, this.#columns.formats, this.#breaks.arrange(result, this.#computes.all), this.#titles()))
      this.#output.lines(rowCountLines(count, this.#settings))
      for (const [name, value] of this.#columns.newValues(result)) this.#substitution.define(name, value)
    } else if (result.message !== undefined && this.#settings.feedback > 0) this.#output.lines(['', result.message, ''])
  }

  #titles(): PageTitles {
    const values = (page: number): Parameters<Title['lines']>[0] => ({ page, linesize: this.#settings.linesize, user: this.#session.user, release: this.#release, date: this.#date.title })
    return { top: (page) => this.#topTitle.lines(values(page)), bottom: (page) => this.#bottomTitle.lines(values(page)) }
  }

  get #date(): { readonly title: string; readonly variable: string } {
    const [week = '', day = '', month = '', year = ''] = new Date(this.#options.now()).toUTCString().split(/,? /)
    return { title: `${week} ${month} ${day}`, variable: `${day}-${month.toUpperCase()}-${year.slice(2)}` }
  }

  /** `1201000200` */
  get #release(): string {
    return this.#options.access.release.split('.').slice(0, 5).map((part, index) => (index === 0 ? part : part.padStart(2, '0'))).join('')
  }

  #sqlFailed(error: OraError): void {
    this.#sqlCode = Number(/\d+/.exec(error.messages[0]?.code ?? '')?.[0] ?? 1)
    if (this.#onSqlError !== undefined) throw new Exit(this.#onSqlError)
  }

  /** A command whose errors are shown and count for WHENEVER. */
  async #guarded(action: () => Promise<void> | void): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (error instanceof CommandError) this.#output.line(error.message)
      else if (error instanceof OraError) {
        this.#output.lines(error.messages.map((message) => `${message.code}: ${message.text}`))
        this.#sqlFailed(error)
      } else if (isSystemError(error)) {
        this.#output.line(`SP2-0606: Cannot create SPOOL file or open script: ${error.code}`)
        if (this.#onOsError !== undefined) throw new Exit(this.#onOsError)
      } else throw error
    }
  }

  async #dispatch(line: string): Promise<void> {
    const [, word = '', rest = ''] = /^([A-Za-z]+)\b\s*([^]*?)\s*;?\s*$/.exec(line) ?? []
    const command = word === '' ? undefined : commandNamed(word)
    const unknown = (): void => {
      this.#output.line(`SP2-0734: unknown command beginning "${line.slice(0, 10)}${line.length > 10 ? '...' : ''}" - rest of line ignored.`)
    }
    switch (command) {
      case 'set':
        return this.#guarded(async () => {
          applySet(this.#settings, rest)
          if (/\bserverout/i.test(rest)) await this.#session.enableOutput(this.#settings.serveroutput)
        })
      case 'show':
        return this.#guarded(() => this.#showCommand(rest))
      case 'column':
        return this.#guarded(() => { this.#columns.apply(rest) })
      case 'prompt':
        this.#output.line(line.replace(/^\s*pro(m(p(t)?)?)?\s?/i, ''))
        return
      case 'remark':
        return
      case 'spool':
        return this.#guarded(() => { this.#spool(rest) })
      case 'whenever':
        return this.#guarded(() => { this.#whenever(rest) })
      case 'connect':
        await this.#connect(rest)
        return
      case 'disconnect':
        this.#session.disconnect()
        return
      case 'exit':
      case 'quit': {
        const plan = parseExit(rest)
        if (plan === undefined) this.#output.line('SP2-0584: EXIT variable was non-numeric')
        throw new Exit(plan ?? { code: 1, rollback: false })
      }
      case 'host':
        this.#output.line('SP2-0738: Restricted command "host" not available')
        return
      case 'startup':
        return this.#guarded(() => startup(this.#session, this.#output, rest))
      case 'shutdown':
        return this.#guarded(() => shutdown(this.#session, this.#output, rest))
      case 'archive':
        return this.#guarded(() => archiveLog(this.#session, this.#output, rest))
      case 'define':
        return this.#guarded(() => { this.#define(rest) })
      case 'undefine':
        for (const name of splitWords(rest)) this.#substitution.undefine(name)
        return
      case 'variable':
        return this.#guarded(() => { this.#output.lines(this.#variables.declare(rest)) })
      case 'print':
        return this.#guarded(() => { this.#output.lines(this.#variables.print(splitWords(rest), this.#settings, (result) => [...layoutRows(result, this.#settings, this.#columns.formats), ...rowCountLines(result.rows?.length ?? 0, this.#settings)])) })
      case 'execute':
        return this.#execute(`BEGIN ${rest}; END;`)
      case 'start':
        return this.#guarded(() => { this.#include(rest) })
      case 'clear':
        if (/^col/i.test(rest)) this.#columns.clear()
        else if (/^bre/i.test(rest)) this.#breaks.clear()
        else if (/^(buff|sql)/i.test(rest)) this.#buffer = ''
        else if (/^comp/i.test(rest)) this.#computes.clear()
        else if (!/^(scr|timi)/i.test(rest)) this.#output.line(`SP2-0158: unknown CLEAR option "${rest}"`)
        return
      case 'describe':
        return this.#guarded(async () => { this.#output.lines(await describeLines(this.#session, rest)) })
      case 'run':
        return this.#execute(this.#buffer)
      case 'list':
        return this.#guarded(() => { this.#output.lines(listLines(this.#buffer)) })
      case 'break':
        return this.#guarded(() => { this.#breaks.apply(rest) })
      case 'accept':
        return this.#guarded(() => this.#accept(rest))
      case 'pause':
        this.#output.line(rest)
        await this.#options.input.next()
        return
      case 'ttitle':
      case 'btitle':
        return this.#guarded(() => { (command === 'ttitle' ? this.#topTitle : this.#bottomTitle).apply(rest) })
      case 'compute':
        return this.#guarded(() => { this.#output.lines(this.#computes.apply(rest)) })
      default:
        unknown()
    }
  }

  async #accept(rest: string): Promise<void> {
    const { name, type, prompt, initial } = parseAccept(rest)
    for (;;) {
      if (prompt !== undefined) this.#output.prompt(prompt)
      const line = await this.#options.input.next()
      const value = line === undefined || line.text === '' ? (initial ?? '') : line.text
      if (line === undefined || type === 'CHAR' || /^[-+]?\d+(\.\d+)?$/.test(value.trim())) {
        this.#substitution.define(name, value)
        return
      }
      this.#output.line(`SP2-0425: "${value}" is not a valid NUMBER`)
    }
  }

  async #askPassword(): Promise<string> {
    this.#output.prompt('Enter password: ')
    return (await this.#options.input.next())?.text ?? ''
  }

  /** @param atStart of the command line: what CONNECT says is then part of the banner */
  async #connect(text: string, atStart = false): Promise<boolean> {
    try {
      const parsed = parseLogon(text)
      if (parsed === undefined) {
        this.#output.lines(['SP2-0306: Invalid option.', 'Usage: CONN[ECT] [{logon|/} [AS {SYSDBA|SYSBACKUP}]]', 'where <logon> ::= <username>[/<password>][@<connect_identifier>]'])
        return false
      }
      const logon = parsed.user === undefined || parsed.password !== undefined ? parsed : { ...parsed, password: await this.#askPassword() }
      await this.#session.connect(logon)
      this.#defineConnection(logon.alias, logon.as)
      if (!atStart) this.#output.line(this.#session.state === 'idle' ? 'Connected to an idle instance.' : 'Connected.')
      else if (!this.#options.silent) this.#output.lines(['', ...(this.#session.state === 'idle' ? ['Connected to an idle instance.'] : ['Connected to:', `Oracle Database Release ${this.#options.access.release} (lab simulator)`]), ''])
      return true
    } catch (error) {
      if (!(error instanceof OraError)) throw error
      this.#output.lines(['ERROR:', ...error.messages.map((message) => `${message.code}: ${message.text}`), '', ''])
      this.#sqlFailed(error)
      return false
    }
  }

  /** The variables that SQL*Plus defines itself. */
  #defineConnection(alias: string | undefined, as: string): void {
    const variables = { _DATE: this.#date.variable, _CONNECT_IDENTIFIER: alias ?? this.#options.env['ORACLE_SID'] ?? '', _USER: this.#session.user, _PRIVILEGE: as === 'none' ? '' : `AS ${as.toUpperCase()}`, _SQLPLUS_RELEASE: this.#release, _O_RELEASE: this.#release, _O_VERSION: `Oracle Database Release ${this.#options.access.release} (lab simulator)`, _EDITOR: 'vi' }
    for (const [name, value] of Object.entries(variables)) this.#substitution.define(name, value)
  }

  async #showCommand(rest: string): Promise<void> {
    const [what = '', ...more] = splitWords(rest)
    if (/^user$/i.test(what)) this.#output.line(`USER is "${this.#session.state === 'none' ? '' : this.#session.user}"`)
    else if (/^param(e(t(e(r(s)?)?)?)?)?$/i.test(what)) this.#output.lines(await parameterLines(this.#session, more[0]))
    else if (/^sga$/i.test(what)) this.#output.lines(await memoryLines(this.#session))
    else if (/^con_name$/i.test(what)) this.#output.lines(['', 'CON_NAME', '-'.repeat(30), (await this.#session.value("select sys_context('userenv', 'con_name') from dual")) ?? ''])
    else if (/^err(ors)?$/i.test(what)) this.#output.lines(await programErrors(this.#session, more, this.#lastProgram))
    else if (/^rel(ease)?$/i.test(what)) this.#output.line(`release ${this.#release}`)
    else {
      const setting = showSetting(this.#settings, what)
      if (setting === undefined) throw new CommandError(`SP2-0158: unknown SHOW option "${what}"`)
      this.#output.line(setting)
    }
  }

  #spool(rest: string): void {
    const [name = '', mode = ''] = splitWords(rest)
    if (name === '') this.#output.line(this.#output.spooling ? 'currently spooling' : 'not spooling currently')
    else if (/^(off|out)$/i.test(name)) this.#output.stopSpool()
    else this.#output.startSpool(this.#options.access.real(/\.[^./]*$/.test(name) ? name : `${name}.lst`), /^app/i.test(mode))
  }

  #whenever(rest: string): void {
    const [, kind = '', action = '', end = ''] = /^(sqlerror|oserror)\s+(exit|continue)\b\s*(.*)$/i.exec(rest) ?? []
    const plan = /^exit$/i.test(action) ? parseExit(end) : undefined
    if (kind === '' || (/^exit$/i.test(action) && plan === undefined) || (/^continue$/i.test(action) && !/^(none|commit|rollback)?$/i.test(end))) throw new CommandError('SP2-0309: invalid WHENEVER option')
    if (/^sqlerror$/i.test(kind)) this.#onSqlError = plan
    else this.#onOsError = plan
  }

  #define(rest: string): void {
    const [, name = '', value] = /^(\w+)(?:\s*=\s*(?:'([^']*)'|"([^"]*)"|(.*)))?$/.exec(rest) ?? []
    if (rest.trim() === '') {
      this.#output.lines([...this.#substitution.all].map(([known, given]) => definition(known, given)))
      return
    }
    if (name === '') throw new CommandError('SP2-0136: DEFINE requires an equal sign (=)')
    if (rest.includes('=')) this.#substitution.define(name, value ?? splitWords(rest.slice(rest.indexOf('=') + 1))[0] ?? '')
    else if (this.#substitution.get(name) === undefined) throw new CommandError(`SP2-0135: symbol ${name.toLowerCase()} is UNDEFINED`)
    else this.#output.line(definition(name, this.#substitution.get(name) ?? ''))
  }

  /** `@file argument …` */
  #include(text: string, beside = false): void {
    const [name = '', ...args] = splitWords(text)
    const named = /\.[^./]*$/.test(name) ? name : `${name}.sql`
    // `@@` looks beside the script that says it.
    const { directory } = this.#options.input
    const file = beside && directory !== undefined && !path.isAbsolute(named) ? path.join(directory, named) : named
    let content: string
    try {
      content = readFileSync(this.#options.access.real(file), 'utf8')
    } catch (error) {
      if (!isSystemError(error)) throw error
      this.#output.line(`SP2-0310: unable to open file "${file}"`)
      if (this.#onOsError !== undefined) throw new Exit(this.#onOsError)
      return
    }
    for (const [index, value] of args.entries()) this.#substitution.define(String(index + 1), value)
    this.#options.input.include(content, path.dirname(file))
  }
}

const definition = (name: string, value: string): string => `DEFINE ${name.toUpperCase().padEnd(15)} = "${value}" (CHAR)`

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'errno' in error
}
