import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describePlan } from './plan.ts'
import { Worker } from './run.ts'
import type { RunReport, WorkerOptions } from './run.ts'
import { renderTable, summaryLine } from './table.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' }, first: { type: 'string', default: '0' }, workers: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    replay: { type: 'string' }, json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false }, worker: { type: 'string' },
  },
})
const json = values.json
const tell = (text: string): void => { if (!json) process.stdout.write(`${text}\n`) }

if (values.worker !== undefined) await work(JSON.parse(values.worker) as WorkerOptions)
else process.exitCode = await torture()

/** A worker's process: it gets numbers of runs and answers their reports. */
async function work(options: WorkerOptions): Promise<void> {
  const worker = new Worker(options)
  process.on('SIGINT', () => undefined)
  let last: Promise<unknown> = Promise.resolve()
  process.on('message', (run: number) => {
    last = last.then(async () => {
      const report = await worker.run(run)
      process.send?.(report)
    })
  })
  await new Promise((resolve) => process.once('disconnect', resolve))
  await last
  await worker[Symbol.asyncDispose]()
}

async function torture(): Promise<number> {
  const seed = Number(values.seed)
  const numbers = values.replay === undefined ? Array.from({ length: Number(values.runs) }, (_, index) => Number(values.first) + index) : [Number(values.replay)]
  const begun = performance.now()
  const reports = await runAll(numbers, { seed, keep: values.keep }, Math.min(Number(values.workers), numbers.length), (report, done) => {
    const { plan, findings } = report
    if (findings.length > 0 || values.verbose) {
      tell(`run ${String(plan.run)}: ${describePlan(plan)}${report.struck ? '' : ' (came too late)'}; exit ${String(report.exitCode)}${report.code === undefined ? '' : ` ${report.code}`}, ${report.attackSeconds.toFixed(1)} of ${report.seconds.toFixed(1)} s`)
      if (values.verbose) for (const undone of report.undone) tell(`    undone: ${undone}`)
      for (const finding of findings) tell(`    ${finding.kind.toUpperCase()}: ${finding.text}`)
      if (findings.length > 0) tell(`    again: npm run torture -- --seed ${String(plan.seed)} --replay ${String(plan.run)}`)
    } else if (done % 50 === 0) tell(`${String(done)} runs, ${Math.round((performance.now() - begun) / 1000)} s`)
  })
  const bad = reports.filter((report) => report.findings.length > 0)
  if (json) process.stdout.write(`${JSON.stringify({ schema: 'icb/torture/1', seed, ok: bad.length === 0, seconds: Math.round((performance.now() - begun) / 1000), summary: summaryLine(reports), runs: reports }, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`)
  tell('')
  for (const line of renderTable(reports)) tell(line)
  tell('')
  tell(`seed ${String(seed)}, ${((performance.now() - begun) / 1000 / Math.max(1, reports.length)).toFixed(1)} s a run`)
  tell(summaryLine(reports))
  return bad.length === 0 ? 0 : 1
}

async function runAll(numbers: readonly number[], options: WorkerOptions, workers: number, onReport: (report: RunReport, done: number) => void): Promise<readonly RunReport[]> {
  const left = [...numbers]
  const reports: RunReport[] = []
  await Promise.all(Array.from({ length: workers }, () => new Promise<void>((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--worker', JSON.stringify(options)], { execArgv: process.execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const next = (): void => {
      const number = left.shift()
      if (number === undefined) child.disconnect()
      else child.send(number)
    }
    child.on('message', (report: RunReport) => {
      reports.push(report)
      onReport(report, reports.length)
      next()
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`a worker ended with ${String(code ?? signal)}`))
    })
    next()
  })))
  return reports.sort((a, b) => a.plan.run - b.plan.run)
}
