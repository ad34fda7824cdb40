export interface Feature {
  readonly id: string
  readonly title: string
  /** First digits of the SHA-256 of the row's name in the comparison this list was made from: tells that none is missing where that is at hand. */
  readonly digest: string
}

/** What the original does and this project therefore must do. */
export const features: readonly Feature[] = [
  { id: 'level1-merge', title: 'Tagged level 1 increments merged into image copies', digest: '59d98cc1998b' },
  { id: 'channels', title: 'Parallel channels and SECTION SIZE', digest: 'b2194fbf331e' },
  { id: 'configure', title: 'One command configures RMAN, the second log destination and change tracking', digest: '36526c32cd0e' },
  { id: 'metadata', title: 'SPFILE and control file lie in every recovery point', digest: '53ac9f34d122' },
  { id: 'dropped-copies', title: 'Copies of dropped datafiles are deleted', digest: '0f8a9200fb8b' },
  { id: 'recovery-catalog', title: 'A recovery catalog is registered and resynced where one is used', digest: '01ee9484cbad' },
  { id: 'environment', title: 'The environment is recorded: patches, services', digest: '53f206e928bb' },
  { id: 'rac-asm-cdb', title: 'Clusters, container databases and ASM as sources', digest: 'c8e7e1cf1e5c' },
  { id: 'data-guard', title: 'Log switches and deletion policy know of standbys', digest: '797404a24128' },
  { id: 'second-destination', title: 'A second archived log destination on the backup storage', digest: '2e24ccf16863' },
  { id: 'missing-logs', title: 'Missing archived logs are found and copied', digest: '88811029b25b' },
  { id: 'light-check', title: 'The database looks for missing logs by itself and starts a program only for a gap', digest: '9e774d52b76b' },
  { id: 'snapshot-list', title: 'A snapshot a run; a list with sizes and clones', digest: '2fd1af6045c1' },
  { id: 'daily-monthly', title: 'All of some days, then the last of each month', digest: '19c77a450ab8' },
  { id: 'clones-keep', title: 'A snapshot with a clone stays', digest: '510c4b7568f1' },
  { id: 'restore-test', title: 'Every database restored daily on a thin clone', digest: '06f9b2a7f4fa' },
  { id: 'apply-and-verify', title: 'All logs applied, opened read only, time compared by a query', digest: 'f71a73430fc2' },
  { id: 'block-validation', title: 'All blocks read every n days or by chance', digest: '13e6299cce57' },
  { id: 'result-catalog', title: 'Results kept in a database: logs, retention of 100 days, averages', digest: '69fa042a1be2' },
  { id: 'choose-databases', title: 'One database or all but one; dates of the next validations', digest: 'e265be8aa20d' },
  { id: 'point-in-time', title: 'A copy of a database at a time, on another host', digest: '1ae3dd9c214a' },
  { id: 'printed-commands', title: 'Commands to mount and to clean up are printed', digest: '9153d482dfca' },
  { id: 'restore-script', title: 'A script that restores the whole database', digest: 'ebc1f9a971db' },
  { id: 'scheduler-jobs', title: 'Scheduler jobs, their user and their credential are made', digest: '61bfb25ccaee' },
  { id: 'external-scheduler', title: 'Fits other schedulers: exit codes, the log on the screen', digest: 'acecc1bd7ebb' },
  { id: 'all-databases', title: 'One action for all databases with exclusions', digest: '4c5a7c76c463' },
  { id: 'nagios-report', title: 'Age check for Nagios, a report a database', digest: '75a258334284' },
  { id: 'proof-age', title: 'An alarm when the last proven restore is too old', digest: '11b18317ad2c' },
  { id: 'wallet', title: 'Logins from an Oracle wallet, no password in the configuration', digest: '1af0552da006' },
  { id: 'zfssa-ontap', title: 'Oracle ZFS Storage Appliance over REST; NetApp ONTAP with several volumes', digest: '0c4d44af4dda' },
  { id: 'dorado-softnas', title: 'Huawei Dorado; SoftNAS (no clones); volumes are created', digest: '9a7fdae95611' },
]
