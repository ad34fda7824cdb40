import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, runProgram } from '@icb/testing'
import type { IcbDocument, ProgramResult, Stage } from '@icb/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** The generated script, run on the database's own host after every file of the database is gone. */

let stage: Stage
const database = `d${Math.floor(Math.random() * 0xffffff).toString(16).padStart(6, '0')}`
const timeout = 240_000

async function must(document: Promise<IcbDocument>): Promise<unknown> {
  const { exitCode, error, result } = await document
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined })
  return result
}

async function lab(...args: readonly string[]): Promise<string> {
  const result = await stage.lab(args)
  if (result.exitCode !== 0) throw new Error(`${args.join(' ')}: ${result.stdout}${result.stderr}`)
  return result.stdout
}

function run(script: string, verb: string, env: Readonly<Record<string, string>> = {}): Promise<ProgramResult> {
  const home = join(stage.directory, 'home')
  return runProgram('/bin/sh', [script, verb], { cwd: stage.directory, user: stage.programs.user, env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', HOME: home, TNS_ADMIN: join(stage.labDirectory, 'tns'), ...env } })
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

beforeAll(async () => {
  stage = await createStage({ database })
  await must(stage.icbJson('prod', ['configure', database, '--yes']))
  // Its flashback logs will be gone; while the control file knows it, the database does not open.
  const kept = await stage.sqlplus('prod', `whenever sqlerror exit failure\nconnect /@${database} as sysdba\ncreate restore point before_release guarantee flashback database;\nexit\n`)
  expect(kept.exitCode).toBe(0)
  await must(stage.icbJson('prod', ['backup', database]))
  await lab('workload', stage.labDirectory, '--transactions', '80')
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

it('[H50] [M:restore-script] rebuilds a destroyed database, byte for byte, at the last archived SCN', async () => {
  const script = join(stage.directory, 'home', 'restore.sh')
  await must(stage.icbJson('prod', ['restore-script', database, '--sid', database, '--output', script]))
  const switched = await stage.sqlplus('prod', `whenever sqlerror exit failure\nconn /@${database} as sysdba\nalter system archive log current;\nexit\n`)
  expect(switched.exitCode).toBe(0)
  // While it runs nothing is touched.
  expect(await run(script, 'check')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('runs here') as unknown })

  await lab('stop', stage.labDirectory, database, '--abort')
  const oracle = join(stage.labDirectory, 'hosts', 'prod', 'root', 'u01', 'app', 'oracle')
  for (const name of ['oradata', 'fast_recovery_area']) for (const file of filesBelow(join(oracle, name))) rmSync(file)

  expect(await run(script, 'check')).toMatchObject({ exitCode: 0 })
  expect(await run(script, 'restore')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ICB_DBID') as unknown })
  const restored = await run(script, 'restore', { ICB_DBID: stage.dbid })
  expect({ exitCode: restored.exitCode, end: restored.stdout.trimEnd().split('\n').at(-1), errors: restored.stderr }).toMatchObject({ exitCode: 0, end: expect.stringMatching(/^restored up to/) as unknown })
  const until = BigInt(/SCN (\d+); look/.exec(restored.stdout)?.[1] ?? '0')
  const datafiles = filesBelow(join(oracle, 'oradata')).filter((file) => file.endsWith('.dbf') && statSync(file).size > 0)
  expect(datafiles.length).toBeGreaterThan(3)
  for (const file of datafiles) {
    const check = JSON.parse(await lab('history', 'check', file, '--lab', stage.labDirectory, '--scn', String(until - 1n), '--json')) as { differences: unknown[] }
    expect({ file, differences: check.differences }).toEqual({ file, differences: [] })
  }
  const opened = await run(script, 'open', { ICB_DBID: stage.dbid })
  expect({ exitCode: opened.exitCode, errors: opened.stderr }).toMatchObject({ exitCode: 0 })
  expect(opened.stdout).toContain('backup at once')
  const mode = await stage.sqlplus('prod', `conn / as sysdba\nset heading off feedback off pages 0\nselect open_mode from v$database;\nexit\n`, { ORACLE_SID: database })
  expect(mode.stdout).toContain('READ WRITE')
  await lab('workload', stage.labDirectory, '--transactions', '5')
}, timeout)
