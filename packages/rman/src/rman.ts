import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { hasErrorCode } from '@icb/runtime'
import type { Logger, ProcessResult, ProcessRunner } from '@icb/runtime'
import { rmanErrors } from './errors.ts'
import { createRmanParser } from './rman-parser.ts'
import type { Rman, RmanEvent, RmanMessage, RmanResult, RmanRunOptions } from './rman-event.ts'

export interface RmanOptions {
  readonly oracleHome: string
  /** `/` (local instance, ORACLE_SID in `env`) or `/@alias` (password from the wallet). */
  readonly connect: string
  /** Default `sysdba`, which RMAN implies; `sysbackup` needs 12.1. */
  readonly privilege?: 'sysdba' | 'sysbackup'
  /** Recovery catalog, `/@alias`. Never for a restored copy: it would register itself as the source. */
  readonly catalog?: string
  /** The child's whole environment (clean, English, fixed date format). */
  readonly env: Readonly<Record<string, string>>
  readonly runProcess: ProcessRunner
  readonly logger: Logger
  /** Where the raw output goes as well: a file to append to, or a function. */
  readonly tee?: string | ((line: string) => void)
}

/** Messages beyond this many are counted in the log only. */
const keptMessages = 500

/**
 * RMAN against one target: each run is one process, commands on standard input, output parsed as it comes.
 * RMAN goes on after a failed command on standard input, so put what belongs together into one RUN block.
 * @throws ICB_RMAN_SCRIPT for a connect string or command id that cannot be sent; ICB_RMAN_START from `run`.
 */
export function createRman(options: RmanOptions): Rman {
  const target = connectString(options.connect, options.privilege)
  const catalog = options.catalog === undefined ? undefined : connectString(options.catalog)
  return {
    async run(run: RmanRunOptions): Promise<RmanResult> {
      run.signal?.throwIfAborted()
      const stdin = composeScript(run, target, catalog)
      const summary = new RunSummary()
      const parser = createRmanParser((event) => {
        summary.add(event)
        if (event.type === 'unknown') options.logger.debug({ line: event.text }, 'RMAN printed a line of no known kind')
        run.onEvent?.(event)
      })
      const log = openLog(options.tee)
      try {
        const result = await options.runProcess(
          {
            file: `${options.oracleHome}/bin/rman`,
            args: [],
            env: options.env,
            stdin,
            deadlineMs: run.deadlineMs,
            onLine: (line, stream) => {
              log.write(line)
              run.onLine?.(line)
              if (stream === 'stdout') parser.push(line)
            },
          },
          { signal: run.signal },
        )
        if (result.canceled) run.signal?.throwIfAborted()
        parser.end()
        return summary.result(result)
      } catch (error) {
        if (hasErrorCode(error, 'ICB_PROCESS_START')) {
          throw rmanErrors.START(`${options.oracleHome}/bin/rman cannot be started: ${error.message}`, { cause: error, hint: 'check oraclehome and the permissions of its programs' })
        }
        throw error
      } finally {
        log.close()
      }
    },
  }
}

/** The whole standard input of one run. CONNECT comes first, because SET COMMAND ID marks the session that it makes. */
export function composeScript(run: Pick<RmanRunOptions, 'script' | 'commandId'>, target: string, catalog?: string): string {
  if (!/^[\w.:-]{1,30}$/.test(run.commandId)) throw rmanErrors.SCRIPT(`${JSON.stringify(run.commandId)} cannot be a command id`, { hint: 'at most 30 letters, digits and "_.:-"' })
  return [
    'SET ECHO ON;',
    `CONNECT TARGET ${target};`,
    ...(catalog === undefined ? [] : [`CONNECT CATALOG ${catalog};`]),
    `SET COMMAND ID TO '${run.commandId}';`,
    run.script.trimEnd(),
    'EXIT;',
    '',
  ].join('\n')
}

function connectString(connect: string, privilege?: 'sysdba' | 'sysbackup'): string {
  if (!/^\/(@[\w.:/,$#-]+)?$/.test(connect)) {
    throw rmanErrors.SCRIPT('a connect string must be "/" or "/@alias"', { hint: 'put the password into an Oracle wallet (mkstore -createCredential) and connect as /@alias' })
  }
  // Without AS the session is SYSDBA; 11.2 does not know the long form.
  return privilege === 'sysbackup' ? `"${connect} as sysbackup"` : connect
}

/** What a run's events come down to. */
class RunSummary {
  readonly #errors: RmanMessage[] = []
  readonly #warnings: RmanMessage[] = []
  #connected: RmanResult['connected']
  #complete = false

  add(event: RmanEvent): void {
    if (event.type === 'message') {
      const list = event.inErrorStack ? this.#errors : this.#warnings
      if (list.length < keptMessages) list.push({ code: event.code, text: event.text })
    } else if (event.type === 'connected' && event.role === 'target') {
      this.#connected = { name: event.name ?? '', ...(event.dbid === undefined ? {} : { dbid: event.dbid }), state: event.state }
    } else if (event.type === 'complete') this.#complete = true
  }

  result(result: ProcessResult): RmanResult {
    return {
      ok: result.exitCode === 0 && !result.timedOut && this.#complete && this.#errors.length === 0,
      exitCode: result.exitCode,
      timedOut: result.timedOut,
      errors: this.#errors,
      warnings: this.#warnings,
      ...(this.#connected === undefined ? {} : { connected: this.#connected }),
      durationMs: result.durationMs,
      tail: result.tail,
    }
  }
}

interface RawLog {
  write(line: string): void
  close(): void
}

/** Written line by line and not buffered, so that a crash loses nothing and memory stays flat. */
function openLog(tee: RmanOptions['tee']): RawLog {
  if (tee === undefined) return { write: () => undefined, close: () => undefined }
  if (typeof tee === 'function') return { write: tee, close: () => undefined }
  mkdirSync(dirname(tee), { recursive: true })
  const descriptor = openSync(tee, 'a', 0o640)
  return {
    write: (line) => void writeSync(descriptor, `${line}\n`),
    close: () => {
      closeSync(descriptor)
    },
  }
}
