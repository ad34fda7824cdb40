import { existsSync, readFileSync, readdirSync, rmSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createStage } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * `icb restore` against the truth: every block of a restored database is compared with the lab's history of that block at the target.
 * Ten days, with every kept point and every gap, are `npm run proof:restores`.
 */

let stage: Stage
const database = `r${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const days = Number(process.env['ICB_PROOF_DAYS'] ?? '3')
const full = days > 3
const timeout = full ? 7_200_000 : 240_000

interface Window { readonly snapshot: string; readonly minScn: bigint; readonly lastScn: bigint; readonly lastTime: string }
interface Restored {
  readonly runId: string
  readonly outcome: string
  readonly resumed: boolean
  readonly plan: { readonly kind: string; readonly chainKnown: boolean; readonly scratch: string; readonly copies: { readonly snapshot: string }; readonly logs?: { readonly snapshot: string } }
  readonly paths: readonly string[]
  readonly scn: string
}

let windows: readonly Window[]

async function must(document: Promise<IcbDocument>): Promise<unknown> {
  const { exitCode, error, result } = await document
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined })
  return result
}

async function workload(transactions: number): Promise<void> {
  const result = await stage.lab(['workload', stage.labDirectory, '--transactions', String(transactions)])
  if (result.exitCode !== 0) throw new Error(result.stderr)
}

async function listWindows(): Promise<readonly Window[]> {
  const points = (await must(stage.icbJson('prod', ['snapshot', 'list', database]))) as { snapshot: { name: string }; entry: { minScn: string; lastScn: string; lastTime: string; utcOffset: string } }[]
  return points.map(({ snapshot, entry }) => ({ snapshot: snapshot.name, minScn: BigInt(entry.minScn), lastScn: BigInt(entry.lastScn), lastTime: `${entry.lastTime}${entry.utcOffset}` }))
}

function restoreArguments(target: bigint | string, ...more: readonly string[]): readonly string[] {
  return ['restore', database, '--to', String(target), '--sid', stage.slot, '--yes', ...more]
}

async function restore(target: bigint | string, ...more: readonly string[]): Promise<Restored> {
  return (await must(stage.icbJson('sandbox', restoreArguments(target, ...more)))) as Restored
}

/** Blocks of the restored data files that are not as they were at the SCN. */
async function differences(restored: Restored, scn: bigint): Promise<unknown[]> {
  const copies = restored.paths[0] ?? ''
  const files = readdirSync(copies).filter((each) => each.startsWith('data_'))
  expect(files.length).toBeGreaterThan(3)
  const checks = files.map(async (name) => {
    const result = await stage.lab(['history', 'check', join(copies, name), '--lab', stage.labDirectory, '--scn', String(scn), '--json'])
    return (JSON.parse(result.stdout) as { differences: unknown[] }).differences.map((difference) => ({ name, difference }))
  })
  return (await Promise.all(checks)).flat()
}

async function onTheCopy(script: string): Promise<string> {
  return (await stage.sqlplus('sandbox', `whenever sqlerror exit failure\nconn / as sysdba\nset heading off feedback off pages 0 linesize 1000\n${script}\nexit\n`, { ORACLE_SID: stage.slot })).stdout
}

async function remove(restored: Pick<Restored, 'runId'>): Promise<void> {
  await must(stage.icbJson('sandbox', ['restore', database, '--cleanup', restored.runId]))
  expect(await must(stage.icbJson('sandbox', ['clone', 'list', database]))).toEqual([])
  expect(readdirSync(stage.scratch)).toEqual(['.icb-sandbox'])
}

/** Points whose gap cannot be bridged: the log between them was lost after the only snapshot that had it was dropped. */
async function loseGap(): Promise<readonly [Window, Window]> {
  const before = ((await must(stage.icbJson('prod', ['snapshot', 'create', database]))) as { snapshot: string }).snapshot
  const archive = join(stage.areaPath, 'archivelog')
  const known = new Set(readdirSync(archive))
  await workload(10)
  await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn /@${database} as sysdba\nalter system archive log current;\nexit\n`)
  await expect.poll(() => readdirSync(archive).some((name) => !known.has(name)), { timeout: 60_000, interval: 100 }).toBe(true)
  const lost = readdirSync(archive).filter((name) => !known.has(name))
  await workload(10)
  const between = ((await must(stage.icbJson('prod', ['backup', database]))) as { snapshot: { name: string } }).snapshot.name
  await must(stage.icbJson('prod', ['snapshot', 'delete', database, between]))
  for (const name of lost) rmSync(join(archive, name))
  await workload(10)
  await must(stage.icbJson('prod', ['backup', database]))
  const all = await listWindows()
  return [all.find((window) => window.snapshot === before)!, all.at(-1)!]
}

