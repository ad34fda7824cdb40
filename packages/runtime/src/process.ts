export interface ProcessSpec {
  /** Program: an absolute path, or a name looked up in `env.PATH`. */
  readonly file: string
  /** Never a secret: arguments are visible to everybody on the host. */
  readonly args: readonly string[]
  readonly cwd?: string
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** Written to standard input, which is then closed. */
  readonly stdin?: string
  /** The whole process group is ended when this much time has passed. */
  readonly deadlineMs: number
  /** Time between SIGTERM and SIGKILL to the group. Default 2000. */
  readonly killGraceMs?: number
  /** Longer lines are cut (and counted); default 65536 characters. */
  readonly maxLineLength?: number
  /** How many of the last lines the result keeps; default 200. */
  readonly keepLines?: number
  /** Standard output is a secret (a password command): its lines reach `onLine` as they are and are kept in no tail. Default false. */
  readonly secretOutput?: boolean
  /** Called for each complete line, already redacted. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void
}

export interface ProcessResult {
  /** `null` when ended by a signal. */
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly canceled: boolean
  readonly durationMs: number
  /** The last lines of both streams, redacted, in order of arrival. */
  readonly tail: readonly string[]
  readonly lineCount: number
  readonly cutLines: number
}

export interface RunProcessOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs one program to its end. It resolves also for a failure of the program: look at the result.
 * @throws ICB_PROCESS_START when the program cannot be started at all.
 */
export type ProcessRunner = (spec: ProcessSpec, options?: RunProcessOptions) => Promise<ProcessResult>
