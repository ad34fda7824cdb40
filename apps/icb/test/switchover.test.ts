import { createStage } from '@icb/testing'
import type { IcbDocument, Stage, StageHost } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A physical standby that is backed up becomes the primary: runs for the other role do nothing, and backups go on once the role in the configuration has changed too. */

const timeout = 240_000
let stage: Stage

async function sqlplus(script: string): Promise<string> {
  const { stdout } = await stage.sqlplus('prod', `set pagesize 0 feedback off\nwhenever sqlerror exit failure\n${script}\nexit\n`)
  expect(stdout).not.toMatch(/ORA-|SP2-/)
  return stdout.trim()
}

async function icb(host: StageHost, args: readonly string[], config?: string): Promise<IcbDocument> {
  const document = await stage.icbJson(host, [...args.slice(0, 1), stage.database, ...args.slice(1)], { timeoutMs: timeout, ...(config === undefined ? {} : { config }) })
  expect(document, `icb ${args.join(' ')}: ${JSON.stringify(document.error ?? document.result)}`).toMatchObject({ exitCode: 0 })
  return document
}

const work = async (database: string): Promise<void> => { expect(await stage.lab(['workload', stage.labDirectory, database, '--transactions', '20'])).toMatchObject({ exitCode: 0 }) }

beforeAll(async () => {
  stage = await createStage({ database: `s${Math.floor(Math.random() * 0xfffff).toString(16)}`, backUpStandby: { applyLagMs: 0 }, labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
  await icb('prod', ['configure', '--yes'])
  await work(stage.primary)
  await icb('prod', ['backup'])
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('[M:data-guard] a standby that has become the primary', () => {
  it('is backed up in its new role, and a restore test passes', async () => {
    await sqlplus(`connect /@${stage.primary} as sysdba\nalter database switchover to ${stage.database};\nconnect /@${stage.database} as sysdba\nalter database open;`)
    expect(await stage.lab(['start', stage.labDirectory, stage.primary])).toMatchObject({ exitCode: 0 })
    expect(await sqlplus(`connect /@${stage.primary} as sysdba\nselect database_role from v$database;`)).toMatch(/PHYSICAL STANDBY$/)

    expect(await icb('prod', ['backup'])).toMatchObject({ result: { outcome: 'skipped' } })

    const as = (host: StageHost): string => stage.variant(host, 'primary', (_, database) => {
      delete database['primaryConnect']
      Object.assign(database, { role: 'primary', hasDataGuard: true })
    })
    const [prod, sandbox] = [as('prod'), as('sandbox')]
    const configured = await icb('prod', ['configure', '--yes'], prod)
    expect(configured).toMatchObject({ result: { applied: expect.arrayContaining(['archive.area', 'rman.retention-policy', 'change-tracking']) as unknown } })
    await work(stage.database)
    await sqlplus(`connect /@${stage.database} as sysdba\nalter system archive log current;`)
    await icb('prod', ['archivelogs'], prod)
    expect(await icb('prod', ['backup'], prod)).toMatchObject({ result: { outcome: 'done' } })
    expect(await icb('sandbox', ['restore-test'], sandbox)).toMatchObject({ result: { restoreTests: [{ verdict: { outcome: 'passed' } }] } })
  }, timeout)
})
