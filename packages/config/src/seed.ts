/*
 * The file format of the original tool (unibet/oracle-imagecopy-backup): a closed, historical list. Nothing is ever added here; keys of our own stand in icb-keys.ts.
 */
import type { ValueType } from './kinds.ts'

export type SeedSection = 'generic' | 'rman' | 'autorestore' | 'zfssa' | 'netapp' | 'softnas' | 'huaweidorado'

/** Sections with a meaning of their own; every other one is a database, named like its db_unique_name. */
export const reservedSections: readonly SeedSection[] = ['generic', 'rman', 'autorestore', 'zfssa', 'netapp', 'softnas', 'huaweidorado']

export interface KeyDefinition<Section extends string = string> {
  /** `database`: stands in each database's section. */
  readonly section: Section
  /** Lower case. */
  readonly key: string
  readonly type: ValueType
  /** As it would be written. */
  readonly default?: string
  readonly required?: boolean
  readonly description: string
}

export type SeedKey = KeyDefinition<SeedSection | 'database'>

/** All sections and keys of the original, with its defaults (where it had none: the value of its sample file). */
export const seedKeys: readonly SeedKey[] = [
  { section: 'generic', key: 'backupdest', type: 'path', description: 'Root of the backup areas' },
  { section: 'generic', key: 'backupdestshared', type: 'boolean', default: 'true', description: 'true: the area of a database is <backupdest>/<database>; false: it is backupdest itself' },
  { section: 'generic', key: 'logretention', type: 'integer', default: '20', description: 'Days to keep logs' },
  { section: 'generic', key: 'warningsnapage', type: 'integer', default: '26', description: 'Age of the newest snapshot that warns, hours' },
  { section: 'generic', key: 'criticalsnapage', type: 'integer', default: '32', description: 'Age of the newest snapshot that is critical, hours' },
  { section: 'generic', key: 'tnsadmin', type: 'path', description: 'Directory of tnsnames.ora and sqlnet.ora' },
  { section: 'generic', key: 'osuser', type: 'text', description: 'Operating system user of the scheduled jobs' },
  { section: 'generic', key: 'oraclehome', type: 'path', description: 'Oracle home; else the environment variable ORACLE_HOME' },
  { section: 'generic', key: 'maxlockwait', type: 'integer', default: '30', description: 'Minutes to wait for another run of the same database' },
  { section: 'generic', key: 'snappermodule', type: 'text', description: 'Storage adapter by the name of the original module: zfssa, netapp, softnas, huaweidorado' },
  { section: 'generic', key: 'snapperclass', type: 'text', description: 'Class of that module; understood, the module decides' },
  { section: 'rman', key: 'catalog', type: 'connect', description: 'Recovery catalog, for example /@rman' },
  { section: 'rman', key: 'sectionsize', type: 'size', description: 'SECTION SIZE of the incremental backup, for example 32G' },
  { section: 'database', key: 'dbid', type: 'dbid', required: true, description: 'V$DATABASE.DBID' },
  { section: 'database', key: 'recoverywindow', type: 'integer', required: true, description: 'Days of archived logs kept in the area; says nothing about snapshots' },
  { section: 'database', key: 'parallel', type: 'integer', required: true, description: 'RMAN disk channels' },
  { section: 'database', key: 'snapexpirationdays', type: 'integer', required: true, description: 'All snapshots of this many days are kept' },
  { section: 'database', key: 'snapexpirationmonths', type: 'integer', default: '0', description: 'Then the last one of each month, for this many months' },
  { section: 'database', key: 'registercatalog', type: 'boolean', default: 'false', description: 'Use the recovery catalog' },
  { section: 'database', key: 'hasdataguard', type: 'boolean', default: 'false', description: 'Archived logs are deleted only when applied on all standbys' },
  { section: 'database', key: 'primarytns', type: 'alias', description: 'TNS alias where logs are switched, when the backup runs on a standby; default: the section name' },
  { section: 'database', key: 'dosnapshot', type: 'boolean', default: 'true', description: 'Take snapshots and apply retention' },
  { section: 'database', key: 'gimanaged', type: 'boolean', default: 'true', description: 'The database is managed by Grid Infrastructure (srvctl)' },
  { section: 'database', key: 'schedulebackup', type: 'text', default: 'FREQ=DAILY', description: 'DBMS_SCHEDULER calendar of the backup' },
  { section: 'database', key: 'schedulearchlog', type: 'text', default: 'FREQ=HOURLY;INTERVAL=6', description: 'DBMS_SCHEDULER calendar of the check for missing archived logs' },
  { section: 'database', key: 'backupjobenabled', type: 'boolean', default: 'true', description: 'Create the backup job enabled' },
  { section: 'database', key: 'additionalvolumesuffixes', type: 'list', description: 'NetApp: suffixes of further volumes of the area' },
  { section: 'database', key: 'customverifydate', type: 'text', description: 'Query with one DATE that tells how fresh restored data is (a percent sign is written %%)' },
  { section: 'database', key: 'autorestoreenabled', type: 'boolean', description: 'Restore tests for this database; default: true when there is a scratch directory' },
  { section: 'database', key: 'autorestoreinstancenumber', type: 'integer', default: '1', description: 'RAC: instance number of the test instance' },
  { section: 'database', key: 'autorestorethread', type: 'integer', default: '1', description: 'RAC: redo thread of the test instance' },
  { section: 'database', key: 'stringforvalidationmod', type: 'text', description: 'Text that decides the day of block validation; default: the section name' },
  { section: 'autorestore', key: 'autorestoredestination', type: 'path', description: 'Scratch directory of restore tests; emptied at every run' },
  { section: 'autorestore', key: 'autorestoreclonename', type: 'text', description: 'Fixed name of the clone' },
  { section: 'autorestore', key: 'autorestoremountpoint', type: 'path', description: 'Where the clone is mounted, an fstab entry that a user may mount' },
  { section: 'autorestore', key: 'autorestoresnapage', type: 'integer', default: '0', description: 'The newest snapshot of at least this age is tested, hours' },
  { section: 'autorestore', key: 'autorestorelogdir', type: 'path', description: 'Logs of restore tests' },
  { section: 'autorestore', key: 'autorestoremaxtoleranceminutes', type: 'integer', default: '5', description: 'Largest difference between target and verified time, minutes' },
  { section: 'autorestore', key: 'autorestorecatalog', type: 'connect', description: 'Result catalog, for example /@autorestore' },
  { section: 'autorestore', key: 'autorestorevalidatechance', type: 'integer', default: '0', description: 'Block validation with a chance of 1/n; 0: never, 1: always' },
  { section: 'autorestore', key: 'autorestoremodulus', type: 'integer', default: '30', description: 'Block validation every n days; 0: by chance' },
  { section: 'autorestore', key: 'pga_size', type: 'size', default: '1G', description: 'PGA of the test instance' },
  { section: 'autorestore', key: 'sga_size', type: 'size', default: '2G', description: 'SGA of the test instance' },
  { section: 'zfssa', key: 'url', type: 'text', description: 'REST address' },
  { section: 'zfssa', key: 'pool', type: 'text', description: 'Pool' },
  { section: 'zfssa', key: 'project', type: 'text', description: 'Project; the file system is named like the database' },
  { section: 'netapp', key: 'filer', type: 'text', description: 'Management address' },
  { section: 'netapp', key: 'mounthost', type: 'text', description: 'Address for NFS mounts; default: filer' },
  { section: 'netapp', key: 'volumeprefix', type: 'text', description: 'Prefix of volume names' },
  { section: 'netapp', key: 'cacert', type: 'text', description: 'File with the certificate authority' },
  { section: 'softnas', key: 'serveraddress', type: 'text', description: 'Address' },
  { section: 'softnas', key: 'pool', type: 'text', description: 'Pool' },
  { section: 'huaweidorado', key: 'url', type: 'text', description: 'REST address' },
  { section: 'huaweidorado', key: 'vstore', type: 'text', description: 'vStore' },
  { section: 'huaweidorado', key: 'mounthost', type: 'text', description: 'Address for NFS mounts' },
  { section: 'huaweidorado', key: 'restorenfsclient', type: 'text', description: 'Host that may mount clones' },
]

