import { Command, CommanderError } from 'commander'
import type { CommandDefinition } from './command.ts'
import { version } from './version.ts'

const groups: Readonly<Record<string, string>> = {
  config: 'read and show the configuration',
  snapshot: 'snapshots of the backup area',
  clone: 'clones of snapshots',
  volume: 'the volume of the backup area',
  sandbox: 'the scratch directory of restore tests',
  ledger: 'verdicts of restore tests',
  schedule: 'when jobs run',
  heartbeat: 'what restore tests compare restored data with',
  lease: 'who works on a database now',
}

const dryRun = ['--dry-run', 'show what would be done, change nothing'] as const

/** Every command: `group verb` or `verb`, with its module. */
const definitions: readonly (CommandDefinition & { readonly group?: string })[] = [
  { usage: 'init [dir]', summary: 'write a first configuration', options: [['--database <name>', 'db_unique_name of the first database'], ['--dbid <n>', 'its DBID'], ['--force', 'overwrite an existing file']], load: async () => (await import('./commands/init.command.ts')).init },
  { usage: 'doctor [db]', summary: 'check everything that backups and restore tests need, or repair what ended runs left', options: [['--repair', 'show what ended runs of this host left'], ['--yes', 'with --repair: remove it'], ['--host <id...>', 'with --repair: hosts that are gone for good, whose clones may go too']], load: async () => (await import('./commands/doctor.command.ts')).doctor },
  { group: 'config', usage: 'check', summary: 'read the configuration and say what is wrong', load: async () => (await import('./commands/config-check.command.ts')).configCheck },
  { group: 'config', usage: 'show [db]', summary: 'the configuration as understood, without secrets', load: async () => (await import('./commands/config-show.command.ts')).configShow },
  { group: 'config', usage: 'schema', summary: 'JSON schema of the YAML form', load: async () => (await import('./commands/config-schema.command.ts')).configSchema },
  { usage: 'configure <db>', summary: 'prepare a database for image-copy backups', options: [dryRun, ['--take-over', 'also change values that somebody else set'], ['--yes', 'do not ask']], load: async () => (await import('./commands/configure.command.ts')).configure },
  { usage: 'backup <db>', summary: 'snapshot, then refresh the image copies', options: [dryRun, ['--allow-full', 'accept that files which had a copy are copied in full'], ['--accept-gap', 'accept that archived logs are lost for good: the point of this run is marked damaged'], ['--allow-purge', 'delete the copies of dropped files also when they are more than a tenth of all'], ['--no-snapshot', 'refresh the copies only: no snapshot before, no retention after']], load: async () => (await import('./commands/backup.command.ts')).backup },
  { usage: 'archivelogs <db>', summary: 'check for missing archived logs and copy them', options: [['--snapshot', 'then make a recovery point of them, between two backups'], dryRun], load: async () => (await import('./commands/archivelogs.command.ts')).archivelogs },
  { group: 'snapshot', usage: 'list <db>', summary: 'snapshots with their recovery windows and proofs', load: async () => (await import('./commands/snapshot-list.command.ts')).snapshotList },
  { group: 'snapshot', usage: 'create <db>', summary: 'take a snapshot now', options: [['--reason <text>', 'why']], load: async () => (await import('./commands/snapshot-create.command.ts')).snapshotCreate },
  { group: 'snapshot', usage: 'delete <db> <snapshot>', summary: 'delete one snapshot', options: [dryRun], load: async () => (await import('./commands/snapshot-delete.command.ts')).snapshotDelete },
  { group: 'snapshot', usage: 'clean <db>', summary: 'drop what retention gives up', options: [dryRun, ['--override-freeze', 'drop also while backups are overdue']], load: async () => (await import('./commands/snapshot-clean.command.ts')).snapshotClean },
  { group: 'snapshot', usage: 'age <db>', summary: 'age of the newest snapshot, for Nagios', load: async () => (await import('./commands/snapshot-age.command.ts')).snapshotAgeCommand },
  { group: 'snapshot', usage: 'pin <db> <snapshot>', summary: 'keep a snapshot whatever retention says', options: [['--reason <text>', 'why'], ['--until <time>', 'ISO time with zone; default: for ever'], ['--remove', 'remove the pin']], load: async () => (await import('./commands/snapshot-pin.command.ts')).snapshotPin },
  { group: 'clone', usage: 'create <db> <snapshot> <name>', summary: 'make a writable clone of a snapshot', load: async () => (await import('./commands/clone-create.command.ts')).cloneCreate },
  { group: 'clone', usage: 'list <db>', summary: 'clones of this database', load: async () => (await import('./commands/clone-list.command.ts')).cloneList },
  { group: 'clone', usage: 'delete <db> <name>', summary: 'delete a clone of this database', options: [dryRun], load: async () => (await import('./commands/clone-delete.command.ts')).cloneDelete },
  { group: 'volume', usage: 'create <db> [name]', summary: 'make the volume of the backup area on the storage', options: [['--size <size>', 'largest size: 500G, 5T']], load: async () => (await import('./commands/volume-create.command.ts')).volumeCreate },
  {
    usage: 'restore-test [db...]', summary: 'prove that snapshots can be restored',
    options: [['--snapshot <name>', 'this snapshot instead of the newest'], ['--validate <when>', 'read every block: always, due or never', 'due'], ['--point <which>', 'latest, or random: any snapshot, any SCN of its window'], ['--exclude <db...>', 'not these databases'], ['--concurrency <n>', 'databases at a time (default: as many as there are slots)']],
    load: async () => (await import('./commands/restore-test.command.ts')).restoreTest,
  },
  {
    usage: 'restore <db>', summary: 'open a copy of the database as it was at an SCN or time',
    options: [
      ['--to <target>', 'SCN, ISO time with zone, or latest'], ['--sid <sid>', 'SID of the new instance'], ['--mount <dir>', 'where clones are mounted that the storage exports'],
      ['--resetlogs', 'a database of its own that can be written to, instead of read only'], ['--name <name>', 'its db_unique_name, with --resetlogs'], ['--yes', 'do not ask'], dryRun,
      ['--resume <run>', 'go on with an interrupted restore'], ['--cleanup <run>', 'remove what a restore left open'], ['--list', 'restores that stand on this host'],
    ],
    load: async () => (await import('./commands/restore.command.ts')).restore,
  },
  { group: 'restore-test', usage: 'calendar', summary: 'when each database has all its blocks validated', options: [['--days <n>', 'days to show', '30']], load: async () => (await import('./commands/restore-test-calendar.command.ts')).restoreTestCalendar },
  {
    usage: 'rescue <db>', summary: 'rebuild a database whose files are gone, in its own places: open at once from a clone, then move the files back',
    options: [
      dryRun, ['--yes', 'do not ask'], ['--until <scn>', 'up to this SCN instead of the last archived log'], ['--hold', 'stop before RESETLOGS, to look at it; the same command without it goes on'],
      ['--sid <sid>', 'SID of the instance (default: as configured, else the name of the database)'], ['--mount <dir>', 'where a clone is mounted that the storage exports'], ['--abandon', 'give up a rescue that was not opened yet, and remove what it made'],
    ],
    load: async () => (await import('./commands/rescue.command.ts')).rescue,
  },
  { usage: 'restore-script <db>', summary: 'a shell script that restores this database in place, for the day its files are gone', options: [['--from <dir>', 'a mounted clone instead of the area'], ['--until <scn>', 'up to this SCN instead of the end of the archived logs'], ['--sid <sid>', 'SID of the instance'], ['--output <file>', 'write it there']], load: async () => (await import('./commands/restore-script.command.ts')).restoreScriptCommand },
  { group: 'sandbox', usage: 'prepare <dir>', summary: 'make and mark a scratch directory', load: async () => (await import('./commands/sandbox-prepare.command.ts')).sandboxPrepare },
  { group: 'sandbox', usage: 'check <dir>', summary: 'check the marker and the place', load: async () => (await import('./commands/sandbox-check.command.ts')).sandboxCheck },
  {
    group: 'sandbox', usage: 'mount-helper', summary: 'the program that mounts clones as root for the mount strategy sudo; on standard output',
    options: [['--sudoers', 'its line for sudoers instead'], ['--user <name>', 'with --sudoers: who runs restore tests (default: osuser of the configuration)'], ['--export <server:directory...>', 'where clones are exported (default: beside the live area)']],
    load: async () => (await import('./commands/sandbox-mount-helper.command.ts')).sandboxMountHelper,
  },
  { group: 'ledger', usage: 'create', summary: 'make what the ledger in an Oracle schema lacks', options: [dryRun], load: async () => (await import('./commands/ledger-create.command.ts')).ledgerCreate },
  { group: 'ledger', usage: 'flush', summary: 'bring in what waited on this host while the ledger was away', load: async () => (await import('./commands/ledger-flush.command.ts')).ledgerFlush },
  { group: 'ledger', usage: 'list [db]', summary: 'restore tests, newest first', options: [['--limit <n>', 'at most so many', '20']], load: async () => (await import('./commands/ledger-list.command.ts')).ledgerList },
  { group: 'ledger', usage: 'show <run>', summary: 'one verdict', load: async () => (await import('./commands/ledger-show.command.ts')).ledgerShow },
  {
    usage: 'fleet <command...>', summary: 'one command for every database of the configuration: icb fleet backup -- --allow-full',
    options: [['--exclude <db...>', 'not these databases'], ['--concurrency <n>', 'databases at a time', '4'], ['--per-storage <n>', 'databases at a time of one array'], ['--failed', 'only those that failed in the last run of this command'], dryRun],
    load: async () => (await import('./commands/fleet.command.ts')).fleet,
  },
  { group: 'ledger', usage: 'export <file>', summary: 'all verdicts in one signed file, for an auditor', options: [['--since <date>', 'tests that began then or later'], ['--until <date>', 'tests that began before'], ['--database <db...>', 'only these databases'], ['--key <file>', 'ed25519 private key in PEM (default: this host\'s own, made at the first export)']], load: async () => (await import('./commands/ledger-export.command.ts')).ledgerExport },
  { group: 'ledger', usage: 'verify <file>', summary: 'check a signed file', options: [['--public-key <file>', 'the signer\'s public key in PEM']], load: async () => (await import('./commands/ledger-verify.command.ts')).ledgerVerify },
  {
    group: 'schedule', usage: 'install <db>', summary: 'jobs in the database itself (DBMS_SCHEDULER) that back it up and miss no archived log',
    options: [
      dryRun, ['--yes', 'do not ask'], ['--starter <file>', 'where the program that the jobs start is written (default: in the state directory)'], ['--program <path>', 'where icb is installed (default: this program)'],
      ['--service <name>', 'service that the jobs run at, on a cluster'], ['--connect <identifier>', 'another login as SYSDBA than that of the backups'], ['--no-credential', 'jobs run as the user of externaljob.ora'], ['--renew-credential', 'the password of the operating system user has changed'],
    ],
    load: async () => (await import('./commands/schedule-install.command.ts')).scheduleInstall,
  },
  { group: 'schedule', usage: 'remove <db>', summary: 'remove the jobs that schedule install made', options: [dryRun, ['--yes', 'do not ask'], ['--connect <identifier>', 'another login as SYSDBA']], load: async () => (await import('./commands/schedule-remove.command.ts')).scheduleRemove },
  {
    group: 'schedule', usage: 'show <db>', summary: 'the next runs of the configured calendars; as cron lines, systemd units or Jenkinsfiles; or what is installed in the database',
    options: [
      ['--print <kind>', 'cron, systemd or jenkins'], ['--zone <zone>', 'time zone of the schedule (default: that of this host)'], ['--program <path>', 'where icb is installed', '/usr/local/bin/icb'], ['--ssh <user@host>', 'with --print jenkins: run over SSH'],
      ['--installed', 'the jobs of the database with their last and next runs'], ['--connect <identifier>', 'with --installed: another login as SYSDBA'],
    ],
    load: async () => (await import('./commands/schedule-show.command.ts')).scheduleShow,
  },
  { usage: 'check <db>', summary: 'snapshots, redo, copies, last proven restore and space, for Nagios', load: async () => (await import('./commands/check.command.ts')).check },
  { usage: 'report [db...]', summary: 'what is proven and what is late, of many databases', options: [['--html <file>', 'one self-contained page'], ['--metrics <file>', 'Prometheus text format, for node_exporter\'s textfile collector'], ['--mail', 'the table and the page as a mail, to the recipients of the configuration']], load: async () => (await import('./commands/report.command.ts')).report },
  {
    usage: 'migrate <dir> [db...]', summary: 'from the original Python scripts in <dir>: what differs, side by side, taken over',
    options: [['--begin', 'from now on runs of icb respect the lock of the original'], ['--take-over', 'disable the jobs of the original'], ['--accept-retention', 'with --take-over: also where icb keeps less'], ['--finish', 'the original is gone']],
    load: async () => (await import('./commands/migrate.command.ts')).migrate,
  },
  { usage: 'validate <db>', summary: 'read everything that a restore of the live copies would read', load: async () => (await import('./commands/validate.command.ts')).validate },
  { usage: 'backup-report <db>', summary: 'what RMAN says needs a backup, is unrecoverable, or would be restored', load: async () => (await import('./commands/backup-report.command.ts')).backupReport },
  { usage: 'info <db>', summary: 'the database, its area, its storage and its proofs', options: [['--environment', 'also patches of its Oracle home and its services: slow']], load: async () => (await import('./commands/info.command.ts')).info },
  { group: 'heartbeat', usage: 'install <db>', summary: 'a row that the database touches every minute, for restore tests to compare', options: [['--tablespace <name>', 'where its table lies', 'USERS'], ['--no-job', 'make no scheduler job'], dryRun], load: async () => (await import('./commands/heartbeat-install.command.ts')).heartbeatInstall },
  { group: 'lease', usage: 'show <db>', summary: 'who holds the lease', load: async () => (await import('./commands/lease-show.command.ts')).leaseShow },
  { group: 'lease', usage: 'break <db>', summary: 'break the lease of a run that is gone', options: [['--yes', 'do it']], load: async () => (await import('./commands/lease-break.command.ts')).leaseBreak },
]

