import { describe, expect, it } from 'vitest'
import { loadConfig } from '../src/index.ts'
import type { DatabaseConfig, IcbConfig } from '../src/index.ts'
import { seedKeys } from '../src/seed.ts'

type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>
type Reading = (database: DatabaseConfig, config: IcbConfig) => unknown

const base: Sections = {
  generic: { backupdest: '/backup' },
  db1: { dbid: '1433672784', recoverywindow: '2', parallel: '4', snapexpirationdays: '31' },
}

function merged(more: Sections): Sections {
  return Object.fromEntries([...new Set([...Object.keys(base), ...Object.keys(more)])].map((name) => [name, { ...base[name], ...more[name] }]))
}

async function load(sections: Sections): Promise<IcbConfig> {
  const text = Object.entries(sections).map(([name, values]) => `[${name}]\n${Object.entries(values).map(([key, value]) => `${key}: ${value}\n`).join('')}`).join('\n')
  return loadConfig('/etc/icb/backup.cfg', { env: {}, readFile: (path) => (path === '/etc/icb/backup.cfg' ? Promise.resolve(text) : Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' }))) })
}

async function picked(sections: Sections, pick: Reading): Promise<unknown> {
  const config = await load(sections)
  const [database] = config.databases
  return database === undefined ? undefined : pick(database, config)
}

const test = (database: DatabaseConfig): DatabaseConfig['restoreTest'] => database.restoreTest
const option = (name: string): Reading => ({ storage }) => storage.options[name]
const on = (snappermodule: string): Sections => ({ generic: { snappermodule } })

/** Key, what is written, where it arrives, what must be there, and what else has to be set for it. */
type Row = [id: string, section: string, key: string, written: string, pick: Reading, expected: unknown, also?: Sections]

const rows: readonly Row[] = [
  ['[K:backupdest]', 'generic', 'backupdest', '/nfs/backup', (db) => db.areaPath, '/nfs/backup/db1'],
  ['[K:backupdestshared]', 'generic', 'backupdestshared', 'false', (db) => db.areaPath, '/backup'],
  ['[K:logretention]', 'generic', 'logretention', '7', (db) => db.logRetentionDays, 7],
  ['[K:warningsnapage]', 'generic', 'warningsnapage', '12', (db) => db.warningAgeHours, 12],
  ['[K:criticalsnapage]', 'generic', 'criticalsnapage', '50', (db) => db.criticalAgeHours, 50],
  ['[K:tnsadmin]', 'generic', 'tnsadmin', 'tns.demo', (db) => db.tnsAdmin, '/etc/icb/tns.demo'],
  ['[K:osuser]', 'generic', 'osuser', 'oracle', (db) => db.osUser, 'oracle'],
  ['[K:oraclehome]', 'generic', 'oraclehome', '/u01/home', (db) => db.oracleHome, '/u01/home'],
  ['[K:maxlockwait]', 'generic', 'maxlockwait', '3', (db) => db.maxLockWaitMinutes, 3],
  ['[K:snappermodule]', 'generic', 'snappermodule', 'netapp', (db) => db.storage.adapter, 'ontap'],
  ['[K:catalog]', 'rman', 'catalog', '/@rman', (db) => db.catalog, '/@rman'],
  ['[K:sectionsize]', 'rman', 'sectionsize', '32G', (db) => db.sectionSize, '32G'],
  ['[K:dbid]', 'database', 'dbid', '42', (db) => db.dbid, '42'],
  ['[K:recoverywindow]', 'database', 'recoverywindow', '5', (db) => db.recoveryWindowDays, 5],
  ['[K:parallel]', 'database', 'parallel', '8', (db) => db.parallel, 8],
  ['[K:snapexpirationdays]', 'database', 'snapexpirationdays', '14', (db) => db.retention.keepDays, 14],
  ['[K:snapexpirationmonths]', 'database', 'snapexpirationmonths', '6', (db) => db.retention.keepMonths, 6],
  ['[K:registercatalog]', 'database', 'registercatalog', 'true', (db) => db.registerCatalog, true],
  ['[K:hasdataguard]', 'database', 'hasdataguard', 'true', (db) => db.hasDataGuard, true],
  ['[K:primarytns]', 'database', 'primarytns', 'db1_primary', (db) => db.primaryConnect, '/@db1_primary'],
  ['[K:dosnapshot]', 'database', 'dosnapshot', 'false', (db) => db.snapshots, false],
  ['[K:gimanaged]', 'database', 'gimanaged', 'false', (db) => db.gridInfrastructure, false],
  ['[K:schedulebackup]', 'database', 'schedulebackup', 'FREQ=DAILY;BYHOUR=10', (db) => db.scheduleBackup, 'FREQ=DAILY;BYHOUR=10'],
  ['[K:schedulearchlog]', 'database', 'schedulearchlog', 'FREQ=HOURLY', (db) => db.scheduleArchivelog, 'FREQ=HOURLY'],
  ['[K:backupjobenabled]', 'database', 'backupjobenabled', 'false', (db) => db.backupJobEnabled, false],
  ['[K:additionalvolumesuffixes]', 'database', 'additionalvolumesuffixes', '_b,_c', option('additionalvolumesuffixes'), ['_b', '_c'], on('netapp')],
  ['[K:customverifydate]', 'database', 'customverifydate', "select max(d) from t where n like '%%X'", (db) => test(db).verifyQuery, "select max(d) from t where n like '%X'"],
  ['[K:autorestoreenabled]', 'database', 'autorestoreenabled', '1', (db) => test(db).enabled, true],
  ['[K:autorestoreinstancenumber]', 'database', 'autorestoreinstancenumber', '2', (db) => test(db).instanceNumber, 2],
  ['[K:autorestorethread]', 'database', 'autorestorethread', '3', (db) => test(db).thread, 3],
  ['[K:stringforvalidationmod]', 'database', 'stringforvalidationmod', 'other', (db) => test(db).validationKey, 'other'],
  ['[K:autorestoredestination]', 'autorestore', 'autorestoredestination', '/scratch/dest', (db) => test(db).scratch, '/scratch/dest'],
  ['[K:autorestoreclonename]', 'autorestore', 'autorestoreclonename', 'probe', (db) => test(db).cloneName, 'probe'],
  ['[K:autorestoremountpoint]', 'autorestore', 'autorestoremountpoint', '/mnt/probe', (db) => [test(db).mountPoint, test(db).mount], ['/mnt/probe', 'fstab']],
  ['[K:autorestoresnapage]', 'autorestore', 'autorestoresnapage', '24', (db) => test(db).minSnapshotAgeHours, 24],
  ['[K:autorestorelogdir]', 'autorestore', 'autorestorelogdir', '/var/log/probe', (db) => test(db).logDir, '/var/log/probe'],
  ['[K:autorestoremaxtoleranceminutes]', 'autorestore', 'autorestoremaxtoleranceminutes', '90', (db) => test(db).toleranceMinutes, 90],
  ['[K:autorestorecatalog]', 'autorestore', 'autorestorecatalog', '/@autorestore', (_, config) => [config.ledger.kind, config.ledger.catalog], ['oracle', '/@autorestore']],
  ['[K:autorestorevalidatechance]', 'autorestore', 'autorestorevalidatechance', '7', (db) => test(db).validateChance, 7],
  ['[K:autorestoremodulus]', 'autorestore', 'autorestoremodulus', '10', (db) => test(db).validateModulus, 10],
  ['[K:pga_size]', 'autorestore', 'pga_size', '3G', (db) => test(db).pgaSize, '3G'],
  ['[K:sga_size]', 'autorestore', 'sga_size', '6G', (db) => test(db).sgaSize, '6G'],
  ['[K:zfssa.url]', 'zfssa', 'url', 'https://zfssa.example.com:215', option('url'), 'https://zfssa.example.com:215', on('zfssa')],
  ['[K:zfssa.pool]', 'zfssa', 'pool', 'disk-pool1', option('pool'), 'disk-pool1', on('zfssa')],
  ['[K:zfssa.project]', 'zfssa', 'project', 'db-backup1', option('project'), 'db-backup1', on('zfssa')],
  ['[K:netapp.filer]', 'netapp', 'filer', '10.0.0.1', option('filer'), '10.0.0.1', on('netapp')],
  ['[K:netapp.mounthost]', 'netapp', 'mounthost', '10.0.0.2', option('mounthost'), '10.0.0.2', on('netapp')],
  ['[K:netapp.volumeprefix]', 'netapp', 'volumeprefix', 'oc1_', option('volumeprefix'), 'oc1_', on('netapp')],
  ['[K:netapp.cacert]', 'netapp', 'cacert', 'ca.cer', option('cacert'), 'ca.cer', on('netapp')],
  ['[K:softnas.serveraddress]', 'softnas', 'serveraddress', '10.0.0.3', option('serveraddress'), '10.0.0.3', on('softnas')],
  ['[K:softnas.pool]', 'softnas', 'pool', 'pool1', option('pool'), 'pool1', on('softnas')],
  ['[K:huaweidorado.url]', 'huaweidorado', 'url', 'https://dorado:8088', option('url'), 'https://dorado:8088', on('huaweidorado')],
  ['[K:huaweidorado.vstore]', 'huaweidorado', 'vstore', 'v1', option('vstore'), 'v1', on('huaweidorado')],
  ['[K:huaweidorado.mounthost]', 'huaweidorado', 'mounthost', '10.0.0.4', option('mounthost'), '10.0.0.4', on('huaweidorado')],
  ['[K:huaweidorado.restorenfsclient]', 'huaweidorado', 'restorenfsclient', '10.0.0.5', option('restorenfsclient'), '10.0.0.5', on('huaweidorado')],
]

describe('each key of the original', () => {
  it.each<Row>(rows)('%s [%s] %s is understood and changes what it is about', async (_id, section, key, written, pick, expected, also = {}) => {
    const place = section === 'database' ? 'db1' : section
    const without = merged(also)
    const within = merged({ ...also, [place]: { ...also[place], [key]: written } })
    // A mount point needs its clone name, and the other way round.
    const whole = key === 'autorestoremountpoint' ? merged({ autorestore: { [key]: written, autorestoreclonename: 'probe' } }) : within
    expect(await picked(whole, pick)).toEqual(expected)
    expect(await picked(without, pick)).not.toEqual(expected)
  })

  const overridden = rows.filter(([, section, key]) => section !== 'database' && !['snappermodule', 'autorestorecatalog', 'autorestoremountpoint'].includes(key))

  it.each<Row>(overridden)('%s a database has its own value of [%s] %s under the name of section and key', async (_id, section, key, written, pick, expected, also = {}) => {
    expect(await picked(merged({ ...also, db1: { [`${section}${key}`]: written } }), pick)).toEqual(expected)
  })

  it('[K:snapperclass] is understood and decides nothing: the module does', async () => {
    const both = merged({ generic: { snappermodule: 'zfssa', snapperclass: 'Whatever' } })
    expect(await picked(both, (db) => db.storage.adapter)).toBe('zfssa')
  })

  it('is in this list', () => {
    const listed = new Set([...rows.map(([, section, key]) => `${section}.${key}`), 'generic.snapperclass'])
    expect([...listed].sort()).toEqual(seedKeys.map(({ section, key }) => `${section}.${key}`).sort())
  })
})