beforeAll(async () => {
  stage = await createStage({ database })
  await must(stage.icbJson('prod', ['configure', database, '--yes']))
  await must(stage.icbJson('prod', ['backup', database]))
  for (let day = 2; day <= days; day += 1) {
    await workload(60 + (day % 3) * 30)
    // Busy while it is backed up, so that changes lie between the two windows.
    await Promise.all([must(stage.icbJson('prod', ['backup', database])), ...(full || day === 2 ? [workload(60)] : [])])
  }
  windows = await listWindows()
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('choosing a target', () => {
  it('says what is impossible, with the windows around it, and changes nothing', async () => {
    const [first] = windows
    const refused = await stage.icbJson('sandbox', restoreArguments(first!.minScn - 1n))
    expect(refused).toMatchObject({ exitCode: 1, error: { code: 'ICB_AUTORESTORE_NOT_RECOVERABLE', details: { after: { snapshot: first!.snapshot, window: expect.stringContaining(String(first!.minScn)) as unknown } } } })
    expect(await stage.icbJson('sandbox', restoreArguments('2026-11-22T10:00:00'))).toMatchObject({ exitCode: 2 })
    expect(await stage.icbJson('sandbox', ['restore', database, '--to', String(first!.lastScn), '--sid', stage.slot])).toMatchObject({ exitCode: 2, error: { code: 'ICB_USAGE_ARGUMENT' } })
    const planned = await restore(first!.lastScn + 1n, '--dry-run')
    expect(planned).toMatchObject({ outcome: 'planned', plan: { kind: 'pair', chainKnown: true, copies: { snapshot: first!.snapshot }, logs: { snapshot: windows[1]!.snapshot } } })
    expect(readdirSync(stage.scratch)).toEqual(['.icb-sandbox'])
    expect(await must(stage.icbJson('sandbox', ['clone', 'list', database]))).toEqual([])
  }, timeout)
})

describe('restored databases', () => {
  it('[M:point-in-time] stands at a time, byte for byte, and is removed by its run', async () => {
    const restored = await restore(windows[0]!.lastTime.replace(' ', 'T'))
    expect(restored).toMatchObject({ outcome: 'opened', resumed: false, plan: { kind: 'single' } })
    // UNTIL TIME excludes that second: everything before the SCN that the headers stand at.
    expect(await differences(restored, BigInt(restored.scn) - 1n)).toEqual([])
    expect(await must(stage.icbJson('sandbox', ['restore', database, '--list']))).toMatchObject([{ runId: restored.runId, interrupted: false }])
    expect(await stage.icbJson('sandbox', restoreArguments(windows[0]!.lastScn))).toMatchObject({ exitCode: 3, error: { code: 'ICB_AUTORESTORE_REFUSED_INSTANCE' }, warnings: [{ code: 'ICB_AUTORESTORE_STANDS', message: expect.stringContaining(`icb restore ${database} --cleanup ${restored.runId}`) as unknown }] })
    expect(await onTheCopy('select open_mode from v$database;')).toContain('READ ONLY')
    await remove(restored)
    expect(await must(stage.icbJson('sandbox', ['restore', database, '--list']))).toEqual([])
    const listed = (await must(stage.icbJson('prod', ['ledger', 'list', database]))) as { runId: string; verdict: { action: string; outcome: string } }[]
    expect(listed).toMatchObject([{ verdict: { outcome: 'inconclusive', reasons: [{ code: 'GUARD_REFUSED' }] } }, { runId: restored.runId, verdict: { action: 'restore', outcome: 'passed' } }])
    // What a DBA restored is no proof of the whole point.
    const points = (await must(stage.icbJson('prod', ['snapshot', 'list', database]))) as { proof?: unknown }[]
    expect(points.map((point) => point.proof)).toEqual(windows.map(() => undefined))
  }, timeout)

  it(full ? 'every kept point, byte for byte, at its first, middle and last SCN' : 'the newest point at its first SCN, byte for byte', async () => {
    for (const window of full ? windows : windows.slice(-1)) {
      const targets = full ? [window.minScn, (window.minScn + window.lastScn) / 2n, window.lastScn] : [window.minScn]
      for (const target of targets) {
        const restored = await restore(target)
        expect(restored).toMatchObject({ outcome: 'opened', plan: { kind: 'single', copies: { snapshot: window.snapshot } } })
        expect({ snapshot: window.snapshot, target, differences: await differences(restored, target) }).toEqual({ snapshot: window.snapshot, target, differences: [] })
        await remove(restored)
        if (full) console.log(`${window.snapshot} at SCN ${String(target)}: every block as it was`)
      }
    }
  }, timeout)

  /** Another command of the host frees the lease of the killed one; a resumption that fails leaves it to be resumed. */
  async function refusedMeanwhile(target: bigint): Promise<void> {
    expect(await stage.icbJson('sandbox', ['restore-test', database, '--snapshot', 'nothing'])).toMatchObject({ ok: false })
    expect(readFileSync(join(stage.directory, 'state-sandbox', 'leases', `restore-${database}.lease`), 'utf8')).toContain('"released":true')
    const [marker, aside] = [join(stage.scratch, '.icb-sandbox'), join(stage.scratch, '.aside')]
    renameSync(marker, aside)
    const refused = await stage.icbJson('sandbox', restoreArguments(target))
    renameSync(aside, marker)
    expect(refused).toMatchObject({ exitCode: 3, result: { outcome: 'failed', resumed: true, failedStep: 'guard-host' }, warnings: [{ code: 'ICB_AUTORESTORE_INTERRUPTED' }] })
    expect(await must(stage.icbJson('sandbox', ['restore', database, '--list']))).toMatchObject([{ interrupted: true }])
  }

  it('goes on after kill -9, with the logs of the next snapshot, in the gap between two points', async () => {
    const steps = ['recover', 'catalog-clone', 'mount-logs-clone', 'check-headers', 'open-read-only', 'create-logs-clone', 'start-instance', 'switch-to-copies', 'prepare-scratch']
    for (const [index, first] of windows.slice(0, full ? -1 : 1).entries()) {
      const second = windows[index + 1]!
      const target = first.lastScn + (second.minScn - first.lastScn) / 2n
      const step = steps[index % steps.length]!
      const events = join(stage.directory, `killed-${String(index)}.events`)
      let pid = 0
      const killed = stage.icb('sandbox', [...restoreArguments(target), '--events', events], { onStart: (started) => { pid = started } })
      await expect.poll(() => existsSync(events) && readFileSync(events, 'utf8').split('\n').some((line) => line.includes('"step.started"') && line.includes(`"${step}"`)), { timeout: 120_000, interval: 10 }).toBe(true)
      process.kill(pid, 'SIGKILL')
      await killed
      if (index === 0) await refusedMeanwhile(target)
      const restored = await restore(target)
      expect(restored).toMatchObject({ outcome: 'opened', resumed: true, plan: { kind: 'pair', chainKnown: true, copies: { snapshot: first.snapshot }, logs: { snapshot: second.snapshot } } })
      expect({ target, differences: await differences(restored, target) }).toEqual({ target, differences: [] })
      await remove(restored)
      if (full) console.log(`between ${first.snapshot} and the next at SCN ${String(target)}, killed in ${step}: every block as it was`)
    }
  }, timeout)

  it('a restore that a signal ends removes what it made, and says so by a code', async () => {
    const events = join(stage.directory, 'stopped.events')
    let pid = 0
    const stopped = stage.icbJson('sandbox', [...restoreArguments(windows[0]!.lastScn), '--events', events], { onStart: (started) => { pid = started } })
    await expect.poll(() => existsSync(events) && readFileSync(events, 'utf8').split('\n').some((line) => line.includes('"step.started"') && line.includes('"create-clone"')), { timeout: 120_000, interval: 10 }).toBe(true)
    process.kill(pid, 'SIGTERM')
    expect(await stopped).toMatchObject({ ok: false, exitCode: 143, error: { code: 'ICB_RUN_STOPPED', message: 'stopped by SIGTERM' }, result: { outcome: 'failed' } })
    expect(await must(stage.icbJson('sandbox', ['clone', 'list', database]))).toEqual([])
    expect(readdirSync(stage.scratch)).toEqual(['.icb-sandbox'])
  }, timeout)

  it("reaches today's gap by a snapshot of the live area, and opens as a database of its own", async () => {
    await workload(30)
    const now = /\d+/.exec((await stage.sqlplus('prod', `conn /@${database} as sysdba\nset heading off feedback off pages 0\nselect to_char(current_scn) from v$database;\nexit\n`)).stdout)?.[0] ?? ''
    const restored = await restore(BigInt(now), '--resetlogs', '--name', 'copy1')
    expect(restored.outcome).toBe('opened')
    const [copies] = restored.paths
    expect(await onTheCopy("select open_mode || ' ' || db_unique_name from v$database;")).toContain('READ WRITE copy1')
    const members = (await onTheCopy('select member from v$logfile;')).split(/\s+/).filter((word) => word.startsWith('/'))
    expect(members.length).toBeGreaterThan(1)
    expect(members.filter((member) => !member.startsWith(`${copies!}/`))).toEqual([])
    // It can be written to, and archives into its own directory.
    await onTheCopy('alter system archive log current;')
    expect(readdirSync(restored.plan.scratch)).toEqual(expect.arrayContaining([expect.stringMatching(/^1_1_\d+\.dbf$/) as unknown]))
    expect(await stage.icbJson('sandbox', ['restore', database, '--to', now, '--sid', `${stage.slot}B`, '--yes', '--resetlogs', '--name', 'copy1'])).toMatchObject({ exitCode: 2, error: { code: 'ICB_AUTORESTORE_SETTINGS' } })
    await remove(restored)
    expect(readdirSync(join(stage.labDirectory, 'hosts', 'sandbox', 'home', 'dbs')).filter((name) => /copy1/i.test(name) || name.includes(stage.slot))).toEqual([])
  }, timeout)
})

if (full) describe('a gap whose logs are lost', () => {
  it('is refused with both windows, before anything is cloned', async () => {
    const [before, after] = await loseGap()
    const refused = await stage.icbJson('sandbox', restoreArguments(before.lastScn + 5n))
    expect(refused).toMatchObject({
      exitCode: 1,
      error: { code: 'ICB_AUTORESTORE_NOT_RECOVERABLE', details: { before: { snapshot: before.snapshot, window: expect.stringContaining(String(before.lastScn)) as unknown }, after: { snapshot: after.snapshot, window: expect.stringContaining(String(after.minScn)) as unknown } } },
    })
    console.log(refused.error?.message)
    expect(await must(stage.icbJson('sandbox', ['clone', 'list', database]))).toEqual([])
  }, timeout)
})
