import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { alignOptions, configFromObject, configJsonSchema, findDatabase, loadConfig } from '../src/index.ts'
import type { IcbConfig } from '../src/index.ts'

const fixtures = join(import.meta.dirname, 'fixtures')

/** What a configuration says, without where it says it. */
function meaning({ databases, ledger, adapterPath, stateDir, warnings }: IcbConfig): unknown {
  return { ledger, adapterPath, stateDir, warnings, databases: databases.map((database) => ({ ...database, origin: undefined, storage: { ...database.storage, origins: undefined } })) }
}

/** Reads the fixtures as if they lay in /etc/icb. */
async function load(name: string): Promise<IcbConfig> {
  const text = await readFile(join(fixtures, name), 'utf8')
  return loadConfig(`/etc/icb/${name}`, { env: {}, readFile: () => Promise.resolve(text) })
}

describe('one model', () => {
  it('comes out of INI, YAML and a plain object', async () => {
    const ini = await load('site.cfg')
    const yaml = await load('site.yaml')
    const object = configFromObject(parse(await readFile(join(fixtures, 'site.yaml'), 'utf8')), { baseDir: '/etc/icb' })
    expect([ini.format, yaml.format, object.format]).toEqual(['ini', 'yaml', 'object'])
    expect(meaning(yaml)).toEqual(meaning(ini))
    expect(meaning(object)).toEqual(meaning(ini))
  })

  it('has defaults, overrides and origins', async () => {
    const config = await load('site.cfg')
    const sales = findDatabase(config, 'sales')
    const hr = findDatabase(config, 'hr')
    expect(config).toMatchObject({ file: '/etc/icb/site.cfg', baseDir: '/etc/icb', stateDir: '/var/lib/icb', adapterPath: ['/etc/icb/adapters', '/opt/icb'], warnings: [] })
    expect(config.ledger).toEqual({ kind: 'file', path: '/etc/icb/ledger', shared: true, catalog: '/@results' })
    expect(sales).toMatchObject({
      dbid: '1234567890', connect: '/@sales', primaryConnect: '/@sales', areaPath: '/nfs/backup/sales', parallel: 4, tnsAdmin: '/etc/icb/tns', catalog: '/@rman', role: 'primary',
      scheduleBackup: 'FREQ=DAILY', scheduleArchivelog: 'FREQ=HOURLY;INTERVAL=6', sqlDeadlineSeconds: 300, rmanDeadlineSeconds: 3600, landingDeadlineSeconds: 300, sessionDeadlineSeconds: 600,
      retention: { keepDays: 31, keepMonths: 6, months: 'calendar', zone: 'Europe/Stockholm', minRedundancy: 3, rules: [{ every: 'week', count: 8, keep: 'last' }, { every: 'year', count: 7, keep: 'first' }] },
      restoreTest: { enabled: true, mount: 'fstab', validationKey: 'sales', verifyQuery: "select max(d) from app.pulse\nwhere name like '%X'", slots: ['ICB01', 'ICB02'] },
    })
    expect(hr).toMatchObject({
      parallel: 2, primaryConnect: '/@hr_primary', hasDataGuard: true, role: 'standby', sectionSize: '32G', oracleHome: '/u01/app/oracle/product/12/db',
      retention: { months: 'compatible', rules: [] }, restoreTest: { enabled: false, mount: 'path', minSnapshotAgeHours: 24, sgaSize: '4G', pgaSize: '1G' },
    })
    // An empty override takes the value of the section away.
    expect(hr).not.toHaveProperty('catalog')
    expect(hr.storage.options['pool']).toBe('pool-1')
    expect(hr.storage.origins['pool']).toEqual({ file: '/etc/icb/site.cfg', line: 68, section: 'hr', key: 'zfssapool' })
    expect(sales.storage.origins['pool']).toMatchObject({ section: 'zfssa', key: 'pool' })
    expect((await load('site.yaml')).databases[1]?.storage.origins['pool']).toEqual({ file: '/etc/icb/site.yaml', line: 57, column: 16, section: 'hr', key: 'storage.pool' })
  })

  it('takes the Oracle home of the environment when none is written', () => {
    const database = { dbid: 1, parallel: 1, recoveryWindowDays: 1, areaPath: '/b', retention: { keepDays: 1 } }
    const object = { databases: { a: database } }
    expect(configFromObject(object, { baseDir: '/', env: { ORACLE_HOME: '/oh' } }).databases[0]?.oracleHome).toBe('/oh')
    expect(configFromObject(object, { baseDir: '/', env: { ORACLE_HOME: '' } }).databases[0]).not.toHaveProperty('oracleHome')
    expect(configFromObject(object, { baseDir: '/' }).databases[0]).toMatchObject({ storage: { adapter: 'local', options: {} }, restoreTest: { enabled: false, mount: 'path' } })
  })

  it('options of another adapter are not inherited', () => {
    const database = { dbid: 1, parallel: 1, recoveryWindowDays: 1, retention: { keepDays: 1 } }
    const { databases } = configFromObject(
      { defaults: { backupDest: '/b', storage: { adapter: 'zfssa', pool: 'p' } }, databases: { a: database, b: { ...database, storage: { adapter: 'local', engine: 'copy' } } } },
      { baseDir: '/' },
    )
    expect(databases.map(({ storage: { adapter, options } }) => ({ adapter, options }))).toEqual([{ adapter: 'zfssa', options: { pool: 'p' } }, { adapter: 'local', options: { engine: 'copy' } }])
  })

  it('keys of an adapter of your own keep their case; a database overrides them with the prefix', async () => {
    const text = '[generic]\nbackupdest: /b\nadapter: icb-storage-acme\n[storage]\nvolumePrefix: x_\nUrl: u\n[db1]\ndbid: 1\nrecoverywindow: 1\nparallel: 1\nsnapexpirationdays: 1\nstoragevolumeprefix: y_\nstorageSecretless: no\n'
    const config = await loadConfig('/etc/icb/a.cfg', { env: {}, readFile: () => Promise.resolve(text) })
    expect(config.databases[0]?.storage).toMatchObject({ adapter: 'icb-storage-acme', options: { volumePrefix: 'y_', Url: 'u', Secretless: 'no' } })
    const aligned = alignOptions(config.databases[0]!.storage, ['volumePrefix', 'url', 'secretless'])
    expect(aligned.options).toEqual({ volumePrefix: 'y_', url: 'u', secretless: 'no' })
    expect(aligned.origins).toMatchObject({ adapter: { line: 3, key: 'adapter' }, volumePrefix: { line: 12 } })
    expect(() => alignOptions(config.databases[0]!.storage, ['volumePrefx', 'url', 'secretless'])).toThrow('/etc/icb/a.cfg:12: [db1] storagevolumeprefix: the storage adapter icb-storage-acme has no option "volumePrefix"; did you mean "volumePrefx"?')
  })

  it('names the nearest database', async () => {
    const config = await load('site.cfg')
    expect(() => findDatabase(config, 'salse')).toThrow('no database "salse" in /etc/icb/site.cfg; did you mean "sales"?')
  })

  it('has a JSON schema that names every key', () => {
    const schema = configJsonSchema() as { properties: Record<string, { additionalProperties?: { properties: Record<string, { default?: unknown; properties?: object }> } }> }
    expect(Object.keys(schema.properties)).toEqual(['stateDir', 'leaseDir', 'adapterPath', 'ledger', 'defaults', 'databases'])
    const database = schema.properties['databases']!.additionalProperties!.properties
    expect(database['warningAgeHours']).toMatchObject({ type: 'integer', default: 26 })
    expect(Object.keys(database['retention']!.properties!)).toEqual(['keepDays', 'keepMonths', 'months', 'rules', 'zone', 'minRedundancy'])
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })
})
