import type { Instance, ServerSession } from '../../engine/instance-api.ts'
import type { Until } from '../grammar/ast.ts'
import { formatDate } from '../nls-date.ts'
import type { RmanEnvironment } from '../request.ts'

/** A server session that works for RMAN. */
export interface Channel {
  readonly name: string
  readonly session: ServerSession
  /** FORMAT of ALLOCATE CHANNEL or of the configured channel. */
  readonly format: string | null
  /** MAXPIECESIZE in bytes. */
  readonly maxPieceSize: string | null
}

export type Newname = { readonly kind: 'new' } | { readonly kind: 'name'; readonly name: string }

/** What the commands of one RUN share. */
export interface RunState {
  readonly channels: Channel[]
  readonly newnames: { database: Newname | null; readonly datafiles: Map<number, Newname>; readonly tempfiles: Map<number, Newname> }
  until: Until | null
}

/** What a server session of RMAN remembers between requests. */
export interface RmanState {
  /** "using target database control file …" was printed. */
  announced: boolean
  defaultChannels: Channel[]
  run: RunState | null
  /** A backup was made whose control file autobackup waits for the end of the series. */
  autobackupDue: boolean
  /** Rows of V$RMAN_STATUS: of the session once it did something, and of the command that runs. */
  sessionStatus: { readonly recid: number; readonly stamp: number } | null
  commandStatus: { readonly recid: number; readonly stamp: number } | null
  /** The session's row is lost, so no more are written. */
  statusDisabled: boolean
}

/** One request being worked on. */
export interface Work {
  readonly instance: Instance
  readonly session: ServerSession
  readonly state: RmanState
  readonly environment: RmanEnvironment
  readonly emit: (line: string) => void
  /** The client's answer to the question of this command; `null` when it was not asked yet. */
  readonly answer: boolean | null
  /** Bytes read and written, for V$RMAN_STATUS. */
  readonly bytes: { input: number; output: number }
  warnings: boolean
}

/** A time as the client's NLS_DATE_FORMAT shows it; now by default. */
export function date(work: Work, time: number = work.instance.host.now()): string {
  return formatDate(time, work.instance.host.timeZone, work.environment.dateFormat)
}

/** `hh:mm:ss` since a moment; RMAN shows at least a second for work on files. */
export function elapsed(work: Work, since: number, atLeast = 1): string {
  const seconds = Math.max(atLeast, Math.round((work.instance.host.now() - since) / 1000))
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** `00012`: how RMAN writes file numbers in its progress lines. */
export function fileNumber(file: number): string {
  return String(file).padStart(5, '0')
}

/** db_unique_name in capitals, as RMAN's headings have it. */
export function uniqueName(work: Work): string {
  return (work.instance.parameters.get('db_unique_name')?.value ?? work.instance.controlFile.name).toUpperCase()
}

/** Says once per session that there is no recovery catalog. */
export function announce(work: Work): void {
  if (work.state.announced) return
  work.state.announced = true
  work.emit('using target database control file instead of recovery catalog')
}