/** Whether these words are a command whose first argument is a database, so that it can be run for each of many. */
export function takesDatabase(words: readonly string[]): boolean {
  const [first = '', second] = words
  const found = definitions.find(({ group, usage }) => (group === undefined ? usage.split(' ')[0] === first && second === undefined : group === first && usage.split(' ')[0] === second))
  return found !== undefined && words.length === (found.group === undefined ? 1 : 2) && /^\S+ (?:<db>|\[db\]|\[db\.\.\.\])/.test(found.usage) && found.usage !== 'restore <db>'
}

export type RunCommand = (definition: CommandDefinition, args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<void>

/** The command tree. `run` is called with the command that was typed. */
export function createProgram(run: RunCommand, output: { readonly writeOut: (text: string) => void; readonly writeErr: (text: string) => void }): Command {
  const program = new Command('icb')
    .description('Oracle image-copy backups with storage snapshots, and a proven restore per database per day.')
    .version(version)
    .option('--config <file>', 'configuration (default: $ICB_CONFIG, ./icb.yaml, ./backup.cfg, …)')
    .option('--json', 'one JSON document at the end, also on failure')
    .option('--events <file>', 'write events as JSON lines to a file, or to a descriptor: &3')
    .option('--quiet', 'only errors')
    .option('--verbose', 'log at debug level to standard error')
    .option('--strict', 'warnings end with exit code 5')
    .showHelpAfterError('(icb --help shows the commands)')
    .exitOverride()
    .configureOutput(output)
  const parents = new Map<string, Command>()
  for (const [name, description] of Object.entries(groups)) parents.set(name, program.command(name).description(description))
  for (const definition of definitions) {
    const parent = definition.group === undefined ? program : (parents.get(definition.group) ?? program)
    const command = parent.command(definition.usage).description(definition.summary)
    // A command may have verbs of its own: `restore-test calendar`.
    if (definition.group === undefined) parents.set(command.name(), command)
    for (const [flags, description, defaultValue] of definition.options ?? []) command.option(flags, description, defaultValue)
    command.action(async (...received: unknown[]) => {
      const self = received.at(-1) as Command
      await run(definition, self.args, self.optsWithGlobals())
    })
  }
  return program
}

export { CommanderError }