/** Adapter that stands for a module of the original; any other module name is taken as the name of an adapter. */
export const seedModules: Readonly<Record<string, string>> = { zfssa: 'zfssa', netapp: 'ontap', softnas: 'softnas', huaweidorado: 'huaweidorado' }

/** The name that this project gives a module of the original: the one of its section, which differs from its file's for `huawei.py`. */
export function seedModuleName(written: string): string {
  return written === 'huawei' ? 'huaweidorado' : written
}

export interface SeedCredentials {
  readonly module: string
  /** File beside the configuration, or `$HOME/<name>` where `home` is set. */
  readonly file: string
  readonly home?: boolean
  readonly section: string
  readonly user: string
  readonly password: string
  /** Environment variables that go before the file. */
  readonly env?: { readonly user: string; readonly password: string }
}

/** Where the original looks for the storage login, in its order. */
export const seedCredentials: readonly SeedCredentials[] = [
  { module: 'zfssa', file: 'zfscredentials.cfg', section: 'zfscredentials', user: 'zfsuser', password: 'zfspassword' },
  { module: 'netapp', file: 'netappcredentials.cfg', section: 'netappcredentials', user: 'user', password: 'password' },
  { module: 'softnas', file: 'softnascredentials.cfg', section: 'credentials', user: 'user', password: 'password' },
  {
    module: 'huaweidorado', file: '.dbbackupsuite_storage.cfg', home: true, section: 'huaweicredentials', user: 'user', password: 'password',
    env: { user: 'DBBACKUPSUITE_HUAWEI_USER', password: 'DBBACKUPSUITE_HUAWEI_PASSWORD' },
  },
  { module: 'huaweidorado', file: 'huaweidoradocredentials.cfg', section: 'credentials', user: 'user', password: 'password' },
]
