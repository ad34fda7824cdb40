import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage } from '@icb/testing'
import type { Stage, StageHost } from '@icb/testing'
import type { Measurement } from './measurement.ts'

const rounds = 5
/** Steps that do nothing but wait for the storage. */
const storageSteps: ReadonlySet<string> = new Set(['snapshot-create', 'create-clone'])

interface Interval {
  readonly from: number
  readonly to: number
}

/** Time covered by intervals that may overlap. */
function covered(intervals: readonly Interval[]): number {
  let [sum, end] = [0, Number.NEGATIVE_INFINITY]
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    if (to > end) sum += to - Math.max(from, end)
    end = Math.max(end, to)
  }
  return sum
}

/** When Oracle's programs ran, from the debug log of the product's process runner. */
function programTimes(log: string): readonly Interval[] {
  const started = new Map<number, number>()
  const found: Interval[] = []
  for (const line of log.split('\n')) {
    if (!line.startsWith('{')) continue
    const { time, pid, msg } = JSON.parse(line) as { time: string; pid?: number; msg: string }
    if (pid === undefined) continue
    if (msg === 'program started') started.set(pid, Date.parse(time))
    if (msg === 'program ended') found.push({ from: started.get(pid) ?? Date.parse(time), to: Date.parse(time) })
  }
  return found
}

/** When steps of the storage ran, from the events. */
function storageTimes(events: string): readonly Interval[] {
  return events.trimEnd().split('\n').flatMap((line) => {
    const { type, at, step, durationMs } = JSON.parse(line) as { type: string; at: string; step?: string; durationMs?: number }
    return type === 'step.finished' && storageSteps.has(step ?? '') && durationMs !== undefined ? [{ from: Date.parse(at) - durationMs, to: Date.parse(at) }] : []
  })
}

/** User and system time of a running program without its children, in seconds, as far as it was seen; a tick is 10 ms. */
function watchCpu(pid: number): () => number {
  let ticks = 0
  const look = (): void => {
    try {
      const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      ticks = Math.max(ticks, Number(fields[11]) + Number(fields[12]))
    } catch {
      // It has ended.
    }
  }
  const timer = setInterval(look, 10)
  return () => {
    clearInterval(timer)
    return ticks / 100
  }
}

interface Share {
  readonly wall: number
  readonly own: number
  /** CPU seconds of the program itself. */
  readonly cpu: number
}

async function timed(stage: Stage, host: StageHost, args: readonly string[], round: string): Promise<Share> {
  const events = join(stage.directory, `bench-${round}.events`)
  let log = ''
  let cpu = (): number => 0
  const begun = performance.now()
  const result = await stage.icb(host, [...args, '--verbose', '--quiet', '--events', events], { onStart: (pid) => { cpu = watchCpu(pid) }, onStdout: () => undefined, onStderr: (text) => { log += text } })
  const wall = performance.now() - begun
  if (result.exitCode !== 0) throw new Error(`icb ${args.join(' ')} ended with ${String(result.exitCode)}\n${result.stdout}\n${result.stderr.slice(-3000)}`)
  return { wall, cpu: cpu(), own: wall - covered([...programTimes(log), ...storageTimes(readFileSync(events, 'utf8'))]) }
}

/** The best of some rounds: on a machine with other work the others say more about that work. Whole runs of the program against the lab: what remains of their time when Oracle's programs and the storage are taken away. */
export async function workflows(): Promise<readonly Measurement[]> {
  await using stage = await createStage({ database: 'orcl' })
  const prepared = await stage.icb('prod', ['configure', 'orcl', '--yes'])
  if (prepared.exitCode !== 0) throw new Error(`icb configure: ${prepared.stderr}`)
  const shares: Record<'backup' | 'restore-test', Share[]> = { backup: [], 'restore-test': [] }
  await timed(stage, 'prod', ['backup', 'orcl'], 'first')
  for (let round = 0; round < rounds; round++) {
    shares.backup.push(await timed(stage, 'prod', ['backup', 'orcl'], `backup-${String(round)}`))
    shares['restore-test'].push(await timed(stage, 'sandbox', ['restore-test', 'orcl', '--validate', 'always'], `restore-test-${String(round)}`))
  }
  return Object.entries(shares).flatMap(([name, all]) => [
    { name: `icb ${name} beyond Oracle's programs and the storage`, value: Math.min(...all.map(({ own }) => own)) / 1000, unit: 's', goal: name === 'backup' ? 0.5 : 1 },
    { name: `icb ${name}, CPU of the program itself`, value: Math.min(...all.map(({ cpu }) => cpu)), unit: 's' },
    { name: `icb ${name} as a whole, against the lab`, value: Math.min(...all.map(({ wall }) => wall)) / 1000, unit: 's' },
  ])
}
