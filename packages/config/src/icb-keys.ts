import type { KeyDefinition, SeedSection } from './seed.ts'

export type IcbSection = 'generic' | 'autorestore' | 'ledger' | 'monitoring' | 'database' | 'zfssa' | 'netapp' | 'softnas' | 'huaweidorado'

/**
 * INI sections of our own. The keys of `local` (the built-in local adapter) and `storage` (any adapter without a section of its own) belong to the adapter, so they are
 * passed on as written and checked by its schema.
 */
export const icbSections: readonly string[] = ['ledger', 'monitoring', 'local', 'storage']

/** Sections whose keys only the adapter knows. */
export const freeSections: readonly string[] = ['local', 'storage']

export type IcbKey = KeyDefinition<IcbSection>

/** The original verified no certificate; how each array's one is verified can therefore be said beside its own keys. The adapter checks the values. */
const certificateKeys: readonly IcbKey[] = (['zfssa', 'netapp', 'softnas', 'huaweidorado'] as const).flatMap((section): readonly IcbKey[] => [
  ...(section === 'netapp' ? [] : [{ section, key: 'ca', type: 'text', description: 'PEM file of the authority that signed the certificate' } as const]),
  { section, key: 'fingerprint', type: 'text', description: 'SHA-256 of the one certificate that is accepted' },
  { section, key: 'servername', type: 'text', description: 'Name that the certificate is for, where it is not the address' },
  { section, key: 'insecure', type: 'boolean', description: 'true: the certificate is not verified, which is logged at every start' },
])

