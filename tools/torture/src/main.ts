import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { sweepOwnedPlaces } from '@icb/testing'
import { describePlan, planOf } from './plan.ts'
import { Worker } from './run.ts'
import type { RunReport, WorkerOptions } from './run.ts'
import { renderTable, summaryLine } from './table.ts'
import { buildVariant, readPatches } from './variants.ts'
import type { BrokenGuarantee, Variant } from './variants.ts'
import { runAll } from './workers.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' }, first: { type: 'string', default: '0' }, workers: { type: 'string', default: String(Math.min(3, availableParallelism() + 1)) },
    replay: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false }, patches: { type: 'boolean', default: false }, patch: { type: 'string', multiple: true }, worker: { type: 'string' },
  },
})
const json = values.json
const tell = (text: string): void => { if (!json) process.stdout.write(`${text}\n`) }

if (values.worker === undefined) for (const prefix of ['icb-stage-', 'icb-variant-']) for (const place of await sweepOwnedPlaces(prefix)) process.stderr.write(`removed ${place}: its process has ended\n`)

if (values.worker !== undefined) await work(JSON.parse(values.worker) as WorkerOptions)
else if (values.patches || values.patch !== undefined) process.exitCode = await breakGuarantees(values.patch)
else process.exitCode = await torture()

/** A worker's process: it gets numbers of runs and answers their reports. */
async function work(options: WorkerOptions): Promise<void> {
  const worker = new Worker(options)
  process.on('SIGINT', () => undefined)
  let last: Promise<unknown> = Promise.resolve()
  process.on('message', (run: number) => {
    last = last.then(async () => {
      const report = await worker.run(run)
      if (process.connected) process.send?.(report)
    })
  })
  await new Promise((resolve) => process.once('disconnect', resolve))
  await last
  await worker[Symbol.asyncDispose]()
}

async function torture(): Promise<number> {
  const seed = Number(values.seed)
  const numbers = values.replay === undefined ? numbersOf(seed, Number(values.first), Number(values.runs), values.only) : [Number(values.replay)]
  const begun = performance.now()
  const reports = await runAll(numbers, { seed, keep: values.keep }, Number(values.workers), (report, done) => {
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

/** Each broken guarantee must be caught within 200 runs; of the seed's first thousand those come first that look like it. */
async function breakGuarantees(only: readonly string[] | undefined): Promise<number> {
  const seed = Number(values.seed)
  const all = readPatches()
  const chosen = only === undefined ? all : all.filter((patch) => only.includes(patch.name))
  for (const name of only ?? []) if (!all.some((patch) => patch.name === name)) throw new Error(`there is no patch ${name}: ${all.map((patch) => patch.name).join(', ')}`)
  const results: { patch: string; guarantee: string; caught: boolean; run?: number; tried: number; finding: string }[] = []
  for (const patch of chosen) {
    const result = await breakOne(patch, seed)
    results.push(result)
    tell(`${result.caught ? 'caught' : 'NOT CAUGHT'}  ${result.patch}: ${result.guarantee}`)
    tell(`    ${result.caught ? `run ${String(result.run)}, the ${String(result.tried)}. tried: ` : `${String(result.tried)} runs: `}${result.finding}`)
  }
  const missed = results.filter((result) => !result.caught)
  if (json) process.stdout.write(`${JSON.stringify({ schema: 'icb/torture-patches/1', seed, ok: missed.length === 0, patches: results }, null, 2)}\n`)
  tell(`${String(results.length)} broken guarantees, ${String(results.length - missed.length)} caught`)
  return missed.length === 0 && results.length > 0 ? 0 : 1
}

async function breakOne(patch: BrokenGuarantee, seed: number): Promise<{ patch: string; guarantee: string; caught: boolean; run?: number; tried: number; finding: string }> {
  const about = { patch: patch.name, guarantee: patch.guarantee }
  let variant: Variant
  try {
    variant = buildVariant(patch)
  } catch (error) {
    return { ...about, caught: false, tried: 0, finding: `it cannot be tried: ${error instanceof Error ? error.message : String(error)}` }
  }
  try {
    const numbers = Array.from({ length: 1000 }, (_, index) => index)
    const likely = numbers.filter((run) => describePlan(planOf(seed, run)).includes(patch.first))
    const ordered = [...likely, ...numbers.filter((run) => !likely.includes(run))].slice(0, 200)
    const reports = await runAll(ordered, { seed, icb: variant.icb, builtDirectory: variant.builtDirectory }, Number(values.workers), (report) => { if (values.verbose) tell(`  ${patch.name}, run ${String(report.plan.run)}: ${describePlan(report.plan)}${report.struck ? '' : ' (came too late)'}; ${report.findings[0]?.text ?? 'nothing'}`) }, (report) => caughtBy(report) !== undefined)
    const bad = reports.find((report) => caughtBy(report) !== undefined)
    return { ...about, caught: bad !== undefined, ...(bad === undefined ? {} : { run: bad.plan.run }), tried: reports.length, finding: (bad === undefined ? undefined : caughtBy(bad)) ?? 'nothing was noticed' }
  } finally {
    variant[Symbol.dispose]()
  }
}

/** What was noticed of the product; trouble of the harness itself notices nothing. */
function caughtBy(report: RunReport): string | undefined {
  return report.findings.find((finding) => finding.harness !== true)?.text
}

/** The numbers of so many runs, of those only whose plan reads like that. */
function numbersOf(seed: number, first: number, count: number, only: string | undefined): readonly number[] {
  const numbers: number[] = []
  for (let run = first; numbers.length < count && run < first + 100_000; run += 1) if (only === undefined || describePlan(planOf(seed, run)).includes(only)) numbers.push(run)
  return numbers
}
