import type { Logger, ProcessResult, ProcessRunner } from '@icb/runtime'
import { oracleErrors } from './errors.ts'

/** How to reach one database with SQL*Plus. */
export interface SqlPlusTarget {
  readonly oracleHome: string
  /** `/` (local instance, `ORACLE_SID` in `env`) or `/@alias` (password from the wallet). */
  readonly connect: string
  /** Default `sysdba`. */
  readonly privilege?: 'sysdba' | 'sysbackup' | 'none'
  /** The child's whole environment, see `oracleEnvironment`. */
  readonly env: Readonly<Record<string, string>>
  readonly runProcess: ProcessRunner
  readonly logger: Logger
}

export interface SqlPlusRun {
  /** For errors: `v$datafile`, `alter system …`. */
  readonly what: string
  /** Lines after the connect; each statement with its terminator. */
  readonly body: readonly string[]
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
  /** Lines between the connect and the end mark. May throw; the first error is thrown when the program has ended. */
  readonly onLine?: (line: string) => void
  /** Codes that are no failure of this script. */
  readonly expected?: ReadonlySet<string>
}

export interface SqlPlusOutcome {
  /** `conn / as sysdba` found no running instance. */
  readonly idle: boolean
}

const connectedMark = 'ICB.CONNECTED'
const endMark = 'ICB.END'

/** Makes output parseable. `linesize` is a little more than the widest field, so that wide fields stand on lines of their own and are not padded. */
const settings: readonly string[] = [
  'set pagesize 0 linesize 5000 trimout on trimspool on tab off wrap on',
  "set feedback off heading off verify off echo off define off escape off timing off serveroutput off colsep '' null ''",
  'set sqlblanklines on sqlprefix off arraysize 500 long 100000 longchunksize 4000',
]

/** Errors that are only news: password about to expire, obsolete or deprecated parameters. */
const news: ReadonlySet<string> = new Set(['ORA-28002', 'ORA-28011', 'ORA-32004', 'ORA-32006'])

const errorLine = /^(?:ERROR:\s*)?((?:ORA|SP2|TNS|PLS|PL|CPY|LRM)-\d{4,5}): ?(.*)$/

/**
 * Runs one script on one connection: one `sqlplus -S /nolog` process, script on standard input, nothing on the command line.
 * The end mark proves that every statement was run; without it the output is not believed.
 * @throws ICB_ORACLE_CONNECT, ICB_ORACLE_SQL, ICB_ORACLE_PROTOCOL, ICB_ORACLE_TIMEOUT; the signal's reason when aborted.
 */
export async function runSqlPlus(target: SqlPlusTarget, run: SqlPlusRun): Promise<SqlPlusOutcome> {
  run.signal?.throwIfAborted()
  const seen: Seen = { state: 'connecting', idle: false, problems: [] }
  let failure: unknown
  const onLine = (raw: string): void => {
    const line = raw.replace(/\r$/, '')
    if (line.startsWith(connectedMark)) seen.state = 'connected'
    else if (line.startsWith(endMark)) seen.state = 'ended'
    else if (/^Connected to an idle instance/i.test(line)) seen.idle = true
    else {
      const found = errorLine.exec(line)
      if (found !== null && seen.state !== 'ended') {
        if (seen.problems.length < 50) seen.problems.push({ code: found[1] ?? '', text: (found[2] ?? '').trim() })
      } else if (seen.state === 'connected' && failure === undefined) {
        try {
          run.onLine?.(line)
        } catch (error) {
          failure = error
        }
      }
    }
  }
  const result = await target.runProcess(
    {
      file: `${target.oracleHome}/bin/sqlplus`,
      args: ['-S', '/nolog'],
      env: target.env,
      stdin: script(target, run.body),
      deadlineMs: run.deadlineMs,
      onLine: (line, stream) => {
        if (stream === 'stdout') onLine(line)
      },
    },
    { signal: run.signal },
  )
  if (result.canceled) run.signal?.throwIfAborted()
  if (result.timedOut) throw oracleErrors.TIMEOUT(`${run.what} did not end within ${String(Math.round(run.deadlineMs / 1000))} s`, { details: { what: run.what, deadlineMs: run.deadlineMs } })
  const isNews = (code: string): boolean => news.has(code) || run.expected?.has(code) === true
  const errors = seen.problems.filter((problem) => !isNews(problem.code))
  for (const problem of seen.problems) if (isNews(problem.code)) target.logger.warn({ code: problem.code }, `${problem.code}: ${problem.text}`)
  if (errors.length > 0 || seen.state !== 'ended' || result.exitCode !== 0) throw failed(target, run, { ...seen, errors, result })
  if (result.cutLines > 0) throw oracleErrors.PROTOCOL(`${run.what}: ${String(result.cutLines)} output lines were too long to be read whole`, { details: { what: run.what } })
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- whatever the reader threw
  if (failure !== undefined) throw failure
  return { idle: seen.idle }
}

interface Problem {
  readonly code: string
  readonly text: string
}

interface Seen {
  state: 'connecting' | 'connected' | 'ended'
  idle: boolean
  readonly problems: Problem[]
}

interface Failure extends Seen {
  readonly errors: readonly Problem[]
  readonly result: ProcessResult
}

function failed(target: SqlPlusTarget, run: SqlPlusRun, { errors, state, idle, result }: Failure): Error {
  const codes = [...new Set(errors.map((error) => error.code))]
  const text = errors.map((error) => `${error.code}: ${error.text}`).join('; ')
  const details = { what: run.what, connect: target.connect, codes, idle, exitCode: result.exitCode, tail: result.tail.slice(-20) }
  if (codes.some((code) => code === 'ORA-01034' || code === 'SP2-0640')) {
    return oracleErrors.CONNECT(`${run.what}: no database behind ${target.connect} is running${text === '' ? '' : ` (${text})`}`, { details, hint: 'start the instance, or check ORACLE_SID and the alias' })
  }
  if (state === 'connecting') {
    return oracleErrors.CONNECT(`cannot connect to ${target.connect}: ${text === '' ? `sqlplus ended with ${String(result.exitCode ?? result.signal)}` : text}`, {
      details,
      hint: 'check the alias in tnsnames.ora, the wallet, the listener and the password file',
    })
  }
  if (errors.length > 0) return oracleErrors.SQL(`${run.what}: ${text}`, { details })
  return oracleErrors.PROTOCOL(`${run.what}: the output of sqlplus ends too early (exit ${String(result.exitCode ?? result.signal)})`, { details })
}

function script(target: SqlPlusTarget, body: readonly string[]): string {
  const guards = ['whenever oserror exit failure', 'whenever sqlerror exit failure']
  // Site and user profiles run after each connect, so everything is set again behind it.
  return `${[...guards, ...settings, `conn ${connectString(target)}`, ...guards, ...settings, `prompt ${connectedMark}`, ...body, `prompt ${endMark}`, 'exit success'].join('\n')}\n`
}

function connectString(target: SqlPlusTarget): string {
  if (!/^\/(@[\w.:/,$#-]+)?$/.test(target.connect)) {
    throw oracleErrors.STATEMENT('a connect string must be "/" or "/@alias"', { hint: 'put the password into an Oracle wallet (mkstore -createCredential) and connect as /@alias' })
  }
  const privilege = target.privilege ?? 'sysdba'
  return privilege === 'none' ? target.connect : `${target.connect} as ${privilege}`
}
