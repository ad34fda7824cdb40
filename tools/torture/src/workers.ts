import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunReport, WorkerOptions } from './run.ts'

const program = fileURLToPath(new URL('main.ts', import.meta.url))

/**
 * Runs of these numbers, each worker a process with a lab of its own. Reports come as they are done.
 * @param enough no further run is begun when it says so
 */
export async function runAll(numbers: readonly number[], options: WorkerOptions, workers: number, onReport: (report: RunReport, done: number) => void, enough: (report: RunReport) => boolean = () => false): Promise<readonly RunReport[]> {
  let left = [...numbers]
  const reports: RunReport[] = []
  await Promise.all(Array.from({ length: Math.min(workers, numbers.length) }, () => new Promise<void>((resolve, reject) => {
    const child = fork(program, ['--worker', JSON.stringify(options)], { execArgv: process.execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const next = (): void => {
      const number = left.shift()
      if (number === undefined) child.disconnect()
      else child.send(number)
    }
    child.on('message', (report: RunReport) => {
      reports.push(report)
      onReport(report, reports.length)
      if (enough(report)) left = []
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
