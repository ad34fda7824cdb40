import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from './clock.ts'
import { defineErrors } from './errors.ts'
import type { DefinedErrors, ErrorDefinition } from './errors.ts'
import { createLineSplitter } from './line-splitter.ts'
import type { Logger } from './logger.ts'
import type { ProcessResult, ProcessRunner, ProcessSpec, RunProcessOptions } from './process.ts'
import { longestSecretForm, redact } from './secret.ts'

/** The error list of running programs. */
export const processErrors: DefinedErrors<Record<'START', ErrorDefinition>> = defineErrors('PROCESS', {
  START: { remedy: 'fix', summary: 'A program could not be started: it is missing, not executable, or the host has no room for it.' },
})

export interface ProcessRunnerOptions {
  readonly clock: Clock
  readonly logger: Logger
}

/** A {@link ProcessRunner} that knows which of its programs still run. */
export type ChildProcessRunner = ProcessRunner & {
  /** Ends the process groups of all running programs (their results say `canceled`); resolves when they are gone. For a lost lease. */
  killAll(): Promise<void>
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Runs programs, each in a process group of its own, so that a deadline or an abort ends it with everything it started:
 * SIGTERM to the group, `killGraceMs` later SIGKILL. Programs that left the group (a database instance has its own session)
 * are not touched. The child sees exactly `spec.env`.
 */
export function createProcessRunner(options: ProcessRunnerOptions): ChildProcessRunner {
  const running = new Map<AbortController, Promise<unknown>>()
  const run = async (spec: ProcessSpec, runOptions: RunProcessOptions = {}): Promise<ProcessResult> => {
    const stop = new AbortController()
    const signal = runOptions.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, runOptions.signal])
    const result = runChild(spec, signal, options)
    running.set(stop, result)
    try {
      return await result
    } finally {
      running.delete(stop)
    }
  }
  const killAll = async (): Promise<void> => {
    const ending = [...running.values()]
    for (const stop of running.keys()) stop.abort()
    await Promise.allSettled(ending)
  }
  return Object.assign(run, { killAll })
}

