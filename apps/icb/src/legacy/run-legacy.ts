import type { Readable } from 'node:stream'
import { createAppContext } from '../app-context.ts'
import { invoke, printError, stoppedBy } from '../cli.ts'
import type { CliEnvironment } from '../cli.ts'
import { exitCodeOf } from '../exit-codes.ts'
import { takesDatabase } from '../program.ts'
import { onStopSignal } from '../stop-signals.ts'
import { redact, silentLogger } from '@icb/runtime'
import { openAnswers } from './answers.ts'
import type { CalledAs, LegacyProgram } from './called-as.ts'
import { legacyExitCode } from './legacy-call.ts'
import type { LegacyAction, LegacyCall } from './legacy-call.ts'
import { legacyLog } from './log-lines.ts'

const programs: Readonly<Record<LegacyProgram, () => Promise<LegacyAction>>> = {
  backup: async () => (await import('./programs/backup.ts')).backup,
  autorestore: async () => (await import('./programs/autorestore.ts')).autorestore,
  restore: async () => (await import('./programs/restore.ts')).restore,
  zsnapper: async () => (await import('./programs/zsnapper.ts')).zsnapper,
  zvolume: async () => (await import('./programs/zvolume.ts')).zvolume,
  exec_all: async () => (await import('./programs/exec-all.ts')).execAll,
  report: async () => (await import('./programs/report.ts')).report,
  dbinfo: async () => (await import('./programs/dbinfo.ts')).dbinfo,
}

/** One invocation by an old name: arguments, environment, prompts and exit codes of the original, the work of icb. */
export async function runLegacy(called: CalledAs, args: readonly string[], io: CliEnvironment & { readonly stdin: Readable }): Promise<number> {
  const abort = new AbortController()
  let signalCode: number | undefined
  onStopSignal(io, (signal, code) => {
    signalCode = code
    io.stderr.write(`${called.name}: ${signal}: stopping, cleaning up …\n`)
    abort.abort(stoppedBy(signal))
  })
  using answers = openAnswers(io.stdin)
  const say = (line = ''): void => { io.stdout.write(`${redact(line)}\n`) }
  const complain = (line: string): void => { io.stderr.write(`${redact(line)}\n`) }
  const wholeLog = io.env['BACKUP_LOG_TO_SCREEN'] === 'TRUE'
  const warned = new Set<string>()
  const call: LegacyCall = {
    called, args, env: io.env, say, complain,
    tell: (error) => { printError(error, io.stderr, false) },
    ask: async (question) => {
      io.stdout.write(`${question} `)
      return answers.next(abort.signal)
    },
    open: (config) => Promise.resolve(createAppContext({
      options: { config }, env: io.env, signal: abort.signal, logger: silentLogger, events: legacyLog(wholeLog ? say : complain, wholeLog), print: say, invoke, takesDatabase,
      // What a step warned of is in the log already.
      warn: (code, message) => {
        if (warned.has(`${code} ${message}`)) return
        warned.add(`${code} ${message}`)
        complain(`warning: ${message} [${code}]`)
      },
    })),
  }
  try {
    const exitCode = await (await programs[called.program]())(call)
    return signalCode ?? exitCode
  } catch (error) {
    call.tell(error)
    return signalCode ?? legacyExitCode(exitCodeOf(error))
  }
}
