import { chownSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, ownedDirectory } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A database with an encrypted tablespace: its restore test needs the keystore, and says so where it is not there. */

const timeout = 120_000
const password = 'Planted_keystore_4417'
let stage: Stage
let walletRoot: string

function owned(path: string): string {
  const { user } = stage.programs
  if (user !== undefined) chownSync(path, user.uid, user.gid)
  return path
}

const test = (name: string, restoreTest: Readonly<Record<string, unknown>>): Promise<IcbDocument> =>
  stage.icbJson('sandbox', ['restore-test', stage.database], { config: stage.variant('sandbox', name, (_, database) => { Object.assign(database.restoreTest ?? {}, restoreTest) }), timeoutMs: timeout })

beforeAll(async () => {
  stage = await createStage({ database: `k${Math.floor(Math.random() * 0xfffff).toString(16)}`, labInit: ['--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
  const run = async (script: string): Promise<void> => {
    const { stdout } = await stage.sqlplus('prod', `conn / as sysdba\n${script}\nexit\n`, { ORACLE_SID: stage.database })
    expect(stdout).not.toMatch(/ORA-|SP2-/)
  }
  await run(`administer key management create keystore identified by "${password}";
administer key management set keystore open identified by "${password}";
administer key management set key identified by "${password}" with backup;
create tablespace vault datafile size 500k encryption using 'AES256' default storage(encrypt);
create table secrets (text varchar2(100)) tablespace vault;`)
  for (const args of [['configure', stage.database, '--yes'], ['backup', stage.database]]) {
    const document = await stage.icbJson('prod', args)
    if (document.exitCode !== 0) throw new Error(JSON.stringify(document))
  }
  // Redo of the encrypted tablespace, which only an open keystore can apply.
  await run("insert into secrets values ('after the copies');\ncommit;")
  const created = await stage.icbJson('prod', ['snapshot', 'create', stage.database])
  if (created.exitCode !== 0) throw new Error(JSON.stringify(created))
  walletRoot = ownedDirectory(join(stage.directory, 'wallet-root'), stage.programs.user)
}, timeout)
afterAll(async () => {
  await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
}, 60_000)

describe('a database with an encrypted tablespace', () => {
  it('is not proven without its keystore, and that says nothing about the point', async () => {
    const document = await test('without-keystore', {})
    expect(document).toMatchObject({ exitCode: 1, result: { restoreTests: [{ verdict: { outcome: 'inconclusive', reasons: [{ code: 'SANDBOX_FAILED', text: expect.stringContaining('ORA-28365') as unknown }] } }] } })
  }, timeout)

  it('is proven with it: opened by its password, which stays secret, or by itself', async () => {
    const source = join(stage.labDirectory, 'hosts', 'prod', 'root', 'u01', 'app', 'oracle', 'admin', stage.database, 'wallet')
    const tde = ownedDirectory(join(walletRoot, 'tde'), stage.programs.user)
    copyFileSync(join(source, 'ewallet.p12'), join(tde, 'ewallet.p12'))
    owned(join(tde, 'ewallet.p12'))
    const file = join(stage.directory, 'keystore.password')
    writeFileSync(file, `${password}\n`, { mode: 0o600 })
    owned(file)
    const proven = await test('open-keystore', { tdeWalletRoot: walletRoot, tdePassword: { file }, assertions: [{ name: 'the encrypted row', expect: '= after the copies', sql: 'select text from sys.secrets' }] })
    expect(proven).toMatchObject({ exitCode: 0, result: { restoreTests: [{ verdict: { outcome: 'passed' } }] } })
    const kept = readdirSync(join(stage.directory, 'state-sandbox'), { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n')
    expect(kept + JSON.stringify(proven)).not.toContain(password)
    rmSync(walletRoot, { recursive: true })
  }, timeout)
})
