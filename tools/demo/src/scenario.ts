import type { IcbDocument, Stage, StageHost } from '@icb/testing'
import type { Narrator } from './narrator.ts'
import { damageBlock, removeArchivedLog, replaceControlFile } from './sabotage.ts'
import type { Sabotage } from './sabotage.ts'

export interface VerdictSummary {
  readonly outcome: string
  readonly reasons: readonly { readonly code: string; readonly text: string }[]
  readonly snapshot?: string
  readonly target?: { readonly scn?: string; readonly time?: string }
  readonly verified?: { readonly scn?: string; readonly time?: string }
  readonly scnDifference?: string
  readonly timeDifferenceSeconds?: number
}

export interface DemoReport {
  readonly ok: boolean
  readonly storage: string
  readonly backups: readonly unknown[]
  readonly recoveryPoints: readonly unknown[]
  readonly restoreTests: readonly { readonly snapshot: string | undefined; readonly verdict: VerdictSummary }[]
  readonly sabotage: readonly { readonly what: string; readonly expected: string; readonly snapshot: string; readonly verdict: VerdictSummary }[]
  readonly seconds: number
}

/** One command of the product: shown, run, its document kept. */
async function run(stage: Stage, tell: Narrator, host: StageHost, args: readonly string[]): Promise<IcbDocument> {
  tell.command(`icb ${args.join(' ')}      (on ${host})`)
  const titles = new Map<string, string>()
  return stage.icbJson(host, args, {
    onEvent: (line) => {
      const event = JSON.parse(line) as StepLine
      if (event.type === 'step.started') titles.set(event.step, event.title)
      if (event.type === 'step.finished') tell.step(titles.get(event.step) ?? event.step, event.durationMs / 1000, event.summary)
      if (event.type === 'step.failed') tell.step(`${titles.get(event.step) ?? event.step}: FAILED`, event.durationMs / 1000, undefined)
    },
  })
}

type StepLine =
  | { readonly type: 'step.started'; readonly step: string; readonly title: string }
  | { readonly type: 'step.finished'; readonly step: string; readonly durationMs: number; readonly summary?: string }
  | { readonly type: 'step.failed'; readonly step: string; readonly durationMs: number }
  | { readonly type: 'run.started' }

function must(document: IcbDocument, what: string): IcbDocument {
  if (!document.ok) throw new Error(`${what} failed: ${document.error?.code ?? ''} ${document.error?.message ?? JSON.stringify(document.result)}`)
  return document
}

interface TestResult {
  readonly restoreTests: readonly { readonly verdict?: VerdictSummary; readonly error?: { readonly code: string; readonly message: string } }[]
}

async function restoreTest(stage: Stage, tell: Narrator, options: { readonly snapshot?: string; readonly validate: string }): Promise<VerdictSummary> {
  const document = await run(stage, tell, 'sandbox', ['restore-test', stage.database, ...(options.snapshot === undefined ? [] : ['--snapshot', options.snapshot]), '--validate', options.validate])
  const [test] = (document.result as TestResult | undefined)?.restoreTests ?? []
  if (test?.verdict === undefined) throw new Error(`the restore test gave no verdict: ${document.error?.code ?? test?.error?.code ?? ''} ${document.error?.message ?? test?.error?.message ?? ''}`)
  const { verdict } = test
  tell.line(`  ${verdict.outcome === 'passed' ? '✓' : '✗'} ${verdict.outcome}  ${verdict.snapshot ?? ''}`)
  if (verdict.target !== undefined) tell.line(`    expected  SCN ${verdict.target.scn ?? '?'}  ${verdict.target.time ?? ''}`)
  if (verdict.verified !== undefined) tell.line(`    verified  SCN ${verdict.verified.scn ?? '?'}  ${verdict.verified.time ?? ''}`)
  if (verdict.scnDifference !== undefined) tell.line(`    difference  ${verdict.scnDifference} SCNs${verdict.timeDifferenceSeconds === undefined ? '' : `, ${String(verdict.timeDifferenceSeconds)} s`}`)
  for (const reason of verdict.reasons) tell.line(`    ${reason.code}: ${reason.text}`)
  return verdict
}

async function workload(stage: Stage, tell: Narrator, transactions: number): Promise<void> {
  tell.line(`  the application commits ${String(transactions)} transactions`)
  const result = await stage.lab(['workload', stage.labDirectory, stage.database, '--transactions', String(transactions)], { onStdout: () => undefined })
  if (result.exitCode !== 0) throw new Error(`lab workload failed: ${result.stderr}`)
}

