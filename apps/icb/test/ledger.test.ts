import { chownSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, repositoryRoot } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** The ledger in an Oracle schema, as its commands and a restore test meet it: made, written, listed, signed, and away for a while. */

const timeout = 120_000
const password = 'Planted-ledger-password-7'
let stage: Stage
let config: string
let verifiedRun: string

const icb = (...args: readonly string[]): Promise<IcbDocument> => stage.icbJson('sandbox', args, { config, timeoutMs: timeout })
interface Row { readonly runId: string; readonly database: string; readonly verdict?: { readonly outcome: string } }

beforeAll(async () => {
  stage = await createStage({ database: `l${Math.floor(Math.random() * 0xfffff).toString(16)}`, labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
  const file = join(stage.directory, 'ledger.password')
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  if (stage.programs.user !== undefined) chownSync(file, stage.programs.user.uid, stage.programs.user.gid)
  // As npm install oracledb beside the configuration leaves it.
  cpSync(join(repositoryRoot, 'node_modules', 'oracledb'), join(stage.directory, 'node_modules', 'oracledb'), { recursive: true, filter: (source) => !source.includes('/build/') })
  config = stage.variant('sandbox', 'oracle-ledger', (whole) => { whole.ledger = { catalog: `/@${stage.database}`, user: 'autorestore', password: { file } } })
  const made = await stage.sqlplus('prod', `conn / as sysdba
create user autorestore identified by "${password}";
grant create session, create table, create sequence, create procedure, create view, create job to autorestore;
alter user autorestore quota unlimited on users;
exit
`, { ORACLE_SID: stage.database })
  expect(made.stdout).not.toContain('ORA-')
  for (const args of [['configure', stage.database, '--yes'], ['backup', stage.database], ['snapshot', 'create', stage.database]]) {
    const document = await stage.icbJson('prod', args)
    if (document.exitCode !== 0) throw new Error(JSON.stringify(document))
  }
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('the ledger in an Oracle schema', () => {
  it('is made by icb ledger create, once; before that its errors name the command', async () => {
    expect(await icb('ledger', 'list')).toMatchObject({ exitCode: 1, error: { code: 'ICB_LEDGER_STORE', hint: expect.stringContaining('icb ledger create') as unknown } })
    const shown = await stage.icb('sandbox', ['ledger', 'create', '--dry-run'], { config })
    expect(shown.stdout).toMatch(/^create sequence restoreaction_seq;$/m)
    const made = await icb('ledger', 'create')
    expect([made.exitCode, (made.result as { objects: { name: string }[] }).objects.map(({ name }) => name)]).toEqual([0, ['RESTOREACTION_SEQ', 'RESTORELOB', 'RESTOREACTION', 'LOG_RETENTION', 'ICB_RESTORE_TEST', 'ICB_RESTORE_TEST_ROW']])
    expect(await icb('ledger', 'create')).toMatchObject({ exitCode: 0, result: { objects: [] } })
  }, timeout)

  it('takes the verdict of a restore test, lists, shows, exports and verifies it', async () => {
    const test = await icb('restore-test', stage.database)
    expect(test).toMatchObject({ exitCode: 0, result: { restoreTests: [{ verdict: { outcome: 'passed' } }] } })
    const rows = (await icb('ledger', 'list', stage.database)).result as readonly Row[]
    expect(rows).toMatchObject([{ database: stage.database, state: 'closed', verdict: { outcome: 'passed', dbid: stage.dbid } }])
    verifiedRun = rows[0]?.runId ?? ''
    expect(await icb('ledger', 'show', verifiedRun)).toMatchObject({ exitCode: 0, result: { runId: verifiedRun } })
    const evidence = join(stage.directory, 'evidence.json')
    expect(await icb('ledger', 'export', evidence)).toMatchObject({ exitCode: 0, result: { entries: 1 } })
    expect(await icb('ledger', 'verify', evidence)).toMatchObject({ exitCode: 0 })
    writeFileSync(evidence, readFileSync(evidence, 'utf8').replace('"passed"', '"failed"'))
    expect((await icb('ledger', 'verify', evidence)).exitCode).toBe(1)
  }, timeout)

  it('while it is down a test runs, ends red, and its verdict comes in with the next command that tests', async () => {
    await stage.lab(['stop', stage.labDirectory, '--abort'])
    const test = await icb('restore-test', stage.database)
    expect(test).toMatchObject({ exitCode: 1, error: { code: 'ICB_AUTORESTORE_VERDICT_NOT_STORED' }, result: { restoreTests: [{ verdict: { outcome: 'passed' } }] } })
    expect(test.warnings.map(({ code }) => code)).toContain('ICB_LEDGER_UNREACHABLE')
    const spool = join(stage.directory, 'state-sandbox', 'ledger-spool')
    expect(readdirSync(spool).filter((name) => name.endsWith('.verdict.json'))).toHaveLength(1)
    expect(await icb('check', stage.database)).toMatchObject({ exitCode: 2, result: { findings: expect.arrayContaining([expect.objectContaining({ about: 'ledger', severity: 'critical' })]) as unknown } })
    await stage.lab(['start', stage.labDirectory])
    expect(await icb('ledger', 'flush')).toMatchObject({ exitCode: 0, result: { stored: 1, left: 0 } })
    expect(readdirSync(spool)).toEqual([])
    expect(((await icb('ledger', 'list')).result as readonly Row[]).map((row) => row.verdict?.outcome)).toEqual(['passed', 'passed'])
  }, timeout)

  it('tells its password to nobody', async () => {
    const written = readdirSync(join(stage.directory, 'state-sandbox'), { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    expect(written.length).toBeGreaterThan(0)
    for (const text of written) expect(text).not.toContain(password)
    const shown = await stage.icb('sandbox', ['config', 'show', '--json'], { config })
    expect(shown.stdout).not.toContain(password)
  }, timeout)
})