async function runChild(spec: ProcessSpec, signal: AbortSignal, { clock, logger }: ProcessRunnerOptions): Promise<ProcessResult> {
  const begun = clock.monotonic()
  const output = collectLines(spec)
  const result = (exitCode: number | null, endSignal: string | null, why: { readonly timedOut?: boolean; readonly canceled?: boolean }): ProcessResult => ({
    exitCode,
    signal: endSignal,
    timedOut: why.timedOut ?? false,
    canceled: why.canceled ?? false,
    durationMs: Math.round(clock.monotonic() - begun),
    tail: output.tail,
    lineCount: output.counts.lines,
    cutLines: output.counts.cut,
  })
  if (signal.aborted) return result(null, null, { canceled: true })

  const { child, pid } = await start(spec)
  logger.debug({ file: spec.file, pid }, 'program started')
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, endSignal) => {
      resolve({ code, signal: endSignal })
    })
  })
  const streamsClosed = Promise.all([readLines(child.stdout, output.stdout), readLines(child.stderr, output.stderr)])
  void writeInput(child.stdin, spec.stdin ?? '')

  const graceMs = spec.killGraceMs ?? 2000
  const settled = new AbortController()
  const state = { timedOut: false }
  const interrupted = new Promise<'interrupted'>((resolve) => {
    const interrupt = (): void => {
      resolve('interrupted')
    }
    signal.addEventListener('abort', interrupt, { once: true, signal: settled.signal })
    // Aborted while the program was being started: the event is gone already.
    if (signal.aborted) interrupt()
    output.onFailure(interrupt)
    clock.sleep(spec.deadlineMs, settled.signal).then(
      () => {
        state.timedOut = !signal.aborted && !settled.signal.aborted
        interrupt()
      },
      () => undefined,
    )
  })
  const drained = exited.then(() =>
    // A program left behind by the child may hold the pipes open for ever; the child's own output is long there.
    Promise.race([streamsClosed.then(() => 'closed' as const), clock.sleep(graceMs, settled.signal).then(() => 'held' as const)]),
  )
  drained.catch(() => undefined)
  try {
    const end = await Promise.race([drained, interrupted])
    if (end === 'interrupted') await killGroup(pid, graceMs, clock)
    if (end === 'held') logger.warn({ file: spec.file, pid }, 'a program left behind keeps the output of an ended one open; its further output is not read')
    const exit = await exited
    settled.abort()
    // Everything dead: what is still in the pipes arrives at once. Somebody outside the group alive: do not wait for it.
    if (end === 'interrupted') await Promise.race([streamsClosed, clock.sleep(graceMs)])
    child.stdout.destroy()
    child.stderr.destroy()
    output.rethrow()
    logger.debug({ file: spec.file, pid, exitCode: exit.code, signal: exit.signal, timedOut: state.timedOut }, 'program ended')
    return result(exit.code, exit.signal, { timedOut: state.timedOut, canceled: end === 'interrupted' && !state.timedOut })
  } finally {
    settled.abort()
    child.stdin.destroy()
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

async function start(spec: ProcessSpec): Promise<{ child: Child; pid: number }> {
  try {
    const child = spawn(spec.file, [...spec.args], {
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      env: { ...spec.env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    // Later errors (a signal that cannot be delivered) are seen in the result of the ladder.
    child.on('error', () => undefined)
    if (child.pid === undefined) throw new Error('no process id')
    return { child, pid: child.pid }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw processErrors.errors.START(`cannot start ${redact(spec.file)}: ${redact(reason)}`, {
      hint: 'Check that the program exists, may be executed by this user, and that the working directory is there.',
      details: { file: redact(spec.file), ...(spec.cwd === undefined ? {} : { cwd: redact(spec.cwd) }) },
      cause: error,
    })
  }
}

/** True while any process of the group is there (a zombie counts). */
function groupExists(pid: number): boolean {
  return signalGroup(pid, 0)
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch (error) {
    // EPERM: somebody is there who is not ours to signal (a setuid program).
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function killGroup(pid: number, graceMs: number, clock: Clock): Promise<void> {
  signalGroup(pid, 'SIGTERM')
  const end = clock.monotonic() + graceMs
  while (groupExists(pid) && clock.monotonic() < end) await clock.sleep(Math.min(20, graceMs))
  if (groupExists(pid)) signalGroup(pid, 'SIGKILL')
}

const inputChunk = 65_536

async function writeInput(stdin: Writable, text: string): Promise<void> {
  function* chunks(): Generator<string> {
    for (let at = 0; at < text.length; at += inputChunk) yield text.slice(at, at + inputChunk)
  }
  try {
    await pipeline(Readable.from(chunks()), stdin)
  } catch {
    // EPIPE: the program ended without reading its script to the end; its exit code tells why.
  }
}

async function readLines(stream: Readable, sink: { write(chunk: Buffer): void; end(): void }): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      sink.write(chunk)
    })
    stream.once('end', () => {
      sink.end()
    })
    stream.once('error', () => undefined)
    stream.once('close', resolve)
  })
}

function collectLines(spec: ProcessSpec) {
  const maxLineLength = spec.maxLineLength ?? 65_536
  const keepLines = spec.keepLines ?? 200
  const tail: string[] = []
  const counts = { lines: 0, cut: 0 }
  const failure: { error?: unknown; failed: boolean; listener?: () => void } = { failed: false }
  const splitter = (stream: 'stdout' | 'stderr') => {
    const secret = spec.secretOutput === true && stream === 'stdout'
    // A secret that lies across the cut must not show its first half: read past the cut, redact, drop what was read past it.
    return createLineSplitter(
      () => maxLineLength + longestSecretForm(),
      (raw, cutRaw) => {
        if (failure.failed) return
        const clean = secret ? raw : redact(raw)
        const whole = cutRaw ? clean.slice(0, Math.max(0, clean.length - longestSecretForm())) : clean
        const cut = cutRaw || whole.length > maxLineLength
        const line = whole.slice(0, maxLineLength)
        counts.lines += 1
        if (cut) counts.cut += 1
        if (!secret) {
          tail.push(line)
          if (tail.length > keepLines) tail.shift()
        }
        try {
          spec.onLine?.(line, stream)
        } catch (error) {
          failure.failed = true
          failure.error = error
          failure.listener?.()
        }
      },
    )
  }
  return {
    tail,
    counts,
    stdout: splitter('stdout'),
    stderr: splitter('stderr'),
    /** A reader that throws ends the program: nobody understands its output any more. */
    onFailure: (listener: () => void): void => {
      failure.listener = listener
      if (failure.failed) listener()
    },
    rethrow: (): void => {
      if (failure.failed) throw failure.error
    },
  }
}
