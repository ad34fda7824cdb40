import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readPoints } from '@icb/recovery-point'
import { createStage, runningPrograms } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** The built command line against a running lab. One database lives through the whole file, each test leaves it healthy. */

let stage: Stage
const database = `b${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const timeout = 240_000

interface BackupView {
  readonly outcome: string
  readonly snapshot?: { readonly name: string }
  readonly point?: { readonly state: string; readonly remarks?: readonly string[] }
  readonly refresh?: { readonly merged: readonly number[]; readonly created: readonly number[]; readonly skipped: readonly number[] }
  readonly steps: readonly { readonly name: string; readonly summary?: string }[]
}

async function icb(args: readonly string[], options?: Parameters<Stage['icbJson']>[2]): Promise<IcbDocument> {
  return stage.icbJson('prod', args, options)
}

function done(document: IcbDocument): IcbDocument {
  expect({ exitCode: document.exitCode, error: document.error }).toEqual({ exitCode: 0, error: undefined })
  return document
}

async function backup(...options: readonly string[]): Promise<{ readonly result: BackupView; readonly warnings: readonly string[] }> {
  const document = done(await icb(['backup', database, ...options]))
  return { result: document.result as BackupView, warnings: document.warnings.map((warning) => warning.code) }
}

async function refusal(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly code: string | undefined }> {
  const document = await icb(args)
  return { exitCode: document.exitCode, code: document.error?.code }
}

async function sql(text: string): Promise<string> {
  const result = await stage.sqlplus('prod', `set pagesize 0 linesize 400 heading off feedback off\nwhenever sqlerror exit failure\nconn /@${database} as sysdba\n${text}\nexit\n`)
  if (result.exitCode !== 0) throw new Error(`${text}\n${result.stdout}`)
  return result.stdout
}

async function lab(...args: readonly string[]): Promise<void> {
  const result = await stage.lab(args)
  if (result.exitCode !== 0) throw new Error(`lab ${args.join(' ')}: ${result.stdout}${result.stderr}`)
}

async function proves(snapshot: string | undefined): Promise<void> {
  const document = await stage.icbJson('sandbox', ['restore-test', database, '--snapshot', snapshot ?? 'none', '--validate', 'always'])
  const [test] = (document.result as { restoreTests: { verdict?: { outcome: string; reasons: unknown; snapshot?: string }; error?: unknown }[] }).restoreTests
  expect({ exitCode: document.exitCode, outcome: test?.verdict?.outcome, snapshot: test?.verdict?.snapshot, reasons: test?.verdict?.reasons, error: test?.error }).toEqual({ exitCode: 0, outcome: 'passed', snapshot, reasons: [], error: undefined })
}

function copies(): readonly string[] {
  return readdirSync(stage.areaPath).filter((name) => name.startsWith('data_D-'))
}

function logs(): readonly string[] {
  const directory = join(stage.areaPath, 'archivelog')
  return readdirSync(directory).sort((a, b) => Number(a.split('_')[1]) - Number(b.split('_')[1]))
}

interface ManifestView {
  readonly state: string
  readonly controlFile: string
  readonly window?: { readonly lastScn: string | null }
  readonly copies: readonly { readonly path: string }[]
  readonly logs: readonly { readonly thread: number; readonly sequence: number; readonly path: string }[]
}

function manifest(): ManifestView {
  return JSON.parse(readFileSync(join(stage.areaPath, 'icb-manifest.json'), 'utf8')) as ManifestView
}

beforeAll(async () => {
  stage = await createStage({ database, databaseConfig: { landingDeadlineSeconds: 20 } })
}, 120_000)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('configure', () => {
  it('shows the difference first, refuses a value that somebody else set, and takes it over on demand', async () => {
    expect((await stage.rman('prod', `connect target /@${database}\nconfigure retention policy to redundancy 3;\nexit\n`)).exitCode).toBe(0)
    const planned = done(await icb(['configure', database, '--dry-run'])).result as { plan: { changes: { id: string }[] } }
    expect(planned.plan.changes.length).toBeGreaterThan(5)
    expect(await refusal('configure', database, '--yes')).toEqual({ exitCode: 3, code: 'ICB_BACKUP_REFUSED_FOREIGN_VALUE' })
    const applied = done(await icb(['configure', database, '--yes', '--take-over'])).result as { applied: readonly string[] }
    expect(applied.applied).toHaveLength(planned.plan.changes.length)
    expect(readFileSync(join(stage.directory, 'state-prod', 'databases', database, 'configure.json'), 'utf8')).toContain('REDUNDANCY 3')
  }, timeout)

  it('has nothing to do the second time', async () => {
    expect(done(await icb(['configure', database, '--yes'])).result).toMatchObject({ applied: [] })
  }, timeout)
})

describe('daily runs', () => {
  it('copies every file first, and makes no snapshot of nothing', async () => {
    const { result } = await backup()
    expect(result.refresh).toMatchObject({ merged: [], created: [1, 2, 3, 4] })
    expect(result.snapshot).toBeUndefined()
    expect(manifest().state).toBe('refreshed')
  }, timeout)

  it('merges from then on, and each snapshot is proven', async () => {
    await lab('workload', stage.labDirectory, database, '--transactions', '40')
    const second = (await backup()).result
    expect(second.refresh).toMatchObject({ merged: [1, 2, 3, 4], created: [] })
    await lab('workload', stage.labDirectory, database, '--transactions', '40')
    const third = (await backup()).result
    expect(third.point).toMatchObject({ state: 'refreshed' })
    expect(third.snapshot?.name).not.toBe(second.snapshot?.name)
    expect((await readPoints(stage.areaPath)).map((entry) => entry.snapshot)).toEqual([second.snapshot?.name, third.snapshot?.name])
    expect(manifest()).toMatchObject({ state: 'refreshed', window: { lastScn: null } })
    expect(copies().toSorted()).toEqual(manifest().copies.map((copy) => copy.path).sort())
    expect(readdirSync(stage.areaPath).filter((name) => name.startsWith('controlfile_'))).toEqual([manifest().controlFile])
    await proves(third.snapshot?.name)
  }, timeout)

  it('changes nothing in a dry run', async () => {
    const before = [readdirSync(stage.areaPath), logs(), manifest()]
    const document = done(await icb(['backup', database, '--dry-run']))
    expect((document.result as { planned: readonly string[] }).planned).toContain('merge a level 1 incremental into 4 copies')
    expect([readdirSync(stage.areaPath), logs(), manifest()]).toEqual(before)
  }, timeout)
})

describe('copies and files', () => {
  it('refuses to copy a file in full that had a copy, unless told to', async () => {
    const lost = copies().find((name) => name.includes('USERS'))!
    renameSync(join(stage.areaPath, lost), join(stage.directory, 'lost-copy'))
    expect(await refusal('backup', database)).toEqual({ exitCode: 3, code: 'ICB_BACKUP_REFUSED_SURPRISE_FULL' })
    expect(copies()).toHaveLength(3)
    const { result } = await backup('--allow-full')
    expect(result.refresh).toMatchObject({ merged: [1, 2, 3], created: [4] })
    expect(copies()).toHaveLength(4)
  }, timeout)

  it('takes in a datafile that was added, and its redo proves the point before', async () => {
    await sql('create tablespace added datafile size 1M;')
    const { result } = await backup()
    expect(result.refresh).toMatchObject({ created: [5] })
    expect(copies()).toHaveLength(5)
    // The snapshot was made before the refresh: the file is not among its copies and comes from the redo alone.
    await proves(result.snapshot?.name)
  }, timeout)

  it('deletes the copies of dropped files', async () => {
    await sql('drop tablespace added including contents and datafiles;')
    const { result } = await backup()
    expect(result.steps.find((step) => step.name === 'copies-dropped')?.summary).toBe('1 deleted')
    expect(copies()).toHaveLength(4)
  }, timeout)
})

describe('archived logs', () => {
  it('finds a log that is missing in the area and copies it', async () => {
    const known = logs().length
    await sql('alter system archive log current;\nalter system archive log current;')
    await expect.poll(() => logs().length, { timeout: 20_000 }).toBe(known + 2)
    const victim = logs().at(-1)!
    rmSync(join(stage.areaPath, 'archivelog', victim))
    const sequence = Number(victim.split('_')[1])
    expect(await icb(['archivelogs', database, '--dry-run'])).toMatchObject({ exitCode: 1, result: { outcome: 'missing', missing: [{ thread: 1, sequence }] } })
    expect(existsSync(join(stage.areaPath, 'archivelog', victim))).toBe(false)
    const copied = done(await icb(['archivelogs', database])).result as { outcome: string; copied: readonly unknown[] }
    expect(copied).toMatchObject({ outcome: 'ok', copied: [{ thread: 1, sequence }] })
    expect(done(await icb(['archivelogs', database])).result).toMatchObject({ outcome: 'ok', missing: [], copied: [] })
  }, timeout)

  it('copies what a failing destination did not bring, and warns', async () => {
    await lab('fault', 'archive-destination', stage.labDirectory, database, '--fail', '--match', 'nfs')
    try {
      const { result, warnings } = await backup()
      expect(warnings).toEqual(expect.arrayContaining(['ICB_BACKUP_WARN_DESTINATION', 'ICB_BACKUP_WARN_LOG_COPIED']))
      expect(result.point).toMatchObject({ state: 'refreshed' })
      await proves(result.snapshot?.name)
    } finally {
      await lab('fault', 'archive-destination', stage.labDirectory, database, '--clear')
    }
  }, timeout)
})

describe('a damaged area', () => {
  it('gets a marked snapshot on demand, and the damage is not repaired behind it', async () => {
    await lab('workload', stage.labDirectory, database, '--transactions', '30')
    expect(done(await icb(['snapshot', 'create', database])).result).toMatchObject({ entry: { state: 'refreshed' } })
    const log = manifest().logs.at(-1)!
    rmSync(join(stage.areaPath, log.path))
    const document = done(await icb(['snapshot', 'create', database]))
    expect(document.result).toMatchObject({ entry: { state: 'damaged', remarks: [`archived log ${String(log.thread)}/${String(log.sequence)} is missing`] } })
    expect(existsSync(join(stage.areaPath, log.path))).toBe(false)
    expect(done(await icb(['archivelogs', database])).result).toMatchObject({ outcome: 'ok', copied: [{ sequence: log.sequence }] })
  }, timeout)
})

/** The processes of one run's RMAN clients. */
function rmanClients(): readonly number[] {
  return runningPrograms().filter((program) => program.arguments.some((argument) => argument.startsWith(join(stage.labDirectory, 'hosts', 'prod', 'home', 'bin', 'rman')) || argument === 'rman') && program.arguments.join(' ').includes(stage.labDirectory)).map((program) => program.pid)
}

async function slowBackups(bytesPerSecond: number): Promise<void> {
  await sql(`alter system set "_lab_backup_rate"=${String(bytesPerSecond)} scope=memory;`)
}

describe('two runs and killed runs', () => {
  /** Starts a backup and answers once it is in its refresh. */
  async function inRefresh(name: string): Promise<{ readonly pid: number; readonly ended: Promise<number | null> }> {
    const events = join(stage.directory, `${name}.events`)
    let pid = 0
    const ended = stage.icb('prod', ['backup', database, '--events', events], { onStart: (started) => { pid = started } }).then((result) => result.exitCode)
    const reached = (): boolean => existsSync(events) && readFileSync(events, 'utf8').split('\n').some((line) => line.includes('"step.progress"') && line.includes('"refresh"'))
    await expect.poll(reached, { timeout: 120_000, interval: 20 }).toBe(true)
    return { pid, ended }
  }

  it('lets one run work and turns the other away with exit code 4', async () => {
    await lab('workload', stage.labDirectory, database, '--transactions', '40')
    await slowBackups(200_000)
    const first = await inRefresh('first')
    const impatient = stage.variant('prod', 'impatient', (_, settings) => { settings['maxLockWaitMinutes'] = 0 })
    expect(await icb(['backup', database], { config: impatient })).toMatchObject({ exitCode: 4, error: { code: 'ICB_LEASE_HELD' } })
    await slowBackups(0)
    expect(await first.ended).toBe(0)
  }, timeout)

  it('converges after kill -9 in the middle of a refresh: no point is lost, and RMAN was awaited', async () => {
    const listed = async (): Promise<readonly { snapshot: { name: string }; restorable?: boolean }[]> => done(await icb(['snapshot', 'list', database])).result as never
    await lab('workload', stage.labDirectory, database, '--transactions', '60')
    const before = await listed()
    await slowBackups(1_000_000)
    const killed = await inRefresh('killed')
    process.kill(killed.pid, 'SIGKILL')
    expect(await killed.ended).toBeNull()
    // The client of RMAN outlives its parent for a moment or dies with it; the work in the server goes on either way.
    for (const pid of rmanClients()) process.kill(pid, 'SIGKILL')
    expect(manifest()).toMatchObject({ state: 'refreshing' })
    const during = await listed()
    expect(during.map((point) => point.snapshot.name)).toEqual(expect.arrayContaining(before.map((point) => point.snapshot.name)))
    const kept = during.at(-1)!
    await slowBackups(0)
    const { result } = await backup()
    expect(manifest()).toMatchObject({ state: 'refreshed' })
    // Its copies are half merged: it is kept, and is no recovery point.
    expect(result.point?.state).toBe('refreshing')
    expect(result.refresh?.created).toEqual([])
    expect(statSync(join(stage.areaPath, '.icb', 'lease')).isFile()).toBe(true)
    const next = (await backup()).result
    expect(next.point).toMatchObject({ state: 'refreshed' })
    await proves(kept.snapshot.name)
    await proves(next.snapshot?.name)
  }, timeout)

  it('leaves no program of ours behind', async () => {
    await expect.poll(() => rmanClients(), { timeout: 20_000 }).toEqual([])
    expect(runningPrograms().filter((program) => program.arguments.includes(stage.programs.icb) && program.arguments.join(' ').includes(stage.directory))).toEqual([])
  }, timeout)
})
