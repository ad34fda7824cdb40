import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createStage } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * `icb rescue` on the database's own host after every file of it is gone, against the truth: every block is compared with the lab's history
 * at the last archived SCN. Killed in every step, on more releases: `npm run proof:rescue`.
 */

const full = process.env['ICB_PROOF_RESCUE'] === 'full'
const cases: readonly (readonly [title: string, labInit: readonly string[]])[] = full
  ? [['19c', []], ['12.1 with containers', ['--profile', '12.1.0.2-cdb']], ['11.2', ['--profile', '11.2.0.4']], ['19c Standard Edition', ['--edition', 'standard']]]
  : [['19c', []]]
const recovery = ['plan', 'create-clone', 'prepare', 'start-instance', 'restore-control-file', 'forget-copies', 'catalog-clone', 'detach-source', 'record-places', 'switch-to-clone', 'recover', 'check-headers']
const returning = ['open-resetlogs', 'move-back', 'settle-in', 'release-clone']
const timeout = full ? 1_800_000 : 240_000

describe.each(cases)('a destroyed database of %s', (_, labInit) => {
  let stage: Stage
  let lastArchived: bigint
  let places: readonly string[]
  let extra: string
  const onDisk = (name: string): string => (name.startsWith('/u01') ? join(stage.labDirectory, 'hosts', 'prod', 'root', name) : name)
  const database = `v${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`

  async function must<T>(document: Promise<IcbDocument>): Promise<T> {
    const { exitCode, error, result } = await document
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined })
    return result as T
  }

  async function lab(...args: readonly string[]): Promise<string> {
    const result = await stage.lab(args)
    if (result.exitCode !== 0) throw new Error(`${args.join(' ')}: ${result.stdout}${result.stderr}`)
    return result.stdout
  }

  async function sql(script: string, connect = '/'): Promise<readonly string[]> {
    const result = await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn ${connect} as sysdba\nset heading off feedback off pages 0 linesize 1000 trimspool on\n${script}\nexit\n`, { ORACLE_SID: database })
    expect({ script, exitCode: result.exitCode, stdout: result.exitCode === 0 ? '' : result.stdout }).toEqual({ script, exitCode: 0, stdout: '' })
    return result.stdout.split('\n').map((line) => line.trim()).filter((line) => line !== '' && line !== 'Connected.')
  }

  const oracle = (): string => join(stage.labDirectory, 'hosts', 'prod', 'root', 'u01', 'app', 'oracle')
  const filesBelow = (directory: string): readonly string[] => readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const rescue = (...args: readonly string[]): Promise<IcbDocument> => stage.icbJson('prod', ['rescue', database, '--sid', database, '--yes', ...args])

  async function differences(files: readonly string[], scn = lastArchived): Promise<readonly unknown[]> {
    const found: unknown[] = []
    for (const file of files) {
      const result = await stage.lab(['history', 'check', file, '--lab', stage.labDirectory, '--scn', String(scn), '--json'])
      found.push(...(JSON.parse(result.stdout) as { differences: unknown[] }).differences.map((difference) => ({ file, difference })))
    }
    return found
  }

  /** Starts a rescue and kills it as soon as it is in this step. */
  async function killIn(step: string): Promise<void> {
    const events = join(stage.directory, `killed-${step}.events`)
    let pid = 0
    let ended = false
    const killed = stage.icb('prod', ['rescue', database, '--sid', database, '--yes', '--events', events], { onStart: (started) => { pid = started } }).finally(() => { ended = true })
    await expect.poll(() => ended || (existsSync(events) && readFileSync(events, 'utf8').split('\n').some((line) => line.includes('"step.started"') && line.includes(`"step":"${step}"`))), { timeout: 120_000, interval: 10 }).toBe(true)
    expect({ step, ended }).toEqual({ step, ended: false })
    process.kill(pid, 'SIGKILL')
    await killed
  }

  beforeAll(async () => {
    stage = await createStage({ database, labInit })
    // The lab maps /u01 to a directory of its own, so a path elsewhere is one that the product can see as well.
    extra = join(stage.directory, 'home', 'extra.dbf')
    await sql(`create tablespace extra datafile '${extra}' size 1m;`)
    await must(stage.icbJson('prod', ['configure', database, '--yes']))
    await must(stage.icbJson('prod', ['backup', database]))
    await lab('workload', stage.labDirectory, '--transactions', '80')
    await sql('alter system archive log current;')
    await lab('workload', stage.labDirectory, '--transactions', '10')
    lastArchived = BigInt((await sql('select to_char(max(next_change#) - 1) from v$archived_log;'))[0] ?? '')
    places = (await sql('select name from v$datafile order by file#;'))
  }, timeout)
  afterAll(async () => {
    await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  }, 60_000)

  it('is not touched while its instance runs or a file of it is left', async () => {
    expect(await rescue()).toMatchObject({ exitCode: 3, error: { code: 'ICB_AUTORESTORE_REFUSED_INSTANCE' } })
    await lab('stop', stage.labDirectory, database, '--abort')
    const refused = await rescue()
    expect(refused).toMatchObject({ exitCode: 3, error: { code: 'ICB_AUTORESTORE_REFUSED_PATH', message: expect.stringContaining(extra) as unknown } })
    rmSync(extra)
    for (const name of ['oradata', 'fast_recovery_area']) for (const file of filesBelow(join(oracle(), name))) rmSync(file)
    const planned = await must<{ outcome: string; steps: { name: string }[] }>(rescue('--dry-run'))
    expect(planned.outcome).toBe('planned')
    expect(planned.steps.map((step) => step.name)).toEqual(expect.arrayContaining(['recover', 'open-resetlogs', 'move-back']))
    expect(filesBelow(join(oracle(), 'oradata'))).toEqual([])
    expect(await must(stage.icbJson('prod', ['clone', 'list', database]))).toEqual([])
  }, timeout)

  if (full) it('can stop at an SCN of choice, and be given up until it opens', async () => {
    const until = lastArchived - 3n
    const held = await must<{ outcome: string; scn: string; plan: { untilScn: string; directory: string } }>(rescue('--hold', '--until', String(until)))
    expect(held).toMatchObject({ outcome: 'held', plan: { untilScn: String(until) } })
    expect([until, until + 1n]).toContain(BigInt(held.scn))
    expect(await differences((await sql('select name from v$datafile order by file#;')).map(onDisk), until)).toEqual([])
    expect(existsSync(held.plan.directory)).toBe(true)
    const { removed } = await must<{ removed: readonly string[] }>(rescue('--abandon'))
    expect(removed).toEqual(expect.arrayContaining([expect.stringMatching(/^clone .*-rescue-/) as unknown, held.plan.directory]))
    expect(await must(stage.icbJson('prod', ['clone', 'list', database]))).toEqual([])
    // The control file lies where only the lab's programs see it.
    const dataFiles = (): readonly string[] => filesBelow(join(oracle(), 'oradata')).filter((name) => !name.endsWith('.ctl'))
    expect({ directory: existsSync(held.plan.directory), files: dataFiles() }).toEqual({ directory: false, files: [] })
    // Nothing is left to give up, and a new one begins from nothing. One that was killed can be given up as well.
    expect(await must(rescue('--abandon'))).toEqual({ removed: [] })
    await killIn('switch-to-clone')
    expect((await must<{ removed: readonly string[] }>(rescue('--abandon'))).removed.length).toBeGreaterThan(1)
    expect(await must<{ resumed: boolean }>(rescue('--dry-run'))).toMatchObject({ outcome: 'planned', resumed: false })
    expect(dataFiles()).toEqual([])
    expect(await must(stage.icbJson('prod', ['clone', 'list', database]))).toEqual([])
  }, timeout)

  it('stands in a clone at the last archived SCN, byte for byte, after kill -9 on the way', async () => {
    for (const step of full ? recovery : ['recover']) await killIn(step)
    const held = await must<{ outcome: string; scn: string; resumed: boolean }>(rescue('--hold'))
    expect(held).toMatchObject({ outcome: 'held', resumed: true })
    expect([lastArchived, lastArchived + 1n]).toContain(BigInt(held.scn))
    const inUse = (await sql('select name from v$datafile order by file#;'))
    expect(inUse.length).toBe(places.length)
    expect(await differences(inUse.map(onDisk))).toEqual([])
    expect(inUse.some((name) => name.includes('-rescue-'))).toBe(true)
  }, timeout)

  it('opens, and its files go back to their places while it is in use', async () => {
    for (const step of full ? returning : ['move-back']) await killIn(step)
    const done = await must<{ outcome: string; notes: readonly string[] }>(rescue())
    expect(done.outcome).toBe('rescued')
    expect(done.notes.join('\n')).toContain('create spfile')
    expect((await sql('select name from v$datafile order by file#;'))).toEqual(places)
    for (const place of places) expect(statSync(onDisk(place)).size).toBeGreaterThan(0)
    expect(await must(stage.icbJson('prod', ['clone', 'list', database]))).toEqual([])
    expect(await sql('select open_mode from v$database;')).toEqual(['READ WRITE'])
    await lab('workload', stage.labDirectory, '--transactions', '5')
    // Nothing is left to go on with, and backups go on.
    expect(await rescue('--dry-run')).toMatchObject({ exitCode: 3 })
    if (!full) return
    await must(stage.icbJson('prod', ['backup', database, '--accept-gap']))
    await must(stage.icbJson('prod', ['backup', database]))
  }, timeout)
})