/** INI keys that the original did not have. A key of `[generic]` in this list may also stand in a database's section as it is, without the prefix. */
export const icbKeys: readonly IcbKey[] = [
  { section: 'generic', key: 'adapter', type: 'text', default: 'local', description: 'Storage adapter: local, zfssa, a package name or a path; goes before snappermodule' },
  { section: 'generic', key: 'adapterpath', type: 'paths', description: 'Further directories where adapters are looked for' },
  { section: 'generic', key: 'statedir', type: 'path', description: 'State of this host: journals, local ledger, logs' },
  { section: 'generic', key: 'leasedir', type: 'path', description: 'Directory of leases instead of .icb in the area; every host that runs the database must see it' },
  { section: 'generic', key: 'retentionmonths', type: 'choice', default: 'calendar', description: 'calendar: months in retentionzone; compatible: the rule of the original (31 days, UTC)' },
  { section: 'generic', key: 'retentionzone', type: 'zone', default: 'UTC', description: 'Time zone in which days, weeks and months are counted' },
  { section: 'generic', key: 'minredundancy', type: 'integer', default: '2', description: 'Restorable snapshots that are never dropped' },
  { section: 'generic', key: 'keep', type: 'rules', description: 'Further retention rules, for example: week 8, quarter 8 first, year 7' },
  { section: 'generic', key: 'role', type: 'choice', default: 'primary', description: 'Role in which the database is backed up: primary, standby, any' },
  { section: 'generic', key: 'backupdeadline', type: 'integer', default: '1440', description: 'Longest time of a refresh, minutes' },
  { section: 'generic', key: 'sqldeadline', type: 'integer', default: '300', description: 'Longest time of a query or statement, seconds; starting and stopping a test instance may take twice that' },
  { section: 'generic', key: 'rmandeadline', type: 'integer', default: '3600', description: 'Longest time of RMAN in a backup run other than its refresh, seconds' },
  { section: 'generic', key: 'landingdeadline', type: 'integer', default: '300', description: 'Longest wait until a switched log is in the area, seconds' },
  { section: 'generic', key: 'sessiondeadline', type: 'integer', default: '600', description: 'Longest wait for RMAN work of an earlier run to end, seconds' },
  { section: 'generic', key: 'driver', type: 'choice', default: 'auto', description: 'What carries SQL: auto, thin, thick (node-oracledb) or sqlplus; RMAN always is a program of the Oracle home' },
  { section: 'generic', key: 'dbuser', type: 'text', description: 'Database user for the driver; without it the wallet of /@alias is used' },
  { section: 'generic', key: 'dbpassword', type: 'secret', description: 'Where its password comes from: env NAME, file /path, or command /path argument' },
  { section: 'generic', key: 'ospassword', type: 'secret', description: 'Where the password of osuser comes from, for the credential of scheduled jobs; default: env OSPASSWORD' },
  { section: 'generic', key: 'privilege', type: 'choice', default: 'sysdba', description: 'Privilege of SQL sessions: sysdba or sysbackup' },
  { section: 'database', key: 'areapath', type: 'path', description: 'Backup area, instead of the one below backupdest' },
  { section: 'database', key: 'connect', type: 'connect', description: 'Connect identifier, /@alias or / for a local instance; default: /@<section name>' },
  { section: 'database', key: 'sid', type: 'sid', description: 'ORACLE_SID when connect is /' },
  { section: 'database', key: 'snapshotcontrolfile', type: 'path', description: "RMAN's snapshot control file; on RAC it must be shared" },
  { section: 'autorestore', key: 'mount', type: 'choice', description: 'How a clone is mounted: path, fstab, sudo, already-mounted; default: fstab when there is a mount point, else path' },
  { section: 'autorestore', key: 'mounthelper', type: 'path', default: '/usr/local/sbin/icb-mount', description: 'Program that mounts clones as root, for mount = sudo; icb sandbox mount-helper writes it' },
  { section: 'autorestore', key: 'slots', type: 'list', default: 'ICB01', description: 'SIDs of the test instances, or how many: 4 means ICB01 to ICB04. So many restore tests run side by side' },
  { section: 'autorestore', key: 'point', type: 'choice', default: 'latest', description: 'What is restored: latest (newest snapshot, its last SCN) or random (any snapshot, any SCN of its window)' },
  { section: 'autorestore', key: 'heartbeat', type: 'boolean', default: 'false', description: 'Compare the heartbeat of the restored database with the target; see icb heartbeat install' },
  { section: 'database', key: 'assertions', type: 'assertions', description: 'Queries of a restore test with what they must answer, one line each: name | expectation | query. An expectation is =, !=, <, <=, > or >= with a value, or rows, or no rows' },
  { section: 'autorestore', key: 'deadline', type: 'integer', default: '1440', description: 'Longest time of the RMAN work of a restore test, minutes' },
  { section: 'autorestore', key: 'initparameters', type: 'parameters', description: 'Further init parameters of the test instance, one "name = value" a line' },
  { section: 'autorestore', key: 'tdewalletroot', type: 'path', description: 'WALLET_ROOT of test instances: a directory of this host with a copy of the keystore in tde/' },
  { section: 'autorestore', key: 'tdepassword', type: 'secret', description: 'Where the password of that keystore comes from, unless it opens by itself: env NAME, file /path, or command /path argument' },
  { section: 'database', key: 'acceptedcorruption', type: 'blocks', description: 'Known bad blocks, one line each: file, first block, blocks, expiry date, reason' },
  { section: 'ledger', key: 'kind', type: 'choice', description: 'file, oracle (the schema of autorestorecatalog) or none; default: oracle where autorestorecatalog is set and path is not, else file' },
  { section: 'ledger', key: 'path', type: 'path', description: 'Directory of the proof ledger; default: in the state directory' },
  { section: 'ledger', key: 'user', type: 'text', description: 'Owner of the schema of autorestorecatalog, for node-oracledb; without it SQL*Plus takes the wallet' },
  { section: 'ledger', key: 'password', type: 'secret', description: 'Where its password comes from: env NAME, file /path, or command /path argument' },
  { section: 'ledger', key: 'oraclehome', type: 'path', description: 'Oracle home whose SQL*Plus reaches autorestorecatalog; default: that of the first database' },
  { section: 'ledger', key: 'tnsadmin', type: 'path', description: 'Directory of its tnsnames.ora and sqlnet.ora; default: that of the first database' },
  { section: 'ledger', key: 'shared', type: 'boolean', default: 'false', description: 'The backup host and the sandbox host see the same ledger' },
  { section: 'monitoring', key: 'proofwarningage', type: 'integer', default: '36', description: 'Age of the last proven restore that warns, hours' },
  { section: 'monitoring', key: 'proofcriticalage', type: 'integer', default: '84', description: 'Age of the last proven restore that is critical, hours' },
  { section: 'monitoring', key: 'redowarningage', type: 'integer', description: 'Age of the newest archived log in the area that warns, hours; default: warningsnapage' },
  { section: 'monitoring', key: 'redocriticalage', type: 'integer', description: 'Age of the newest archived log in the area that is critical, hours; default: criticalsnapage' },
  { section: 'monitoring', key: 'spacewarning', type: 'integer', default: '15', description: 'Free space of the volume that warns, percent' },
  { section: 'monitoring', key: 'spacecritical', type: 'integer', default: '5', description: 'Free space of the volume that is critical, percent' },
  { section: 'monitoring', key: 'webhook', type: 'secret', description: 'Where the address comes from to which failures of backups and restore tests are posted as JSON: env NAME, file /path, or command /path argument' },
  { section: 'monitoring', key: 'mailserver', type: 'secret', description: 'Where the mail server comes from, smtps://user:password@host or smtp://host: env NAME, file /path, or command /path argument' },
  { section: 'monitoring', key: 'mailto', type: 'list', description: 'Who gets mail of failures and of icb report --mail' },
  { section: 'monitoring', key: 'mailfrom', type: 'text', description: 'Sender of the mails; default: icb@ and the name of the host' },
  { section: 'monitoring', key: 'backupheartbeat', type: 'secret', description: 'Where the address comes from that is asked for after each good backup' },
  { section: 'monitoring', key: 'restoretestheartbeat', type: 'secret', description: 'Where the address comes from that is asked for after each passed restore test' },
  ...certificateKeys,
]

export type SettingSection = SeedSection | IcbSection
