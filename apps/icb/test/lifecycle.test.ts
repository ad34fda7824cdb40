import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createStage, ownedDirectory, runningPrograms } from '@icb/testing'
import type { IcbDocument, Stage, StageHost } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startReceivers } from './receivers.ts'
import type { Receivers } from './receivers.ts'

/** The built command line over the whole life of one database: what every command answers, and what signals and crashes leave. */

let stage: Stage
const database = `l${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const timeout = 240_000
let newest: string
let receivers: Receivers
/** Runs of which somebody is told, by how they ended. */
const ended = { backup: 0, 'restore-test': 0, failed: 0 }

async function icb(host: StageHost, ...args: readonly string[]): Promise<IcbDocument> {
  const document = await stage.icbJson(host, args, { env: { ...stage.env, ...receivers.env } })
  const [command] = args
  if (command === 'backup' || command === 'restore-test') ended[document.ok ? command : 'failed'] += 1
  return document
}

function done(document: IcbDocument, schema: string): unknown {
  expect({ exitCode: document.exitCode, ok: document.ok, error: document.error, schema: document.schema }).toEqual({ exitCode: 0, ok: true, error: undefined, schema })
  return document.result
}

function clones(): readonly string[] {
  const directory = join(dirname(stage.areaPath), '.icb-snapshots', database, 'clones')
  return existsSync(directory) ? readdirSync(directory) : []
}

function testInstances(): readonly number[] {
  return runningPrograms().filter((program) => program.arguments[0] === `ora_pmon_${stage.slot}`).map((program) => program.pid)
}

/** Nothing of a restore test is left on the sandbox. */
function expectClean(): void {
  expect({ clones: clones(), instances: testInstances(), scratch: readdirSync(stage.scratch) }).toEqual({ clones: [], instances: [], scratch: ['.icb-sandbox'] })
}

beforeAll(async () => {
  receivers = await startReceivers()
  stage = await createStage({ database, databaseConfig: { notify: receivers.notify } })
}, 120_000)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  await (receivers as Receivers | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('before the first backup', () => {
  it('shows the configuration as understood, once as a document and once for people', async () => {
    expect(done(await icb('prod', 'config', 'show', database), 'icb/config/1')).toMatchObject({ databases: [{ name: database, dbid: stage.dbid }] })
    expect((await stage.icb('prod', ['config', 'show', database])).stdout).toContain(`dbid: "${stage.dbid}"`)
    expect(await icb('prod', 'config', 'show', 'nobody')).toMatchObject({ ok: false, exitCode: 2, error: { code: 'ICB_CONFIG_UNKNOWN_DATABASE' } })
  }, timeout)

  it('says by doctor what is missing, and afterwards that nothing is', async () => {
    const before = await icb('prod', 'doctor', database)
    expect(before).toMatchObject({ schema: 'icb/doctor/1', ok: false, exitCode: 1 })
    done(await icb('prod', 'configure', database, '--yes'), 'icb/configure/1')
    const after = await icb('prod', 'doctor', database)
    const failed = (after.result as { findings: { status: string; summary: string }[] }).findings.filter((finding) => finding.status === 'failed')
    expect(failed).toEqual([])
    expect(after.exitCode).toBe(0)
    const findings = new Map((after.result as { findings: { id: string; status: string; summary: string; advice?: string }[] }).findings.map((finding) => [finding.id, finding]))
    // What a DBA is asked to prepare, each with the way out.
    const asked = ['runtime.journal', 'oracle.names', 'oracle.wallet', 'oracle.archivelog', 'oracle.force-logging', 'oracle.archive-lag', 'oracle.clock', 'backup.nfs-options', 'backup.direct-nfs', 'backup.snapshot-directory', 'backup.storage-clock', 'backup.space', 'backup.change-tracking', 'backup.archive-destination', 'calendar.schedulebackup', 'ledger.writable']
    expect(asked.filter((id) => !findings.has(id))).toEqual([])
    for (const finding of findings.values()) if (finding.status !== 'ok') expect(finding.advice ?? finding.summary, finding.id).toBeTruthy()
    expect(findings.get('oracle.archive-lag')).toMatchObject({ status: 'warning', advice: expect.stringContaining('archive_lag_target') as unknown })
    for (const id of ['rman.connect', 'recovery-point.index']) expect(findings.get(id), id).toMatchObject({ status: 'ok' })
    // One cause is one failure, whatever depends on it.
    const nowhere = await stage.icbJson('prod', ['doctor', database], { config: stage.variant('prod', 'wrong-home', (_, settings) => { settings['oracleHome'] = '/nowhere' }) })
    const told = (nowhere.result as { findings: { id: string; status: string; because?: string }[] }).findings
    expect(told.filter(({ status }) => status === 'failed').map(({ id }) => id)).toEqual(['oracle.connect'])
    expect(told.filter(({ because }) => because === 'oracle.connect').map(({ id }) => id)).toEqual(expect.arrayContaining(['oracle.identity', 'backup.identity', 'backup.space', 'rman.connect']))
    expect(findings.get('oracle.names')).toMatchObject({ status: 'ok', summary: expect.stringContaining(database) as unknown })
  }, timeout)

  it('answers Nagios before there is a snapshot', async () => {
    const result = await stage.icb('prod', ['snapshot', 'age', database])
    expect(result.exitCode).toBe(2)
    expect(result.stdout).toMatch(/^CRITICAL.*\n$/)
  }, timeout)

  it('refuses a restore test without a snapshot by a verdict, and cleans up', async () => {
    expect(await icb('sandbox', 'restore-test', database)).toMatchObject({ exitCode: 1, result: { restoreTests: [{ verdict: { outcome: 'inconclusive', reasons: [{ code: 'STORAGE_FAILED' }] } }] } })
    expectClean()
  }, timeout)
})

describe('backups and their events', () => {
  it('writes events as JSON lines', async () => {
    const events = join(stage.directory, 'backup.events')
    done(await icb('prod', 'backup', database), 'icb/backup/1')
    // Files grow from day to day, and the copies with them: all restore tests below are of larger files than the first backup had.
    const grown = await stage.sqlplus('prod', `conn /@${database} as sysdba\nbegin\n  for f in (select file#, bytes from v$datafile) loop execute immediate 'alter database datafile ' || f.file# || ' resize ' || (f.bytes + 262144); end loop;\nend;\n/\nselect 'grown by ' || min(bytes - create_bytes) from v$datafile;\nexit\n`)
    expect(grown.stdout).toMatch(/grown by [1-9]\d+/)
    expect(grown.stdout).not.toMatch(/ORA-|SP2-/)
    done(await icb('prod', 'backup', database, '--events', events), 'icb/backup/1')
    const lines = readFileSync(events, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { type: string; runId: string; database: string; at: string })
    expect(new Set(lines.map((line) => line.runId)).size).toBe(1)
    expect(lines.every((line) => line.database === database && !Number.isNaN(Date.parse(line.at)))).toBe(true)
    expect(lines.map((line) => line.type)).toEqual(expect.arrayContaining(['run.started', 'step.started', 'step.finished', 'backup.snapshot', 'backup.refreshed', 'run.finished']))
    expect(lines.at(-1)).toMatchObject({ type: 'run.finished', ok: true })
  }, timeout)

  it('ends with 5 for a warning when asked to be strict', async () => {
    // One snapshot is below the floor of two, which retention warns of.
    const strict = await stage.icb('prod', ['snapshot', 'clean', database, '--strict', '--json'])
    const document = JSON.parse(strict.stdout) as IcbDocument
    expect(document.warnings.length).toBeGreaterThan(0)
    expect({ process: strict.exitCode, document: document.exitCode, ok: document.ok }).toEqual({ process: 5, document: 5, ok: true })
  }, timeout)
})

