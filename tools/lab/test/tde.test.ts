import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkHistory } from '../src/cli/history-check.ts'
import { type BackedUpLab, backedUpLab } from './support/backed-up-lab.ts'
import { codesOf } from './support/lab.ts'
import { codesIn } from './support/rman.ts'

let lab: BackedUpLab
const secret = 'a row that nobody else may read'
const wallet = '/u01/app/oracle/admin/orcl/wallet'

beforeEach(async () => {
  lab = await backedUpLab({ release: '19.0.0.0.0' })
  expect(await codesOf(lab.sql("create tablespace vault datafile size 500k encryption using 'AES256' encrypt"))).toEqual(['ORA-28365'])
  await lab.sql('administer key management create keystore identified by "Open_Sesame"')
  expect(await lab.sql('select status, wallet_type from v$encryption_wallet')).toEqual([['CLOSED', 'UNKNOWN']])
  expect(await codesOf(lab.sql('administer key management set keystore open identified by wrong'))).toEqual(['ORA-28353'])
  await lab.sql('administer key management set keystore open identified by "Open_Sesame"')
  await lab.sql('administer key management set key identified by "Open_Sesame" with backup')
  await lab.sql("create tablespace vault datafile size 500k encryption using 'AES256' default storage(encrypt)")
  await lab.sql('create table secrets (text varchar2(100)) tablespace vault')
  await lab.db.insertRows('SYS', 'SECRETS', [[secret]])
  await lab.db.checkpoint()
})
afterEach(async () => { await lab.remove() })

const vault = (): string => lab.lab.host.real(lab.db.controlFile.datafiles.find((file) => file.tablespace === 'VAULT')?.name ?? '')

describe('an encrypted tablespace', () => {
  it('has no row in clear on disk, and gives none without the keystore', async () => {
    expect((await readFile(vault())).includes(secret)).toBe(false)
    expect(await lab.sql("select tablespace_name from dba_tablespaces where encrypted = 'YES'")).toEqual([['VAULT']])
    expect(await lab.sql('select encryptionalg, status from v$encrypted_tablespaces')).toEqual([['AES256', 'NORMAL']])
    await lab.db.shutdown('immediate')
    const again = await lab.lab.open()
    expect(await codesOf(lab.sql('select * from secrets', again))).toEqual(['ORA-28365'])
    await lab.sql('administer key management set keystore open identified by "Open_Sesame"', again)
    expect(await lab.sql('select * from secrets', again)).toEqual([[secret]])
  }, 60_000)

  it('is recovered only where its keystore is: ORA-28365 on a host without it, byte for byte with it', async () => {
    await lab.backup()
    await lab.db.insertRows('SYS', 'SECRETS', [['a later one']])
    const target = await lab.point()
    const without = await lab.restored()
    expect(codesIn(await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`, without.copy))).toContain('ORA-28365')

    // A local one opens on its host only; copied elsewhere it is as good as none.
    await lab.sql('administer key management create local auto_login keystore from keystore identified by "Open_Sesame"')
    const foreign = await lab.restored({ parameters: { wallet_root: path.join(lab.lab.dir, 'local'), tde_configuration: 'KEYSTORE_CONFIGURATION=FILE' } })
    await mkdir(path.join(lab.lab.dir, 'local', 'tde'), { recursive: true })
    for (const name of ['cwallet.sso', 'ewallet.p12']) await copyFile(path.join(lab.lab.host.real(wallet), name), path.join(lab.lab.dir, 'local', 'tde', name))
    expect(await lab.sql('select status from v$encryption_wallet', foreign.copy)).toEqual([['CLOSED']])
    expect(codesIn(await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`, foreign.copy))).toContain('ORA-28365')
    await lab.sql('administer key management create auto_login keystore from keystore identified by "Open_Sesame"')
    const withIt = await lab.restored({ parameters: { wallet_root: path.join(lab.lab.dir, 'keystore'), tde_configuration: 'KEYSTORE_CONFIGURATION=FILE' } })
    await mkdir(path.join(lab.lab.dir, 'keystore', 'tde'), { recursive: true })
    await copyFile(path.join(lab.lab.host.real(wallet), 'cwallet.sso'), path.join(lab.lab.dir, 'keystore', 'tde', 'cwallet.sso'))
    expect(await lab.sql('select status, wallet_type from v$encryption_wallet', withIt.copy)).toEqual([['OPEN', 'AUTOLOGIN']])
    expect(codesIn(await lab.rman(`RECOVER DATABASE UNTIL SCN ${String(target + 1n)};\n`, withIt.copy))).toEqual([])
    await withIt.copy.open({ mode: 'READ ONLY' })
    expect(await lab.sql('select text from secrets order by 1', withIt.copy)).toEqual([['a later one'], [secret]])
    const restored = withIt.copy.controlFile.datafiles.find((file) => file.tablespace === 'VAULT')?.name ?? ''
    expect((await checkHistory(restored, lab.lab.dir, target)).differences).toEqual([])
    expect((await readFile(restored)).includes(secret)).toBe(false)
    expect(await lab.rman('BACKUP VALIDATE CHECK LOGICAL DATABASE;\n', withIt.copy)).not.toContain('FAILED')
    await rm(path.join(lab.lab.dir, 'keystore'), { recursive: true })
  }, 60_000)
})
