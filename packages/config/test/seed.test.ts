import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { icbKeys, loadConfig, parseIni } from '../src/index.ts'
import { reservedSections, seedKeys, seedModules } from '../src/seed.ts'
import { allSettings } from '../src/settings.ts'

const reference = join(process.env['ICB_REFERENCE_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/reference'), 'seed-config')

describe('the lists', () => {
  it('are the closed format of the original', () => {
    expect(reservedSections).toEqual(['generic', 'rman', 'autorestore', 'zfssa', 'netapp', 'softnas', 'huaweidorado'])
    expect(seedKeys).toHaveLength(56)
    const names = [...seedKeys, ...icbKeys].map(({ section, key }) => `${section}.${key}`)
    expect(new Set(names).size).toBe(names.length)
    expect(names.every((name) => name === name.toLowerCase())).toBe(true)
  })

  it('say the types that settings check, and have a setting for each key but those of the adapters', () => {
    const used = new Map(allSettings.map(({ ini, kind }) => [ini, kind.type]))
    const without = [...seedKeys, ...icbKeys].filter((key) => !used.has(key)).map(({ section, key }) => `${section}.${key}`)
    expect(without.filter((name) => !Object.keys(seedModules).some((module) => name.startsWith(`${module}.`)))).toEqual([
      'generic.snappermodule', 'generic.snapperclass', 'database.additionalvolumesuffixes', 'generic.adapter',
    ])
    for (const [key, type] of used) expect(`${key.key} ${type}`).toBe(`${key.key} ${key.type}`)
  })
})

describe.skipIf(!existsSync(reference))('the sample files of the original (needs the reference data)', () => {
  const text = (name: string): Promise<string> => readFile(join(reference, name), 'utf8')
  const missing = Object.assign(new Error('none'), { code: 'ENOENT' })
  const load = (name: string, more: Record<string, string> = {}, env: Record<string, string> = {}) =>
    loadConfig(join(reference, name), { env, readFile: (path) => (path in more ? Promise.resolve(more[path]!) : path.endsWith(name) ? text(name) : Promise.reject(missing)) })

  it.each([
    ['backup.sample.cfg', { generic: 10, zfssa: 3, rman: 1, autorestore: 9, cdb1: 10, olddb: 14 }],
    ['backup.netapp.sample.cfg', { generic: 10, netapp: 4, rman: 1, autorestore: 9, cdb1: 10, olddb: 14 }],
    ['backup.softnas.sample.cfg', { generic: 10, softnas: 2, rman: 1, autorestore: 9, orcl: 10 }],
  ])('%s parses completely', async (name, counts) => {
    const { sections } = parseIni(await text(name), name)
    expect(Object.fromEntries([...sections.values()].map((section) => [section.name, section.values.size]))).toEqual(counts)
  })

  it('zfssa: everything is understood', async () => {
    const config = await load('backup.sample.cfg')
    expect(config.warnings).toEqual([])
    expect(config.databases.map(({ name }) => name)).toEqual(['cdb1', 'olddb'])
    const [cdb1, olddb] = config.databases
    expect(cdb1).toMatchObject({
      dbid: '888398667', areaPath: '/nfs/backup/cdb1', connect: '/@cdb1', catalog: '/@rman', registerCatalog: true, hasDataGuard: false, parallel: 4, recoveryWindowDays: 2, osUser: 'oracle',
      oracleHome: '/u01/app/oracle/product/12.1.0.2/db', tnsAdmin: join(reference, 'tns.sample'), scheduleBackup: 'FREQ=DAILY;BYHOUR=10;BYMINUTE=0', scheduleArchivelog: 'FREQ=HOURLY;BYHOUR=21',
      logRetentionDays: 20, warningAgeHours: 26, criticalAgeHours: 32, maxLockWaitMinutes: 30, snapshots: true, gridInfrastructure: true, backupJobEnabled: true,
      retention: { keepDays: 31, keepMonths: 6, months: 'calendar', zone: 'UTC', minRedundancy: 2, rules: [] },
      restoreTest: { enabled: true, mount: 'fstab', scratch: '/nfs/autorestore/dest', mountPoint: '/nfs/autorestore/mnt', cloneName: 'autorestore', logDir: '/nfs/autorestore/log', minSnapshotAgeHours: 0, toleranceMinutes: 5, validateChance: 0, validateModulus: 30, sgaSize: '2G', pgaSize: '1G', thread: 1, instanceNumber: 1, validationKey: 'cdb1' },
    })
    expect(cdb1?.restoreTest.verifyQuery).toMatch(/^select max\(d\) from .*autorestore_ping_timestamp\)$/u)
    const credentials = { user: { file: join(reference, 'zfscredentials.cfg'), section: 'zfscredentials', key: 'zfsuser' }, password: { file: join(reference, 'zfscredentials.cfg'), section: 'zfscredentials', key: 'zfspassword' } }
    expect(cdb1?.storage).toMatchObject({ adapter: 'zfssa', options: { url: 'https://zfssa.example.com:215', pool: 'disk-pool1', project: 'db-backup1', credentials } })
    expect(olddb?.storage.options).toMatchObject({ pool: 'oldpool-0', project: 'databases-11g-backup' })
    expect(olddb).toMatchObject({ oracleHome: '/u01/app/oracle/product/11.2.0.4/db', restoreTest: { thread: 3 } })
    expect(config.ledger).toMatchObject({ kind: 'oracle', shared: true, catalog: '/@autorestore' })
  })

  it('netapp is the adapter ontap; its credentials file may hold the address and wins', async () => {
    const file = join(reference, 'netappcredentials.cfg')
    const config = await load('backup.netapp.sample.cfg', { [file]: '[netappcredentials]\nuser: u\npassword: hidden\n[netapp]\nfiler: 10.9.9.9\n' })
    expect(config.databases[0]?.storage).toMatchObject({ adapter: 'ontap', options: { filer: '10.9.9.9', mounthost: '10.10.10.12', volumeprefix: 'oc1_', cacert: 'certificatefile.cer' } })
    expect(config.databases[0]?.storage.origins['filer']).toEqual({ file, line: 5, section: 'netapp', key: 'filer' })
    // Overrides of a storage that is not in use say nothing about this one.
    expect(config.databases[1]?.storage.options).not.toHaveProperty('pool')
  })

  it('softnas: no days, one month', async () => {
    const config = await load('backup.softnas.sample.cfg')
    expect(config.databases).toHaveLength(1)
    expect(config.databases[0]).toMatchObject({ name: 'orcl', retention: { keepDays: 0, keepMonths: 1 }, storage: { adapter: 'softnas', options: { serveraddress: '52.29.252.93', pool: 'pool1' } } })
  })
})