describe('snapshots and clones', () => {
  it('makes one on demand and lists all with their windows', async () => {
    newest = (done(await icb('prod', 'snapshot', 'create', database, '--reason', 'before a release'), 'icb/snapshot/1') as { snapshot: string }).snapshot
    const points = done(await icb('prod', 'snapshot', 'list', database), 'icb/snapshot-list/1') as { snapshot: { name: string }; state: string; restorable: boolean; entry: { minScn: string; lastScn: string } }[]
    expect(points).toHaveLength(2)
    expect(points.at(-1)).toMatchObject({ snapshot: { name: newest }, state: 'refreshed', restorable: true })
    for (const { entry } of points) expect(BigInt(entry.lastScn)).toBeGreaterThan(BigInt(entry.minScn))
    expect((await stage.icb('prod', ['snapshot', 'list', database])).stdout).toContain(newest)
    const away = stage.variant('prod', 'ledger-away', (config) => { config.ledger = { path: join(stage.directory, 'not-mounted'), shared: true } })
    const listed = await stage.icbJson('prod', ['snapshot', 'list', database], { config: away })
    expect([listed.exitCode, (listed.result as unknown[]).length, listed.warnings.map(({ code }) => code)]).toEqual([0, points.length, ['ICB_LEDGER_STORE']])
    expect(await stage.icbJson('prod', ['snapshot', 'clean', database], { config: away })).toMatchObject({ exitCode: 1, error: { code: 'ICB_LEDGER_STORE' } })
    expect((await stage.icb('prod', ['snapshot', 'age', database])).stdout).toMatch(/^OK.*\|.*\n$/)
  }, timeout)

  it('keeps a pinned snapshot until the pin is gone', async () => {
    expect(await icb('prod', 'snapshot', 'pin', database, newest)).toMatchObject({ exitCode: 2, error: { code: 'ICB_USAGE_ARGUMENT' } })
    expect(done(await icb('prod', 'snapshot', 'pin', database, newest, '--reason', 'audit'), 'icb/snapshot-pin/1')).toMatchObject({ pinned: true, reason: 'audit' })
    expect(await icb('prod', 'snapshot', 'delete', database, newest)).toMatchObject({ exitCode: 3, error: { code: 'ICB_BACKUP_REFUSED_PINNED' } })
    done(await icb('prod', 'snapshot', 'pin', database, newest, '--remove'), 'icb/snapshot-pin/1')
  }, timeout)

  it('makes, lists and deletes clones, and does not delete a snapshot below one', async () => {
    const clone = done(await icb('prod', 'clone', 'create', database, newest, `${database}-look`), 'icb/clone/1') as { mounts: string[]; snapshot: string }
    expect(existsSync(join(clone.mounts[0]!, 'icb-manifest.json'))).toBe(true)
    expect(done(await icb('prod', 'clone', 'list', database), 'icb/clone-list/1')).toMatchObject([{ name: `${database}-look` }])
    done(await icb('prod', 'clone', 'delete', database, `${database}-look`, '--dry-run'), 'icb/clone-delete/1')
    expect(clones()).toHaveLength(1)
    done(await icb('prod', 'clone', 'delete', database, `${database}-look`), 'icb/clone-delete/1')
    expect(clones()).toEqual([])
    expect(await icb('prod', 'clone', 'delete', database, `${database}-look`)).toMatchObject({ exitCode: 1, error: { code: 'ICB_STORAGE_NOT_FOUND' } })
  }, timeout)

  it('explains every decision of retention and deletes nothing in a dry run', async () => {
    const result = done(await icb('prod', 'snapshot', 'clean', database, '--dry-run'), 'icb/snapshot-clean/1') as { dryRun: boolean; outcomes: { snapshot: string; outcome: string; reasons: string[] }[] }
    expect(result.dryRun).toBe(true)
    expect(result.outcomes).toHaveLength(2)
    expect(result.outcomes.every((entry) => entry.reasons.length > 0)).toBe(true)
    done(await icb('prod', 'snapshot', 'delete', database, newest, '--dry-run'), 'icb/snapshot-delete/1')
    done(await icb('prod', 'snapshot', 'delete', database, newest), 'icb/snapshot-delete/1')
    expect(done(await icb('prod', 'snapshot', 'list', database), 'icb/snapshot-list/1')).toHaveLength(1)
    expect(await icb('prod', 'snapshot', 'delete', database, newest)).toMatchObject({ exitCode: 1, error: { code: 'ICB_BACKUP_SNAPSHOT_UNKNOWN' } })
  }, timeout)
})

