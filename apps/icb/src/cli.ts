import { createWriteStream } from 'node:fs'
import { isIcbError, redact, silentLogger } from '@icb/runtime'
import type { EventSink, IcbEvent } from '@icb/runtime'
import type { AppContext, GlobalOptions, InnerOutput } from './app-context.ts'
import type { CommandOutcome } from './command.ts'
import { runErrors, usageErrors } from './errors.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { toJson } from './json.ts'
import { progressDisplay } from './progress.ts'
import { onStopSignal } from './stop-signals.ts'
import type { Signals, StopSignal } from './stop-signals.ts'
import { CommanderError, createProgram, takesDatabase } from './program.ts'

interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface CliEnvironment extends Signals {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: OutputStream
  readonly stderr: OutputStream
}

interface Warning {
  readonly code: string
  readonly message: string
}

function errorDocument(error: unknown): Record<string, unknown> {
  if (isIcbError(error)) return { code: error.code, message: error.message, remedy: error.remedy, ...(error.hint === undefined ? {} : { hint: error.hint }), details: error.details }
  return { code: 'ICB_INTERNAL', message: error instanceof Error ? error.message : String(error), remedy: 'operator' }
}

/** Why a run ends when somebody stops the program. */
export function stoppedBy(signal: StopSignal): Error {
  return runErrors.STOPPED(`stopped by ${signal}`, { hint: 'Run it again when it may go on.', details: { signal } })
}

/** An error for people: code, message, RMAN's own messages, the way out. */
export function printError(error: unknown, stderr: OutputStream, verbose: boolean): void {
  const lines: string[] = []
  if (isIcbError(error)) {
    lines.push(`icb: ${error.code}: ${error.message}`)
    const messages = error.details['messages']
    if (Array.isArray(messages)) lines.push(...messages.map((message) => `     ${String(message)}`))
    if (error.hint !== undefined) lines.push(`     ${error.hint}`)
  } else lines.push(`icb: ${error instanceof Error ? error.message : String(error)}`)
  if (verbose && error instanceof Error && error.stack !== undefined) lines.push(error.stack)
  stderr.write(`${redact(lines.join('\n'))}\n`)
}

function eventFile(target: string, stderr: OutputStream): { readonly sink: EventSink; readonly close: () => Promise<void> } {
  const descriptor = /^&(\d+)$/.exec(target)?.[1]
  const stream = descriptor === undefined ? createWriteStream(target, { flags: 'a', mode: 0o640 }) : createWriteStream('', { fd: Number(descriptor), autoClose: false })
  stream.on('error', (error) => { stderr.write(`icb: events cannot be written to ${target}: ${error.message}\n`) })
  return {
    sink: { emit: (event) => { stream.write(`${redact(toJson(event))}\n`) } },
    close: () => new Promise((resolve) => { stream.end(() => { resolve() }) }),
  }
}

function fanOut(sinks: readonly EventSink[]): EventSink {
  return { emit: (event: IcbEvent) => { for (const sink of sinks) sink.emit(event) } }
}

/** A command within a command, parsed as if it had been typed. */
export async function invoke(app: AppContext, line: readonly string[], output: InnerOutput): Promise<CommandOutcome> {
  let outcome: CommandOutcome | undefined
  const program = createProgram(
    async (definition, args, options) => {
      outcome = await (await definition.load())({ ...app, ...output }, args, options)
    },
    { writeOut: () => undefined, writeErr: () => undefined },
  )
  try {
    await program.parseAsync(line, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) throw usageErrors.ARGUMENT(`icb ${line.join(' ')}: ${error.message.replace(/^error: /, '')}`)
    throw error
  }
  if (outcome === undefined) throw usageErrors.ARGUMENT(`icb ${line.join(' ')} is no command`)
  return outcome
}

/**
 * One invocation of the command line: parses, runs the command, prints its result or error, answers the exit code
 * (`docs/exit-codes.md`). Signals end the run with its clean-up; the code is then 129, 130 or 143.
 */
export async function runCli(argv: readonly string[], io: CliEnvironment): Promise<number> {
  const abort = new AbortController()
  let signalCode: number | undefined
  onStopSignal(io, (signal, code) => {
    signalCode = code
    io.stderr.write(`icb: ${signal}: stopping, cleaning up …\n`)
    abort.abort(stoppedBy(signal))
  })

  let exitCode: number = exitCodes.done
  const wantsJson = argv.includes('--json')
  const program = createProgram(
    async (definition, args, rawOptions) => {
      const options = rawOptions as GlobalOptions & Record<string, unknown>
      const json = options.json === true
      const warnings: Warning[] = []
      const events = options.events === undefined ? undefined : eventFile(options.events, io.stderr)
      const showsProgress = !json && options.quiet !== true
      const sinks = [
        ...(showsProgress ? [progressDisplay({ isTTY: io.stderr.isTTY === true, columns: io.stderr.columns ?? 80, write: (text) => { io.stderr.write(text) } })] : []),
        ...(events === undefined ? [] : [events.sink]),
      ]
      // What only commands need is loaded for them, not for help and mistyped words.
      const { createAppContext } = await import('./app-context.ts')
      const app = createAppContext({
        options, env: io.env, signal: abort.signal, events: fanOut(sinks),
        logger: options.verbose === true ? (await import('./log.ts')).createLogger({ level: 'debug', write: (line) => { io.stderr.write(line) } }) : silentLogger,
        warn: (code, message) => { if (!warnings.some((known) => known.code === code && known.message === message)) warnings.push({ code, message }) },
        print: (line = '') => { if (!json) io.stdout.write(`${redact(line)}\n`) },
        invoke, takesDatabase,
      })
      let outcome: CommandOutcome | undefined
      let error: unknown
      try {
        outcome = await (await definition.load())(app, args, options)
        error = outcome.error
        exitCode = outcome.exitCode ?? (error === undefined ? exitCodes.done : exitCodeOf(error))
        if (exitCode === exitCodes.done && options.strict === true && warnings.length > 0) exitCode = exitCodes.warnings
      } catch (thrown) {
        error = thrown
        exitCode = exitCodeOf(thrown)
      }
      if (signalCode !== undefined) exitCode = signalCode
      if (json) {
        const document = {
          schema: `icb/${outcome?.schema ?? 'error/1'}`,
          ok: exitCode === exitCodes.done || exitCode === exitCodes.warnings,
          exitCode,
          ...(outcome === undefined ? {} : { result: outcome.result }),
          ...(error === undefined ? {} : { error: errorDocument(error) }),
          warnings,
        }
        io.stdout.write(`${redact(toJson(document, 2))}\n`)
      } else {
        if (outcome?.plain !== undefined) io.stdout.write(`${redact(outcome.plain)}\n`)
        else if (options.quiet !== true) for (const warning of warnings) io.stderr.write(redact(`warning: ${warning.message} [${warning.code}]\n`))
        if (error !== undefined) printError(error, io.stderr, options.verbose === true)
      }
      await events?.close()
    },
    { writeOut: (text) => { io.stdout.write(text) }, writeErr: (text) => { if (!wantsJson) io.stderr.write(text) } },
  )
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version come here, too; they are no failure.
    exitCode = error.exitCode === 0 || error.code === 'commander.help' ? exitCodes.done : exitCodes.usage
    if (exitCode !== exitCodes.done && wantsJson) {
      io.stdout.write(`${toJson({ schema: 'icb/error/1', ok: false, exitCode, error: { code: 'ICB_USAGE_ARGUMENT', message: error.message, remedy: 'fix' }, warnings: [] }, 2)}\n`)
    }
  }
  return exitCode
}
