import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nameChecks, tnsNames } from '../src/index.ts'

let tnsAdmin: string
beforeEach(async () => {
  tnsAdmin = await mkdtemp(join(tmpdir(), 'icb-tns-'))
})
afterEach(() => rm(tnsAdmin, { recursive: true, force: true }))

const descriptor = '(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=orcl_backup)))'
const ask = async (connects: readonly string[], more: { readonly withoutWallet?: boolean; readonly tnsAdmin?: string } = {}): Promise<Readonly<Record<string, readonly [string, string]>>> =>
  Object.fromEntries(await Promise.all(nameChecks({ connects, tnsAdmin, withoutWallet: false, ...more }).map(async (check) => {
    const { status, summary } = await check.run({ signal: new AbortController().signal })
    return [check.id, [status, summary]] as const
  })))

it('finds every name, also in included files and with a domain', async () => {
  await writeFile(join(tnsAdmin, 'more.ora'), `HR.EXAMPLE.COM = ${descriptor}\n`)
  await writeFile(join(tnsAdmin, 'tnsnames.ora'), `# GONE = x\nIFILE = more.ora\nORCL, ORCL_ALSO =\n  ${descriptor}\nRMAN=${descriptor}\n`)
  expect([...(await tnsNames(join(tnsAdmin, 'tnsnames.ora')))].sort()).toEqual(['HR.EXAMPLE.COM', 'ORCL', 'ORCL_ALSO', 'RMAN'])
  expect((await ask(['/@orcl', '/@rman', '/@hr', '/']))['oracle.names']?.[0]).toBe('ok')
  expect((await ask(['/@orcl', '/@gone']))['oracle.names']).toEqual(['failed', expect.stringContaining('has no gone')])
  expect((await ask(['/']))['oracle.names']?.[0]).toBe('ok')
})

it('says which part of the wallet is not there', async () => {
  const wallet = async (): Promise<readonly [string, string] | undefined> => (await ask(['/@orcl']))['oracle.wallet']
  expect(await wallet()).toEqual(['failed', expect.stringContaining('sqlnet.ora cannot be read')])
  await writeFile(join(tnsAdmin, 'sqlnet.ora'), 'SQLNET.EXPIRE_TIME = 10\n')
  expect(await wallet()).toEqual(['failed', expect.stringContaining('no WALLET_LOCATION')])
  await writeFile(join(tnsAdmin, 'sqlnet.ora'), 'WALLET_LOCATION =\n  (SOURCE =\n   (METHOD = FILE)\n    (METHOD_DATA =\n     (DIRECTORY = wallet.demo)\n    )\n  )\n')
  expect(await wallet()).toEqual(['failed', expect.stringContaining('WALLET_OVERRIDE')])
  await writeFile(join(tnsAdmin, 'sqlnet.ora'), 'WALLET_LOCATION = (SOURCE = (METHOD = FILE) (METHOD_DATA = (DIRECTORY = wallet.demo)))\nSQLNET.WALLET_OVERRIDE = TRUE\n')
  expect(await wallet()).toEqual(['failed', expect.stringContaining('cannot be read')])
  await mkdir(join(tnsAdmin, 'wallet.demo'))
  expect(await wallet()).toEqual(['failed', expect.stringContaining('no cwallet.sso')])
  await writeFile(join(tnsAdmin, 'wallet.demo', 'cwallet.sso'), '')
  expect(await wallet()).toEqual(['ok', join(tnsAdmin, 'wallet.demo')])
  expect((await ask(['/']))['oracle.wallet']?.[0]).toBe('ok')
})