interface PointRow {
  readonly snapshot: { readonly name: string; readonly createdAt: string }
  readonly state: string
  readonly restorable?: boolean
  readonly entry?: { readonly minScn?: string; readonly lastScn?: string; readonly remarks?: readonly string[] }
  readonly proof?: { readonly outcome: string }
}

async function recoveryPoints(stage: Stage, tell: Narrator): Promise<readonly PointRow[]> {
  const points = must(await run(stage, tell, 'prod', ['snapshot', 'list', stage.database]), 'snapshot list').result as readonly PointRow[]
  tell.line(`  ${'SNAPSHOT'.padEnd(48)} ${'STATE'.padEnd(11)} ${'FROM SCN'.padStart(10)} ${'TO SCN'.padStart(10)}  PROOF`)
  for (const point of points) tell.line(`  ${point.snapshot.name.padEnd(48)} ${point.state.padEnd(11)} ${(point.entry?.minScn ?? '').padStart(10)} ${(point.entry?.lastScn ?? '').padStart(10)}  ${point.proof?.outcome ?? ''}`)
  return points
}

/** The whole method on one stage: backups, recovery points, a passed restore test, then three sabotages that must be found. */
export async function playScenario(stage: Stage, tell: Narrator, options: { readonly seed: number; readonly storage: string; readonly now: () => number }): Promise<DemoReport> {
  const started = options.now()
  const { database } = stage
  tell.chapter('Prepare the database (archive destination in the backup area, change tracking, RMAN settings)')
  const configured = must(await run(stage, tell, 'prod', ['configure', database, '--yes']), 'configure').result as { readonly applied: readonly string[] }
  tell.line(`  ${String(configured.applied.length)} changes: ${configured.applied.join(', ')}`)

  tell.chapter('Three days of backups: the first copies every file, the next ones merge what changed')
  const backups: unknown[] = []
  for (let day = 1; day <= 3; day += 1) {
    await workload(stage, tell, 60)
    const result = must(await run(stage, tell, 'prod', ['backup', database]), 'backup').result as { readonly snapshot?: { readonly name: string }; readonly refresh?: { readonly merged: readonly number[]; readonly created: readonly number[] } }
    tell.line(`  ✓ ${String(result.refresh?.merged.length ?? 0)} files merged, ${String(result.refresh?.created.length ?? 0)} copied; ${result.snapshot === undefined ? 'no snapshot yet: there was nothing to keep' : `snapshot ${result.snapshot.name}`}`)
    backups.push(result)
  }
  await workload(stage, tell, 60)

  tell.chapter('The recovery points')
  const points = await recoveryPoints(stage, tell)

  tell.chapter('Prove the newest one: clone, recover to its last SCN, open, verify, read every block')
  const newest = await restoreTest(stage, tell, { validate: 'always' })
  const restoreTests: DemoReport['restoreTests'][number][] = [{ snapshot: newest.snapshot, verdict: newest }]

  const sabotages: readonly Sabotage[] = [removeArchivedLog(), damageBlock(options.seed), replaceControlFile()]
  const sabotage: DemoReport['sabotage'][number][] = []
  for (const each of sabotages) {
    tell.chapter(`Sabotage: ${each.title}`)
    const undo = await each.apply(stage, (text) => { tell.line(`  ${text}`) })
    const created = must(await run(stage, tell, 'prod', ['snapshot', 'create', database, '--reason', `sabotage: ${each.what}`]), 'snapshot create')
    for (const warning of created.warnings) tell.line(`  ! ${warning.message}`)
    const { snapshot } = created.result as { readonly snapshot: string }
    await undo()
    sabotage.push({ what: each.what, expected: each.expected, snapshot, verdict: await restoreTest(stage, tell, { snapshot, validate: 'always' }) })
  }

  tell.chapter('The undamaged neighbour still passes')
  const neighbour = points.at(-1)?.snapshot.name
  if (neighbour === undefined) throw new Error('there is no recovery point')
  restoreTests.push({ snapshot: neighbour, verdict: await restoreTest(stage, tell, { snapshot: neighbour, validate: 'always' }) })

  const passed = restoreTests.every((test) => test.verdict.outcome === 'passed')
  const found = sabotage.every((entry) => entry.verdict.outcome === 'failed' && entry.verdict.reasons.length === 1 && entry.verdict.reasons[0]?.code === entry.expected)
  const seconds = Math.round((options.now() - started) / 100) / 10
  tell.line()
  tell.line(passed && found ? `All ${String(restoreTests.length)} good recovery points were proven, all ${String(sabotage.length)} sabotages were found, in ${String(seconds)} s.` : 'The demo FAILED: a verdict is not what it must be.')
  return { ok: passed && found, storage: options.storage, backups, recoveryPoints: await recoveryPoints(stage, tell), restoreTests, sabotage, seconds }
}