describe('a point between two backups', () => {
  it('has the same copies and the logs up to now, and is what a restore into that time takes', async () => {
    interface Point { snapshot: { name: string }; entry: { minScn: string; lastScn: string } }
    await stage.lab(['workload', stage.labDirectory, '--transactions', '5'])
    const first = done(await icb('prod', 'archivelogs', database, '--snapshot'), 'icb/archivelogs/1') as { outcome: string; point: { snapshot: string; entry: { minScn: string; lastScn: string; state: string } } }
    expect(first).toMatchObject({ outcome: 'ok', missing: [], point: { entry: { state: 'refreshed' } } })
    await stage.lab(['workload', stage.labDirectory, '--transactions', '5'])
    const second = done(await icb('prod', 'archivelogs', database, '--snapshot'), 'icb/archivelogs/1') as typeof first
    expect(second.point.entry.minScn).toBe(first.point.entry.minScn)
    expect(BigInt(second.point.entry.lastScn)).toBeGreaterThan(BigInt(first.point.entry.lastScn))
    expect((done(await icb('prod', 'snapshot', 'list', database), 'icb/snapshot-list/1') as Point[]).slice(-2).map((point) => point.snapshot.name)).toEqual([first.point.snapshot, second.point.snapshot])
    const between = BigInt(first.point.entry.lastScn) + 1n
    expect(done(await icb('sandbox', 'restore', database, '--to', String(between), '--sid', stage.slot, '--dry-run'), 'icb/restore/1')).toMatchObject({ outcome: 'planned', plan: { kind: 'single', copies: { snapshot: second.point.snapshot } } })
    expect(done(await icb('prod', 'archivelogs', database, '--snapshot', '--dry-run'), 'icb/archivelogs/1')).not.toHaveProperty('point')
    for (const { point } of [first, second]) done(await icb('prod', 'snapshot', 'delete', database, point.snapshot), 'icb/snapshot-delete/1')
  }, timeout)
})