describe('where the original looks for the Huawei login', () => {
  const text = '[generic]\nbackupdest: /b\nsnappermodule: huaweidorado\n[huaweidorado]\nurl: https://x\n[db1]\ndbid: 1\nrecoverywindow: 1\nparallel: 1\nsnapexpirationdays: 1\n'
  const credentialsWith = async (env: Record<string, string>, files: Record<string, string>): Promise<unknown> => {
    const all: Record<string, string> = { '/etc/icb/a.cfg': text, ...files }
    const config = await loadConfig('/etc/icb/a.cfg', { env, readFile: (path) => (all[path] === undefined ? Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' })) : Promise.resolve(all[path])) })
    return config.databases[0]?.storage.options['credentials']
  }
  const home = { HOME: '/home/oracle' }
  const homeFile = '/home/oracle/.dbbackupsuite_storage.cfg'

  it('environment, home directory, beside the configuration', async () => {
    expect(await credentialsWith({ ...home, DBBACKUPSUITE_HUAWEI_USER: 'u', DBBACKUPSUITE_HUAWEI_PASSWORD: 'p' }, { [homeFile]: '' })).toEqual({
      user: { env: 'DBBACKUPSUITE_HUAWEI_USER' }, password: { env: 'DBBACKUPSUITE_HUAWEI_PASSWORD' },
    })
    expect(await credentialsWith(home, { [homeFile]: '' })).toMatchObject({ user: { file: homeFile, section: 'huaweicredentials', key: 'user' } })
    expect(await credentialsWith(home, {})).toMatchObject({ password: { file: '/etc/icb/huaweidoradocredentials.cfg', section: 'credentials', key: 'password' } })
    expect(await credentialsWith({}, {})).toMatchObject({ user: { file: '/etc/icb/huaweidoradocredentials.cfg' } })
  })
})

describe('how the certificate of an array is verified', () => {
  it.each(['zfssa', 'softnas', 'huaweidorado'])('[H41] is said in [%s] beside the original\'s keys, or for one database', async (module) => {
    const text = `[generic]\nbackupdest: /b\nsnappermodule: ${module}\n[${module}]\nca: array.pem\nservername: array.example.com\ninsecure: false\n[db1]\ndbid: 1\nrecoverywindow: 1\nparallel: 1\nsnapexpirationdays: 1\n${module}insecure: true\n`
    const config = await loadConfig('/etc/icb/a.cfg', { env: {}, readFile: (path) => (path === '/etc/icb/a.cfg' ? Promise.resolve(text) : Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' }))) })
    expect(config.databases[0]?.storage.options).toMatchObject({ ca: 'array.pem', servername: 'array.example.com', insecure: 'true' })
  })
})
