import { chownSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createStage, ownedDirectory } from '@icb/testing'
import type { IcbDocument, Stage } from '@icb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A database with an encrypted tablespace and one with blocks of 16K: its restore test needs the keystore, and says so where it is not there. */

const timeout = 240_000
const password = 'Planted_keystore_4417'
/** `npm run proof:keystores` takes a container database too, with its tablespaces in a PDB, and keystores that do not open, or by themselves. */
const all = process.env['ICB_PROOF_KEYSTORES'] === 'all'
const kinds = all ? (['database', 'PDB'] as const) : (['database'] as const)

describe.each(kinds)('a %s with an encrypted tablespace', (kind) => {
  let stage: Stage
  let walletRoot: string
  const inPdb = kind === 'PDB' ? 'alter session set container = "PDB1";\n' : ''

  function owned(path: string): string {
    const { user } = stage.programs
    if (user !== undefined) chownSync(path, user.uid, user.gid)
    return path
  }

  async function sqlplus(script: string): Promise<void> {
    const { stdout } = await stage.sqlplus('prod', `conn / as sysdba\n${script}\nexit\n`, { ORACLE_SID: stage.database })
    expect(stdout).not.toMatch(/ORA-|SP2-/)
  }

  /** Puts a file of production's keystore where the sandbox looks. */
  function handOver(name: 'ewallet.p12' | 'cwallet.sso'): void {
    const tde = ownedDirectory(join(walletRoot, 'tde'), stage.programs.user)
    copyFileSync(join(stage.labDirectory, 'hosts', 'prod', 'root', 'u01', 'app', 'oracle', 'admin', stage.database, 'wallet', name), join(tde, name))
    owned(join(tde, name))
  }

  const test = (name: string, restoreTest: Readonly<Record<string, unknown>>): Promise<IcbDocument> =>
    stage.icbJson('sandbox', ['restore-test', stage.database], { config: stage.variant('sandbox', name, (_, database) => { Object.assign(database.restoreTest ?? {}, restoreTest) }), timeoutMs: timeout })
  const inconclusive = (text: string): object => ({ exitCode: 1, result: { restoreTests: [{ verdict: { outcome: 'inconclusive', reasons: [{ code: 'SANDBOX_FAILED', text: expect.stringContaining(text) as unknown }] } }] } })
  // Assertions are asked in the root; a PDB's blocks are proven by their recovery, which needs the key.
  const assertions = kind === 'PDB' ? [] : ['secrets', 'wide'].map((table) => ({ name: `the row of ${table}`, expect: '= after the copies', sql: `select text from sys.${table}` }))

  function passwordFile(text: string): { readonly file: string } {
    const file = join(stage.directory, `keystore-${text.length}.password`)
    writeFileSync(file, `${text}\n`, { mode: 0o600 })
    return { file: owned(file) }
  }

  beforeAll(async () => {
    stage = await createStage({ database: `k${Math.floor(Math.random() * 0xfffff).toString(16)}`, labInit: [...(kind === 'PDB' ? ['--profile', '19c-cdb'] : []), '--system', '1', '--sysaux', '1', '--undo', '1', '--users', '1'] })
    // Neither the buffers nor the flashback logs of the guaranteed restore point are there where the copy is proven.
    await sqlplus(`alter system set db_16k_cache_size = 16M scope=both sid='*';
create restore point before_release guarantee flashback database;
administer key management create keystore identified by "${password}";
administer key management set keystore open identified by "${password}" container = all;
administer key management set key identified by "${password}" with backup container = all;
administer key management create auto_login keystore from keystore identified by "${password}";
${inPdb}create tablespace vault datafile size 500k encryption using 'AES256' default storage(encrypt);
create tablespace broad datafile size 1m blocksize 16K;
create table secrets (text varchar2(100)) tablespace vault;
create table wide (text varchar2(100)) tablespace broad;`)
    for (const args of [['configure', stage.database, '--yes'], ['backup', stage.database]]) {
      const document = await stage.icbJson('prod', args)
      if (document.exitCode !== 0) throw new Error(JSON.stringify(document))
    }
    // Redo of the encrypted tablespace, which only an open keystore can apply.
    await sqlplus(`${inPdb}insert into secrets values ('after the copies');\ninsert into wide values ('after the copies');\ncommit;`)
    const created = await stage.icbJson('prod', ['snapshot', 'create', stage.database])
    if (created.exitCode !== 0) throw new Error(JSON.stringify(created))
    walletRoot = ownedDirectory(join(stage.directory, 'wallet-root'), stage.programs.user)
  }, timeout)
  afterAll(async () => {
    await (stage as Stage | undefined)?.[Symbol.asyncDispose]()
  }, 60_000)

  it('is not proven without its keystore, and that says nothing about the point', async () => {
    expect(await test('without-keystore', {})).toMatchObject(inconclusive('ORA-28365'))
  }, timeout)

  if (all) it('is not proven where the keystore does not open: without its password, or with another one, which stays secret', async () => {
    handOver('ewallet.p12')
    expect(await test('closed', { tdeWalletRoot: walletRoot })).toMatchObject(inconclusive('did not open by itself'))
    const wrong = await test('wrong', { tdeWalletRoot: walletRoot, tdePassword: passwordFile('Not_the_password_99') })
    expect(wrong).toMatchObject(inconclusive('ORA-28353'))
    expect(JSON.stringify(wrong)).not.toContain('Not_the_password_99')
  }, timeout)

  it('is proven with it, opened by its password, which stays secret', async () => {
    handOver('ewallet.p12')
    const proven = await test('open-keystore', { tdeWalletRoot: walletRoot, tdePassword: passwordFile(password), assertions })
    expect(proven).toMatchObject({ exitCode: 0, result: { restoreTests: [{ verdict: { outcome: 'passed' } }] } })
    const kept = readdirSync(join(stage.directory, 'state-sandbox'), { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n')
    expect(kept + JSON.stringify(proven)).not.toContain(password)
    rmSync(walletRoot, { recursive: true })
  }, timeout)

  if (all) it('is proven where the keystore opens by itself', async () => {
    walletRoot = ownedDirectory(join(stage.directory, 'wallet-root'), stage.programs.user)
    handOver('cwallet.sso')
    expect(await test('auto-login', { tdeWalletRoot: walletRoot, assertions })).toMatchObject({ exitCode: 0, result: { restoreTests: [{ verdict: { outcome: 'passed' } }] } })
  }, timeout)
})
