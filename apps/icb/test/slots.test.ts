import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createFleetStage, createStage } from '@icb/testing'
import type { FleetStage, IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

/**
 * Restore tests side by side: as many at a time as there are slots, each in its own, one sabotaged one fails alone, nothing is left.
 * `npm run proof:slots` runs it with 12 tests in 4 slots.
 */

const count = Number(process.env['ICB_PROOF_TESTS'] ?? '3')
const slots = Number(process.env['ICB_PROOF_SLOTS'] ?? '2')
const timeout = 120_000 + count * 60_000

let stage: Stage
let fleet: FleetStage
let victim: string

interface Verdict {
  readonly database: string
  readonly dbid: string
  readonly outcome: string
  readonly reasons: readonly { readonly code: string }[]
  readonly sid: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly restoreSeconds?: number
}

async function done(host: 'prod' | 'sandbox', ...args: readonly string[]): Promise<IcbDocument> {
  const document = await stage.icbJson(host, args, { config: fleet.configs[host] })
  if (document.exitCode !== 0) throw new Error(`icb ${args.join(' ')}: ${JSON.stringify(document)}`)
  return document
}

beforeAll(async () => {
  stage = await createStage({ database: `s${Math.floor(Math.random() * 0xfffff).toString(16)}`, labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
  fleet = await createFleetStage(stage, { databases: count - 1, slots })
  for (const database of fleet.databases) {
    await done('prod', 'configure', database, '--yes')
    await done('prod', 'backup', database)
    await done('prod', 'snapshot', 'create', database)
  }
  // Production is another machine: its instances must not be asked for by every test.
  await stage.lab(['stop', stage.labDirectory, '--abort'])
  victim = fleet.databases[1] ?? ''
  const store = fleet.snapshotsOf(victim)
  const snapshot = join(store, readdirSync(store).sort().at(-1) ?? '')
  const manifestDirectory = readdirSync(snapshot, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('icb-manifest.json'))
  const area = join(snapshot, (manifestDirectory ?? '').replace(/icb-manifest\.json$/, ''))
  const log = readdirSync(join(area, 'archivelog'), { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile()).sort((a, b) => (a.name < b.name ? -1 : 1)).at(-1)
  chmodSync(log?.parentPath ?? '', 0o755)
  rmSync(join(log?.parentPath ?? '', log?.name ?? ''))
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 120_000)

it(`[H35] [H40] proves ${String(count)} databases in ${String(slots)} slots; the sabotaged one fails alone`, async () => {
  const began = Date.now()
  const events = join(stage.directory, 'slots.events')
  const document = await stage.icbJson('sandbox', ['restore-test', '--point', 'random', '--validate', 'never', '--events', events], { config: fleet.configs.sandbox, timeoutMs: timeout })
  const seconds = (Date.now() - began) / 1000
  const tests = (document.result as { restoreTests: { database: string; verdict: Verdict }[] }).restoreTests
  const verdicts = tests.map((test) => test.verdict)
  expect(verdicts.map((verdict) => [verdict.database, verdict.outcome, verdict.reasons.map((reason) => reason.code)]).sort()).toEqual(
    fleet.databases.map((database) => (database === victim ? [database, 'failed', ['ARCHIVED_LOG_MISSING']] : [database, 'passed', []])).sort(),
  )
  expect(document.exitCode).toBe(1)
  // No cross-talk: each verdict is of its own database, in a slot that no other test had at that time.
  for (const verdict of verdicts) {
    expect(verdict.dbid).toBe(fleet.dbids.get(verdict.database))
    const others = verdicts.filter((other) => other !== verdict && other.sid === verdict.sid && other.startedAt < verdict.finishedAt && verdict.startedAt < other.finishedAt)
    expect(others).toEqual([])
  }
  expect(new Set(verdicts.map((verdict) => verdict.sid))).toEqual(new Set(fleet.slots))
  // Side by side: at some moment every slot had a test.
  const lines = readFileSync(events, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string; runId: string })
  let running = 0
  let most = 0
  for (const event of lines) {
    if (event.type === 'run.started') most = Math.max(most, (running += 1))
    if (event.type === 'run.finished') running -= 1
  }
  expect(most).toBe(slots)
  // Bounded by the slowest: no slot idles while somebody waits, so the end comes at most one test after the even share.
  const each = verdicts.map((verdict) => (Date.parse(verdict.finishedAt) - Date.parse(verdict.startedAt)) / 1000)
  const bound = each.reduce((sum, one) => sum + one, 0) / slots + Math.max(...each)
  expect(seconds).toBeLessThan(bound + 15)
  expect(fleet.leftovers()).toEqual([])
  const calendar = await stage.icbJson('sandbox', ['restore-test', 'calendar'], { config: fleet.configs.sandbox })
  expect((calendar.result as { databases: unknown[] }).databases).toHaveLength(count)
  console.log(`${String(count)} restore tests in ${String(slots)} slots: ${seconds.toFixed(1)} s (at most ${bound.toFixed(1)} s); each ${each.join(', ')} s`)
}, timeout)