describe('leases and the sandbox', () => {
  it('shows who held a lease, and breaks only one that is held', async () => {
    expect(done(await icb('prod', 'lease', 'show', database), 'icb/lease/1')).toMatchObject([{ released: true, owner: { purpose: expect.stringContaining(database) as unknown } }])
    expect(done(await icb('prod', 'lease', 'break', database, '--yes'), 'icb/lease-break/1')).toEqual({ broken: false })
  }, timeout)

  it('marks a scratch directory once, and refuses one that somebody uses', async () => {
    const directory = join(stage.directory, 'scratch2')
    expect(done(await icb('sandbox', 'sandbox', 'prepare', directory), 'icb/sandbox/1')).toMatchObject({ created: true })
    expect(done(await icb('sandbox', 'sandbox', 'prepare', directory), 'icb/sandbox/1')).toMatchObject({ created: false })
    expect(done(await icb('sandbox', 'sandbox', 'check', directory), 'icb/sandbox-check/1')).toMatchObject({ status: 'ok' })
    const used = join(stage.directory, 'used')
    mkdirSync(used)
    writeFileSync(join(used, 'thesis.tex'), 'the only copy')
    const { user } = stage.programs
    if (user !== undefined) chownSync(used, user.uid, user.gid)
    expect(await icb('sandbox', 'sandbox', 'prepare', used)).toMatchObject({ exitCode: 3, error: { code: 'ICB_AUTORESTORE_REFUSED_SCRATCH' } })
    expect(await icb('sandbox', 'sandbox', 'check', used)).toMatchObject({ exitCode: 3, ok: false })
    expect(readdirSync(used)).toEqual(['thesis.tex'])
  }, timeout)
})

