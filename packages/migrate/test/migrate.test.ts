import { link, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@icb/config'
import { silentLogger, systemClock } from '@icb/runtime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { beginSideBySide, compareRetention, endSideBySide, keptByOriginal, readInstallation, readOriginalLock, readSideBySide, removeLeftLock, takeOriginalLock } from '../src/index.ts'
import type { OriginalLock } from '../src/index.ts'
import { digestOf, localEdits, readTemplate } from '../src/templates.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'icb-migrate-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const take = (runId: string, waitMs = 0): Promise<OriginalLock> => takeOriginalLock({ areaPath: root, runId, hostname: 'prod', waitMs, clock: systemClock, logger: silentLogger })

/** As the original takes its lock: a file of its own, linked to the name. */
async function originalTakes(): Promise<() => Promise<void>> {
  await writeFile(join(root, 'tmp123.lck'), 'prod 2026-01-01 10:00:00 4711')
  await link(join(root, 'tmp123.lck'), join(root, 'backup.lck'))
  return async () => {
    await rm(join(root, 'backup.lck'))
    await rm(join(root, 'tmp123.lck'))
  }
}

describe('the lock of the original', () => {
  it('is taken as the original takes it: it finds the name in use, and free again afterwards', async () => {
    const lock = await take('run1')
    await expect(originalTakes()).rejects.toMatchObject({ code: 'EEXIST' })
    expect((await stat(join(root, 'backup.lck'))).nlink).toBe(2)
    await rm(join(root, 'tmp123.lck'))
    await lock.release()
    await lock.release()
    await (await originalTakes())()
  })

  it('[H34] of the original is respected, waited for, and never broken', async () => {
    const release = await originalTakes()
    await expect(take('run1')).rejects.toMatchObject({ code: 'ICB_MIGRATE_ORIGINAL_BUSY', message: expect.stringContaining('4711') as unknown })
    expect(await readFile(join(root, 'backup.lck'), 'utf8')).toContain('4711')
    const waiting = take('run2', 30_000)
    await systemClock.sleep(50)
    await release()
    await (await waiting).release()
    expect(await readOriginalLock(root)).toBeUndefined()
  })

  it('that cannot be read is one of the original\'s, too', async () => {
    await mkdir(join(root, 'backup.lck'))
    await expect(readOriginalLock(root)).rejects.toMatchObject({ code: 'EISDIR' })
    await expect(take('run1')).rejects.toMatchObject({ code: 'ICB_MIGRATE_ORIGINAL_BUSY', message: expect.stringContaining('cannot be read (EISDIR)') as unknown })
    expect((await stat(join(root, 'backup.lck'))).isDirectory()).toBe(true)
  })

  it('that a killed run of icb left is removed by the next run, which holds the lease', async () => {
    await take('killed')
    expect(await readOriginalLock(root)).toMatchObject({ byIcb: true })
    const lock = await take('next')
    expect((await readOriginalLock(root))?.text).toContain('next')
    await lock.release()
  })

  it('that a killed run of icb left is removed where nobody takes the lock any more; one of the original stays', async () => {
    await take('killed')
    expect([await removeLeftLock(root), await removeLeftLock(root), await readOriginalLock(root)]).toEqual([true, false, undefined])
    await originalTakes()
    expect(await removeLeftLock(root)).toBe(false)
    expect(await readOriginalLock(root)).toMatchObject({ byIcb: false })
  })

  it('is known by what it says: not every file system shows one number for two names of a file', async () => {
    const lock = await take('run1')
    const text = await readFile(join(root, 'backup.lck'), 'utf8')
    await rm(join(root, 'backup.lck'))
    await writeFile(join(root, 'backup.lck'), text)
    await lock.release()
    expect(await readOriginalLock(root)).toBeUndefined()
  })

  it('is not released when somebody else has it by now', async () => {
    const lock = await take('run1')
    await rm(join(root, 'backup.lck'))
    await originalTakes()
    await lock.release()
    expect(await readOriginalLock(root)).toMatchObject({ byIcb: false })
  })
})

it('side by side begins once and ends once', async () => {
  await mkdir(join(root, '.icb'))
  expect(await readSideBySide(root)).toBeUndefined()
  expect(await beginSideBySide(root, { since: '2026-01-01T00:00:00Z', installation: '/opt/old' })).toBe(true)
  expect(await beginSideBySide(root, { since: '2026-02-02T00:00:00Z', installation: '/opt/other' })).toBe(false)
  expect(await readSideBySide(root)).toMatchObject({ since: '2026-01-01T00:00:00Z', installation: '/opt/old' })
  await writeFile(join(root, '.icb', 'original.json'), '{"ver')
  expect(await readSideBySide(root)).toBeDefined()
  expect([await endSideBySide(root), await endSideBySide(root), await readSideBySide(root)]).toEqual([true, false, undefined])
})

describe('local edits', () => {
  const text = '[template]\nheader: SET ECHO ON\n  CONNECT x\n\nfooter: EXIT\n# a remark\n'
  const digests = new Map(readTemplate(text).map(({ key, digest }) => [key, digest]))
  const known = { 'rmantemplate.cfg': { header: ['current', digests.get('header') ?? ''], footer: ['current', digests.get('footer') ?? ''], old: ['0123456789ab'] }, 'backup.py': { '*': [digestOf('print(1)\n')] } }

  it('are none for other spaces, blank lines and line ends', () => {
    expect(localEdits('rmantemplate.cfg', text.replaceAll('\n', '\r\n').replace('  CONNECT', '      CONNECT'), known)).toEqual([])
    expect(localEdits('backup.py', '\n  print(1)', known)).toEqual([])
  })

  it('are told with their lines; what only an old revision had is not missing', () => {
    expect(localEdits('rmantemplate.cfg', '[template]\nheader: SET ECHO OFF\nmine: x\n', known)).toEqual([
      { file: 'rmantemplate.cfg', key: 'header', line: 2, edit: 'changed' }, { file: 'rmantemplate.cfg', key: 'mine', line: 3, edit: 'added' }, { file: 'rmantemplate.cfg', key: 'footer', edit: 'removed' },
    ])
    expect(localEdits('backup.py', 'print(2)', known)).toEqual([{ file: 'backup.py', edit: 'changed' }])
    expect(localEdits('mine.py', '', known)).toBeUndefined()
  })
})

it('[M:wallet] an installation: credentials for all to read, wallet and aliases that are missing, own programs', async () => {
  await mkdir(join(root, 'tns.demo'))
  await mkdir(join(root, 'wallet.demo'))
  await writeFile(join(root, 'backup.cfg'), `[generic]\nbackupdest: ${root}\ntnsadmin: tns.demo\n[rman]\ncatalog: /@rman\n[orcl]\ndbid: 1\nrecoverywindow: 2\nparallel: 1\nsnapexpirationdays: 31\n`)
  await writeFile(join(root, 'tns.demo', 'sqlnet.ora'), `WALLET_LOCATION =\n (SOURCE = (METHOD = FILE)\n  (METHOD_DATA = (DIRECTORY = ${root}/wallet.demo)))\n`)
  await writeFile(join(root, 'tns.demo', 'tnsnames.ora'), '# CATALOG\nORCL, OTHER.example.com =\n (DESCRIPTION=(ADDRESS=(HOST=a)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=rman)))\n')
  await writeFile(join(root, 'zfscredentials.cfg'), '[zfscredentials]\nzfsuser: u\nzfspassword: secret\n', { mode: 0o644 })
  await writeFile(join(root, 'backup.py'), 'changed = True\n')
  await writeFile(join(root, 'ouradapter.py'), 'class Ours: pass\n')
  const found = await readInstallation(root, await loadConfig(join(root, 'backup.cfg'), { env: {} }))
  expect(found).toMatchObject({
    credentials: [{ file: 'zfscredentials.cfg', open: true }], edits: [{ file: 'backup.py', edit: 'changed' }], foreign: ['ouradapter.py'],
    tns: [{ tnsnames: true, sqlnet: true, wallet: `${root}/wallet.demo`, walletFound: true, missingAliases: ['rman'] }],
  })
  expect(JSON.stringify(found)).not.toContain('secret')
  await rm(join(root, 'backup.py'))
  await expect(readInstallation(root, await loadConfig(join(root, 'backup.cfg'), { env: {} }))).rejects.toMatchObject({ code: 'ICB_MIGRATE_INSTALLATION' })
})

it('[M:daily-monthly] what both would do with a share is compared snapshot by snapshot', () => {
  const snapshot = (name: string, createdAt: string, hasClones = false) => ({ name, createdAt: `${createdAt}T23:30:00Z`, hasClones })
  const share = [snapshot('a', '2026-01-30'), snapshot('b', '2026-01-31'), snapshot('c', '2026-02-01', true), snapshot('d', '2026-02-02'), snapshot('e', '2026-05-20')]
  const now = Date.parse('2026-06-01T00:00:00Z')
  expect([...keptByOriginal(share, { days: 31, months: 6 }, now)].sort()).toEqual(['b', 'c', 'd', 'e'])
  expect([...keptByOriginal(share, { days: 0, months: 0 }, now)]).toEqual(['c'])
  const planned = share.map(({ name }) => ({ snapshot: name, keeps: name !== 'b', reasons: [`because of ${name}`] }))
  expect(compareRetention(share, { days: 31, months: 6 }, planned, now)).toEqual([
    { snapshot: 'a', original: 'drops', icb: 'keeps', reasons: ['because of a'], safe: true }, { snapshot: 'b', original: 'keeps', icb: 'drops', reasons: ['because of b'], safe: false },
  ])
})
