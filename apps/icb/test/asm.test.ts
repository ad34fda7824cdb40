import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, runProgram } from '@icb/testing'
import type { IcbDocument, ProgramResult, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * Databases whose every file is in a disk group, from `icb configure` to both ways of rebuilding them after all their files are gone. Blocks
 * are compared with the lab's history. More kinds of databases, and the restores beside: `npm run proof:asm`.
 */

interface Case {
  readonly title: string
  readonly labInit: readonly string[]
  /** Instances of a cluster. */
  readonly threads?: number
  /** How it is rebuilt; default: rescued in place. Once: the lab's history does not know which changes a RESETLOGS gave up. */
  readonly rebuilt?: 'script' | 'rescue'
}

const full = process.env['ICB_PROOF_ASM'] === 'full'
const cases: readonly Case[] = full
  ? [
      { title: '19c', labInit: [], rebuilt: 'script' },
      { title: '19c, to be rescued', labInit: [] },
      { title: 'a 19c cluster with containers', labInit: ['--profile', '19c-cdb', '--instances', '2'], threads: 2, rebuilt: 'script' },
      { title: 'a 12.1 cluster', labInit: ['--profile', '12.1.0.2', '--instances', '2'], threads: 2 },
      { title: '12.1 with containers', labInit: ['--profile', '12.1.0.2-cdb'] },
      { title: '11.2', labInit: ['--profile', '11.2.0.4'] },
      { title: '19c Standard Edition', labInit: ['--edition', 'standard'] },
    ]
  : [{ title: '19c', labInit: [] }]
const timeout = full ? 1_200_000 : 240_000

describe.each(cases)('the database of $title in disk groups', ({ labInit, threads, rebuilt = 'rescue' }) => {
  let stage: Stage
  const database = `a${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
  const sids = threads === undefined ? [database] : Array.from({ length: threads }, (_, index) => `${database}${String(index + 1)}`)
  const [sid = database] = sids

  async function must<T>(document: Promise<IcbDocument>): Promise<T> {
    const { exitCode, error, result } = await document
    expect({ exitCode, error, ...(exitCode === 0 ? {} : { result: JSON.stringify(result).slice(-3000) }) }).toEqual({ exitCode: 0, error: undefined })
    return result as T
  }

  async function lab(...args: readonly string[]): Promise<string> {
    const result = await stage.lab(args)
    if (result.exitCode !== 0) throw new Error(`${args.join(' ')}: ${result.stdout}${result.stderr}`)
    return result.stdout
  }

  async function sql(script: string): Promise<readonly string[]> {
    const result = await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn / as sysdba\nset heading off feedback off pages 0 linesize 1000 trimspool on\n${script}\nexit\n`, { ORACLE_SID: sid })
    expect({ script, exitCode: result.exitCode, stdout: result.exitCode === 0 ? '' : result.stdout }).toEqual({ script, exitCode: 0, stdout: '' })
    return result.stdout.split('\n').map((line) => line.trim()).filter((line) => line !== '' && line !== 'Connected.')
  }

  async function work(...instances: readonly string[]): Promise<void> {
    for (const each of instances.length === 0 ? sids : instances) await lab('workload', stage.labDirectory, database, '--transactions', '30', ...(threads === undefined ? [] : ['--instance', each]))
  }

  const inGroups = (): readonly string[] => readdirSync(join(stage.labDirectory, 'asm', 'disks'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const filesOfDatabase = `select name from v$datafile union all select name from v$tempfile union all select member from v$logfile union all select name from v$controlfile;`

  /** Every file of the database is lost: what a group that was made anew would look like. */
  async function destroy(): Promise<void> {
    await lab('stop', stage.labDirectory, database, '--abort')
    for (const entry of readdirSync(join(stage.labDirectory, 'asm', 'disks'))) for (const below of readdirSync(join(stage.labDirectory, 'asm', 'disks', entry))) rmSync(join(stage.labDirectory, 'asm', 'disks', entry, below), { recursive: true })
    expect(inGroups()).toEqual([])
  }

  async function expectBlocksAt(scn: bigint, names: readonly string[]): Promise<void> {
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) {
      const { differences } = JSON.parse((await stage.lab(['history', 'check', name, '--lab', stage.labDirectory, '--scn', String(scn), '--json'])).stdout) as { differences: unknown[] }
      expect({ name, differences }).toEqual({ name, differences: [] })
    }
  }

  async function lastArchived(): Promise<bigint> {
    await work()
    await sql('alter system archive log current;')
    const [scn] = await sql(`select to_char(min(last)) from (select max(next_change#) - 1 last from v$archived_log where resetlogs_id = (select resetlogs_id from v$database_incarnation where status = 'CURRENT') group by thread#);`)
    await work()
    return BigInt(scn ?? '')
  }

  beforeAll(async () => {
    stage = await createStage({ database, labInit: ['--asm', ...labInit] })
  }, timeout)
  afterAll(async () => {
    await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  }, 60_000)

  it('[M:rac-asm-cdb] is configured, backed up and examined', async () => {
    const names = await sql(filesOfDatabase)
    expect(names.filter((name) => !/^\+(?:DATA|RECO)\//.test(name))).toEqual([])
    await must(stage.icbJson('prod', ['configure', database, '--yes']))
    await work()
    await must(stage.icbJson('prod', ['backup', database]))
    await work()
    if (full) await must(stage.icbJson('prod', ['archivelogs', database]))
    await must(stage.icbJson('prod', ['backup', database]))
    if (!full) return
    const doctor = await stage.icbJson('prod', ['doctor', database])
    expect(JSON.stringify(doctor.result)).toMatch(/DATA \d+ MB usable/)
    // Configured once is configured.
    const again = await must<{ changes?: readonly unknown[] }>(stage.icbJson('prod', ['configure', database, '--dry-run']))
    expect(JSON.stringify(again)).not.toMatch(/LOG_ARCHIVE_DEST_\d+=/)
  }, timeout)

  it('[H2] is tested where its disk groups are out of reach, and nowhere else', async () => {
    if (full) {
      await lab('asm', 'mount', stage.labDirectory, 'DATA', '--host', 'sandbox')
      const refused = await stage.icbJson('sandbox', ['restore-test', database, '--validate', 'never'])
      expect(refused.exitCode).toBe(3)
      expect(JSON.stringify(refused)).toMatch(/\+DATA\/\S+ is in disk group DATA, which this host can use/)
      await lab('asm', 'dismount', stage.labDirectory, 'DATA', '--host', 'sandbox')
    }
    const before = inGroups()
    const passed = await must<{ restoreTests: readonly { verdict: { outcome: string } }[] }>(stage.icbJson('sandbox', ['restore-test', database, '--validate', full ? 'always' : 'never']))
    expect(passed.restoreTests.map((test) => test.verdict.outcome)).toEqual(['passed'])
    expect(before.filter((file) => !inGroups().includes(file))).toEqual([])
  }, timeout)

  if (full) it('[M:point-in-time] is restored beside, with RESETLOGS, and its logs leave the disk groups', async () => {
    const scn = (await must<readonly { entry: { lastScn: string | null } }[]>(stage.icbJson('prod', ['snapshot', 'list', database]))).map(({ entry }) => entry.lastScn).find((each) => each !== null) ?? ''
    const restored = await must<{ runId: string; scn: string }>(stage.icbJson('sandbox', ['restore', database, '--to', scn, '--sid', stage.slot, '--resetlogs', '--name', 'beside', '--yes']))
    expect([BigInt(scn), BigInt(scn) + 1n]).toContain(BigInt(restored.scn))
    const names = await stage.sqlplus('sandbox', `conn / as sysdba\nset heading off feedback off pages 0 linesize 1000 trimspool on\n${filesOfDatabase}\nselect open_mode from v$database;\nexit\n`, { ORACLE_SID: stage.slot })
    expect(names.stdout).toContain('READ WRITE')
    expect(names.stdout).not.toContain('+')
    await must(stage.icbJson('sandbox', ['restore', database, '--cleanup', restored.runId]))
  }, timeout)

  if (rebuilt === 'script') it('[M:restore-script] is rebuilt by the generated script', async () => {
    const script = join(stage.directory, 'home', 'restore.sh')
    await must(stage.icbJson('prod', ['restore-script', database, '--sid', sid, '--output', script]))
    await lastArchived()
    await destroy()
    const run = (verb: string): Promise<ProgramResult> => runProgram('/bin/sh', [script, verb], { cwd: stage.directory, user: stage.programs.user, env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', HOME: join(stage.directory, 'home'), TNS_ADMIN: join(stage.labDirectory, 'tns'), ICB_DBID: stage.dbid } })
    const restored = await run('restore')
    expect({ exitCode: restored.exitCode, end: restored.stdout.trimEnd().split('\n').slice(-12), errors: restored.stderr }).toMatchObject({ exitCode: 0, end: expect.arrayContaining([expect.stringMatching(/^restored up to/)]) as unknown })
    await expectBlocksAt(BigInt(/SCN (\d+); look/.exec(restored.stdout)?.[1] ?? '0') - 1n, await sql('select name from v$datafile;'))
    expect(await run('open')).toMatchObject({ exitCode: 0 })
    expect((await sql(filesOfDatabase)).filter((name) => !/^\+(?:DATA|RECO)\//.test(name))).toEqual([])
    await work(sid)
    // Of a cluster one instance runs now: the other's thread is enabled and has no redo since RESETLOGS.
    await must(stage.icbJson('prod', ['backup', database, '--accept-gap']))
  }, timeout)

  if (rebuilt === 'rescue') it('[M:restore-script] is rescued in place, and its files return into the disk groups', async () => {
    const last = await lastArchived()
    const rescue = (...args: readonly string[]): Promise<IcbDocument> => stage.icbJson('prod', ['rescue', database, '--sid', sid, '--yes', ...args])
    if (full) {
      await lab('stop', stage.labDirectory, database, '--abort')
      const refused = await rescue()
      expect(refused).toMatchObject({ exitCode: 3, error: { code: 'ICB_AUTORESTORE_REFUSED_PATH', message: expect.stringMatching(/data file \+DATA\/\S+ of the source database exists on this host/) as unknown } })
    }
    await destroy()
    const held = await must<{ outcome: string; scn: string }>(rescue(...(full ? ['--hold'] : [])))
    expect([last, last + 1n]).toContain(BigInt(held.scn))
    if (full) {
      await expectBlocksAt(last, await sql('select name from v$datafile;'))
      expect(await must(rescue())).toMatchObject({ outcome: 'rescued' })
    }
    expect((await sql(filesOfDatabase)).filter((name) => !/^\+(?:DATA|RECO)\//.test(name))).toEqual([])
    expect(await sql('select open_mode from v$database;')).toEqual(['READ WRITE'])
    expect(await must(stage.icbJson('prod', ['clone', 'list', database]))).toEqual([])
    await work(sid)
  }, timeout)
})