describe('restore tests that end early', () => {
  /** Starts a restore test, or another command, and answers when it has begun the step. */
  async function inStep(step: string, name: string, [host, command]: readonly [StageHost, string] = ['sandbox', 'restore-test']): Promise<{ readonly pid: number; readonly ended: Promise<{ readonly exitCode: number | null; readonly stdout: string }> }> {
    const events = join(stage.directory, `${name}.events`)
    let pid = 0
    const ended = stage.icb(host, [command, database, '--json', '--events', events], { env: { ...stage.env, ...receivers.env }, onStart: (started) => { pid = started } })
    const begun = (): boolean => existsSync(events) && readFileSync(events, 'utf8').split('\n').some((line) => line.includes('"step.started"') && line.includes(`"${step}"`))
    await expect.poll(begun, { timeout: 120_000, interval: 20 }).toBe(true)
    return { pid, ended }
  }

  it.each([['SIGINT', 130, 'catalog-clone'], ['SIGTERM', 143, 'create-clone']] as const)('cleans up after %s and ends with %i', async (signal, exitCode, step) => {
    const { pid, ended } = await inStep(step, signal)
    process.kill(pid, signal)
    const result = await ended
    expect(result.exitCode).toBe(exitCode)
    expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, exitCode, result: { restoreTests: [{ verdict: { outcome: 'inconclusive', reasons: [{ code: 'CANCELED' }] } }] } })
    expectClean()
  }, timeout)

  it('removes after kill -9 what the killed one left, and passes', async () => {
    const { pid, ended } = await inStep('switch-to-copies', 'killed')
    process.kill(pid, 'SIGKILL')
    expect((await ended).exitCode).toBeNull()
    expect(clones()).toHaveLength(1)
    expect(testInstances()).toHaveLength(1)
    expect(readdirSync(stage.scratch)).toHaveLength(2)
    const result = done(await icb('sandbox', 'restore-test', database), 'icb/restore-test/1') as { restoreTests: { verdict: { outcome: string; runId: string } }[] }
    expect(result.restoreTests[0]).toMatchObject({ verdict: { outcome: 'passed' } })
    expectClean()
    const listed = done(await icb('prod', 'ledger', 'list', database), 'icb/ledger-list/1') as { runId: string; state: string; verdict?: { outcome: string } }[]
    expect(listed[0]).toMatchObject({ runId: result.restoreTests[0]!.verdict.runId, verdict: { outcome: 'passed' } })
    // The killed one is not running for ever.
    expect(listed[1]).toMatchObject({ state: 'closed', verdict: { outcome: 'inconclusive', reasons: [{ code: 'INTERRUPTED' }] } })
    expect(listed.filter((entry) => entry.verdict?.outcome === 'passed')).toHaveLength(1)
    expect(done(await icb('prod', 'ledger', 'show', listed[0]!.runId), 'icb/ledger-entry/1')).toMatchObject({ runId: listed[0]!.runId })
    expect(await icb('prod', 'ledger', 'show', 'nothing')).toMatchObject({ exitCode: 2 })
    // Both hosts see the proof, because the ledger is shared.
    const points = done(await icb('prod', 'snapshot', 'list', database), 'icb/snapshot-list/1') as { proof?: { outcome: string } }[]
    expect(points.at(-1)?.proof?.outcome).toBe('passed')
  }, timeout)

  it('doctor --repair shows what killed runs left, and removes that and nothing else', async () => {
    interface Item { kind: string; name: string; decision: string; outcome: string; reason: string }
    const repair = async (host: StageHost, ...args: readonly string[]): Promise<readonly Item[]> => (done(await icb(host, 'doctor', database, '--repair', ...args), 'icb/doctor-repair/1') as { items: Item[] }).items
    const names = (items: readonly Item[], outcome: string): readonly string[] => items.filter((item) => item.outcome === outcome).map((item) => `${item.kind} ${item.name.replace(/-[0-9a-f]{8}-[0-9a-z]{9,}/, '-<run>').split('/').at(-1)?.replace(/^[0-9a-f]{8}-[0-9a-z]+\./, '') ?? ''}`).sort()
    const snapshot = (done(await icb('prod', 'snapshot', 'list', database), 'icb/snapshot-list/1') as { snapshot: { name: string } }[]).at(-1)!.snapshot.name

    // Two real commands, killed in the middle; beside them what other people and another host made.
    for (const [host, command, step] of [['sandbox', 'restore-test', 'catalog-clone'], ['prod', 'backup', 'refresh']] as const) {
      const { pid, ended } = await inStep(step, `repair-${host}`, [host, command])
      process.kill(pid, 'SIGKILL')
      expect((await ended).exitCode).toBeNull()
    }
    for (const name of ['by-hand', `${database}-rt-0badcafe-m1x2y3z4`]) done(await icb('sandbox', 'clone', 'create', database, snapshot, name), 'icb/clone/1')
    for (const name of ['run-0badcafe-m1x2y3z4', 'run-notes', 'somebody']) ownedDirectory(join(stage.scratch, name), stage.programs.user)
    const others = [`clone ${database}-rt-0badcafe-m1x2y3z4`, 'clone by-hand', 'scratch run-0badcafe-m1x2y3z4', 'scratch run-notes']

    const seen = await repair('sandbox')
    expect(names(seen, 'kept')).toEqual(others.toSorted())
    expect(names(seen, 'found')).toEqual([`clone ${database}-rt-<run>`, `instance ${stage.slot}`, 'journal journal', 'lease lease', `lease restore-test-${database}.lease`, `lease slot-${stage.slot.toLowerCase()}.lease`, 'scratch run-<run>'].sort())
    expect([clones().length, testInstances().length, readdirSync(stage.scratch).length]).toEqual([3, 1, 5])

    const repaired = await repair('sandbox', '--yes')
    // Its files in the Oracle home are told apart only when the instance has ended.
    expect([names(repaired.filter((item) => item.kind !== 'file'), 'repaired'), names(repaired, 'kept'), names(repaired, 'failed')]).toEqual([names(seen, 'found'), names(seen, 'kept'), []])
    expect({ clones: clones().toSorted(), instances: testInstances(), scratch: readdirSync(stage.scratch).sort() }).toEqual({ clones: ['by-hand', `${database}-rt-0badcafe-m1x2y3z4`].sort(), instances: [], scratch: ['.icb-sandbox', 'run-0badcafe-m1x2y3z4', 'run-notes', 'somebody'] })

    expect(names(await repair('prod', '--yes'), 'repaired')).toEqual(['journal journal'])
    expect(names(await repair('sandbox', '--yes', '--host', '0badcafe'), 'repaired')).toEqual([`clone ${database}-rt-0badcafe-m1x2y3z4`])
    for (const host of ['prod', 'sandbox'] as const) expect(names(await repair(host), 'found')).toEqual([])
    expect(await icb('prod', 'doctor', database, '--yes')).toMatchObject({ exitCode: 2 })
    expect(done(await icb('prod', 'backup', database), 'icb/backup/1')).toMatchObject({ outcome: 'done' })
  }, timeout)
})

