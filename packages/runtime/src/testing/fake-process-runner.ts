import type { ProcessResult, ProcessRunner, ProcessSpec, RunProcessOptions } from '../process.ts'
import { redact } from '../secret.ts'

/** What a fake program prints and how it ends; whatever is absent is a quiet success. */
export interface FakeProcess {
  readonly stdout?: string
  readonly stderr?: string
  readonly exitCode?: number | null
  readonly signal?: string | null
  readonly timedOut?: boolean
  readonly canceled?: boolean
}

/** Answers each start; throw to fail it. A list answers in order and refuses to be started more often. */
export type FakeProcessScript = readonly FakeProcess[] | ((spec: ProcessSpec, options: RunProcessOptions) => FakeProcess | Promise<FakeProcess>)

export type FakeProcessRunner = ProcessRunner & {
  /** Every start, in order. */
  readonly calls: readonly ProcessSpec[]
}

function linesOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
}

/** Runs nothing: records what would be started and answers from the script. */
export function fakeProcessRunner(script: FakeProcessScript): FakeProcessRunner {
  const calls: ProcessSpec[] = []
  const run = async (spec: ProcessSpec, options: RunProcessOptions = {}): Promise<ProcessResult> => {
    calls.push(spec)
    const answer = typeof script === 'function' ? await script(spec, options) : script[calls.length - 1]
    if (answer === undefined) throw new Error(`unexpected start number ${String(calls.length)}: ${spec.file} ${spec.args.join(' ')}`)
    const tail: string[] = []
    let lineCount = 0
    for (const stream of ['stdout', 'stderr'] as const) {
      const secret = stream === 'stdout' && spec.secretOutput === true
      for (const raw of linesOf(answer[stream])) {
        const line = secret ? raw : redact(raw)
        lineCount += 1
        if (!secret) tail.push(line)
        spec.onLine?.(line, stream)
      }
    }
    return {
      exitCode: answer.exitCode === undefined ? 0 : answer.exitCode,
      signal: answer.signal ?? null,
      timedOut: answer.timedOut ?? false,
      canceled: answer.canceled ?? false,
      durationMs: 0,
      tail: tail.slice(-(spec.keepLines ?? 200)),
      lineCount,
      cutLines: 0,
    }
  }
  return Object.assign(run, { calls })
}