describe('what a DBA looks at', () => {
  it('shows the database, its area, its storage and its proofs; what is away is said so', async () => {
    const result = done(await icb('prod', 'info', database), 'icb/info/1')
    expect(result).toMatchObject({ database: { dbid: stage.dbid, logMode: 'ARCHIVELOG' }, area: { path: stage.areaPath, state: 'refreshed' }, storage: { adapter: 'local' }, proofs: { database } })
    const away = stage.variant('prod', 'no-home', (_, settings) => { delete settings['oracleHome'] })
    expect((await stage.icbJson('prod', ['info', database], { config: away })).result).toMatchObject({ database: { unavailable: expect.stringContaining('Oracle home') as unknown }, area: { state: 'refreshed' } })
  }, timeout)

  it('reads everything that a restore would read', async () => {
    expect(done(await icb('prod', 'validate', database), 'icb/validate/1')).toMatchObject({ ok: true, errors: [] })
  }, timeout)

  it('installs a heartbeat once', async () => {
    expect(done(await icb('prod', 'heartbeat', 'install', database, '--no-job', '--dry-run'), 'icb/heartbeat-install/1')).toMatchObject({ made: ['user ICB_HEARTBEAT', 'table ICB_HEARTBEAT.BEAT', 'its row'], there: [] })
    expect(done(await icb('prod', 'heartbeat', 'install', database, '--no-job'), 'icb/heartbeat-install/1')).toMatchObject({ made: ['user ICB_HEARTBEAT', 'table ICB_HEARTBEAT.BEAT', 'its row'] })
    expect(done(await icb('prod', 'heartbeat', 'install', database, '--no-job'), 'icb/heartbeat-install/1')).toMatchObject({ made: [], there: ['user ICB_HEARTBEAT', 'table ICB_HEARTBEAT.BEAT', 'its row'] })
  }, timeout)

  it('exports signed evidence that a changed byte breaks', async () => {
    const file = join(stage.directory, 'evidence.json')
    const exported = done(await icb('sandbox', 'ledger', 'export', file), 'icb/ledger-export/1') as { entries: number; key: string }
    expect(exported.entries).toBeGreaterThan(0)
    const publicKey = exported.key.replace(/\.pem$/, '.pub.pem')
    expect(done(await icb('prod', 'ledger', 'verify', file, '--public-key', publicKey), 'icb/ledger-verify/1')).toMatchObject({ ok: true, knownKey: true, entries: exported.entries })
    writeFileSync(file, readFileSync(file, 'utf8').replace('"inconclusive"', '"passed"'))
    expect(await icb('prod', 'ledger', 'verify', file)).toMatchObject({ exitCode: 1, result: { ok: false } })
  }, timeout)
})

describe('who is told', () => {
  it('each good run by a heartbeat of its own, each bad one by webhook and mail', async () => {
    // One that fails for certain: the area is of another database.
    const wrong = stage.variant('prod', 'wrong-dbid', (_, settings) => { settings['dbid'] = '4711' })
    const before = [receivers.requests.length, receivers.mails.length]
    const failed = await stage.icbJson('prod', ['backup', database], { config: wrong, env: { ...stage.env, ...receivers.env } })
    expect(failed).toMatchObject({ ok: false, exitCode: 3, warnings: [] })
    const { message } = failed.error!
    expect(receivers.requests.slice(before[0])).toMatchObject([{ method: 'POST', path: '/hook' }])
    expect(JSON.parse(receivers.requests.at(-1)!.body)).toMatchObject({ schema: 'icb/notice/1', database, action: 'backup', ok: false, summary: message })
    expect(receivers.mails.slice(before[1])).toMatchObject([{ from: 'icb@lab.example', to: ['dba@lab.example', 'oncall@lab.example'], mail: { subject: `icb: backup of ${database} FAILED`, text: expect.stringContaining(message) as unknown } }])
    const asked = (path: string): number => receivers.requests.filter((request) => request.method === 'GET' && request.path === path).length
    expect({ backup: asked('/alive/backup'), restoreTest: asked('/alive/restore-test') }).toEqual({ backup: ended.backup, restoreTest: ended['restore-test'] })
    const posted = receivers.requests.filter(({ path }) => path === '/hook').length
    expect(posted).toBeGreaterThanOrEqual(ended.failed + 1)
    expect(receivers.mails).toHaveLength(posted)
  }, timeout)

  it('everybody of whom a report speaks, by one mail with the table and the page', async () => {
    const before = receivers.mails.length
    done(await icb('prod', 'report', '--mail'), 'icb/report/1')
    expect(receivers.mails).toHaveLength(before + 1)
    const { from, to, mail } = receivers.mails.at(-1)!
    expect({ from, to, subject: mail.subject }).toEqual({ from: 'icb@lab.example', to: ['dba@lab.example', 'oncall@lab.example'], subject: expect.stringMatching(/^icb: (?:all 1 databases are fine|1 of 1 databases need attention)$/) as unknown })
    expect(mail.text).toMatch(new RegExp(`^DATABASE +STATUS[^]*\n${database} `))
    expect(mail.html).toContain(database)
    expect(mail.html).toMatch(/^<!doctype html>/i)
    // Nobody is asked to load anything from elsewhere.
    expect(mail.html).not.toMatch(/(?:src|href)="http/)
  }, timeout)
})
