import type { RmanMessage } from './rman-event.ts'

/** `info`: nothing to do. `warning`: the result stands, somebody should look. `error`: the work did not succeed. */
export type MessageSeverity = 'info' | 'warning' | 'error'

export interface MessageEntry {
  /** What it means in this kind of work. */
  readonly meaning: string
  readonly severity: MessageSeverity
  /** What to do next. */
  readonly nextStep: string
  /** Only repeats what other lines of the stack say. */
  readonly wrapper?: boolean
}

const entry = (severity: MessageSeverity, meaning: string, nextStep: string): MessageEntry => ({ severity, meaning, nextStep })
const wrapper = (meaning: string): MessageEntry => ({ severity: 'error', meaning, nextStep: 'Read the lines below it; the last one is the cause.', wrapper: true })

const missingLog = 'Find the log of that thread and sequence in another destination or snapshot; without it only a point before it can be restored.'
const spaceOrMount = 'Check space, mount and permissions of that file system.'

/** What RMAN and ORA messages mean for image copies, their merge and restore tests. */
export const messageCatalogue: ReadonlyMap<string, MessageEntry> = new Map<string, MessageEntry>([
  ['RMAN-00558', wrapper('A command could not be parsed.')],
  ['RMAN-01005', wrapper('A command has a syntax error.')],
  ['RMAN-01007', wrapper('Place of a syntax error.')],
  ['RMAN-01009', entry('error', 'A command has a syntax error.', 'Report it with the script; the builders should not make one.')],
  ['RMAN-03002', wrapper('A command failed.')],
  ['RMAN-03009', wrapper('A command failed on one channel.')],
  ['RMAN-03015', wrapper('An error occurred in a stored script or a recursive command.')],
  ['RMAN-04004', wrapper('No connection to the recovery catalog.')],
  ['RMAN-04006', wrapper('No connection to the auxiliary database.')],
  ['RMAN-00554', wrapper('RMAN could not be initialised.')],
  ['RMAN-04005', wrapper('No connection to the target database.')],
  ['RMAN-06171', entry('error', 'Not connected to a target database.', 'Look at the connect error before it: alias, wallet, listener, ORACLE_SID.')],
  ['RMAN-06403', entry('error', 'No fully authorised session to the database.', 'Look at the ORA- line below it.')],
  // Deletions that were not made, on purpose.
  ['RMAN-08120', entry('warning', 'An archived log was not deleted: a standby has not applied it yet.', 'Check the apply lag of the standby if this lasts more than a day.')],
  ['RMAN-08137', entry('warning', 'An archived log was not deleted: a standby or a capture process needs it.', 'Check the standby or the capture process if this lasts more than a day.')],
  ['RMAN-08138', entry('warning', 'An archived log was not deleted: the deletion policy asks for more backups of it.', 'Check the deletion policy.')],
  ['RMAN-08139', entry('warning', 'An archived log was not deleted: it is needed for a guaranteed restore point or flashback.', 'Check restore points.')],
  ['RMAN-08591', entry('warning', 'The deletion policy names standbys, but no mandatory standby destination exists.', 'Set the policy to NONE or configure the standby destination.')],
  ['RMAN-06207', entry('warning', 'Objects were not deleted, because repository and disk differ.', 'Run a crosscheck after checking that the backup area is mounted.')],
  ['RMAN-06208', entry('warning', 'Objects were not deleted, because repository and disk differ.', 'Run a crosscheck after checking that the backup area is mounted.')],
  ...['RMAN-06210', 'RMAN-06211', 'RMAN-06212', 'RMAN-06213', 'RMAN-06214'].map((code): [string, MessageEntry] => [
    code,
    entry('warning', 'One object that was not deleted, because repository and disk differ.', 'Run a crosscheck after checking that the backup area is mounted.'),
  ]),
  // News.
  ['RMAN-06497', entry('warning', 'The control file is not current, so no autobackup was made.', 'Expected for a restored copy; otherwise check the target.')],
  ['RMAN-06820', entry('warning', 'The backup on the standby could not archive the current log at the primary.', 'The log switch on the primary is done separately; check its connection if that fails too.')],
  ['ORA-17629', entry('warning', 'The standby could not connect to the primary.', 'Check the password file and the alias of the primary.')],
  ['RMAN-06900', entry('warning', 'A row of V$RMAN_STATUS could not be written.', 'Progress views are incomplete; the backup is not affected.')],
  ['RMAN-06901', entry('warning', 'Updating V$RMAN_STATUS is switched off for this run.', 'Progress views are incomplete; the backup is not affected.')],
  ['RMAN-06908', entry('warning', 'This edition works on one channel only.', 'Set parallel to 1.')],
  ['RMAN-06909', entry('warning', 'Parallelism needs Enterprise Edition.', 'Set parallel to 1.')],
  ['RMAN-07517', entry('info', 'A file could not be cataloged: it is no Oracle file, or its header is damaged.', 'Expected for logs and settings; a datafile copy or a log that the manifest lists must be looked at.')],
  ['RMAN-07518', entry('info', 'A file could not be cataloged: it belongs to another database.', 'Check that the right area is mounted when it is a datafile copy.')],
  ['RMAN-07519', entry('info', 'A file could not be cataloged: error while reading its header.', 'Check the file when it is a datafile copy or a log of the manifest.')],
  ['RMAN-05535', entry('warning', 'Not all redo log files were defined properly.', 'Concerns the creation of standbys only.')],
  ['ORA-28002', entry('warning', 'The password of the connecting user expires soon.', 'Change it in the database and in the wallet.')],
  ['ORA-28011', entry('warning', 'The password of the connecting user is in its grace time.', 'Change it in the database and in the wallet.')],
  ['WARNING', entry('warning', 'RMAN printed a warning without a number.', 'Read its text.')],
  // The backup is not what it should be.
  ['RMAN-06060', entry('error', 'A datafile was skipped, which compromises recoverability.', 'Back up that file: bring it online or make it readable.')],
  ['RMAN-06061', entry('error', 'An archived log was skipped, which compromises recoverability.', missingLog)],
  ['RMAN-06169', entry('error', 'The header of a datafile cannot be read.', 'Check that the file exists and its storage answers.')],
  ['RMAN-06059', entry('error', 'An expected archived log was not found; the loss compromises recoverability.', 'Copy the log from another destination, or crosscheck if it is really gone.')],
  ['RMAN-06056', entry('error', 'A datafile could not be accessed.', 'Check that the file exists and its storage answers.')],
  ['RMAN-05021', entry('error', 'This configuration can be changed only on the primary.', 'Run configure with the primary as target.')],
  ['RMAN-06808', entry('error', 'SECTION SIZE and MAXPIECESIZE cannot be used together.', 'Remove MAXPIECESIZE from the channel configuration, or the section size.')],
  // Restore and recovery.
  ['RMAN-06054', entry('error', 'Recovery asks for an archived log that is not known.', missingLog)],
  ['RMAN-06053', entry('error', 'Recovery cannot be done because archived logs are missing.', missingLog)],
  ['RMAN-06025', entry('error', 'No backup of an archived log was found.', missingLog)],
  ['ORA-00308', entry('error', 'An archived log cannot be opened.', missingLog)],
  ['ORA-00279', entry('error', 'Redo from this SCN on is needed.', missingLog)],
  ['ORA-00289', entry('error', 'Name under which the next log was looked for.', missingLog)],
  ['ORA-00280', entry('error', 'Sequence of the log that is needed.', missingLog)],
  ['RMAN-06556', entry('error', 'A datafile copy is newer than the target.', 'Choose the recovery point before it, with the logs of the next one.')],
  ['RMAN-06023', entry('error', 'No copy of a datafile was found to restore.', 'Check that the copies were cataloged and belong to this incarnation.')],
  ['RMAN-06026', entry('error', 'Some targets were not found; the restore was stopped.', 'Check that the copies were cataloged and belong to this incarnation.')],
  ['RMAN-06571', entry('error', 'A datafile has no recoverable copy.', 'Check that the copies were cataloged and carry the right tag.')],
  ['RMAN-06094', entry('error', 'A datafile must be restored: its path cannot be read.', 'The switch to the copies did not cover it; do not go on.')],
  ['RMAN-06172', entry('error', 'No autobackup, or no usable control file in the piece.', 'Check the control file backup that the manifest names.')],
  ['RMAN-20207', entry('error', 'The target lies before the last RESETLOGS.', 'Choose a recovery point of that incarnation.')],
  ['RMAN-05541', entry('error', 'No archived log or backup of this incarnation fits.', 'Choose a recovery point of that incarnation.')],
  ['ORA-19909', entry('error', 'A datafile belongs to an orphan incarnation.', 'Choose a recovery point of the same incarnation.')],
  ['ORA-01547', entry('warning', 'Recovery succeeded, but opening would fail.', 'Read the line below it.')],
  ['ORA-01194', entry('error', 'A datafile needs more redo before the database can be opened.', 'Recover further; the target is before the highest SCN of the copies, or logs are missing.')],
  ['ORA-01152', entry('error', 'A datafile is newer than the point reached.', 'Recover further, or choose an older recovery point.')],
  ['ORA-01196', entry('error', 'A datafile is inconsistent after a failed recovery.', 'Recover further; logs are missing.')],
  ['ORA-16004', entry('error', 'The database needs recovery before it can be opened read only.', 'Recover further; logs are missing.')],
  ['ORA-01110', entry('error', 'Name of the datafile that the other lines speak of.', 'Read the other lines.')],
  ['ORA-01157', entry('error', 'A datafile cannot be opened.', 'It may still have a path of the source database; do not go on.')],
  ['ORA-00205', entry('error', 'The control file cannot be found or opened.', 'Check control_files and the scratch directory.')],
  ['ORA-00201', entry('error', 'COMPATIBLE does not fit the control file.', 'Start the test instance with the compatible value of the manifest.')],
  ['ORA-01102', entry('error', 'Another instance has a database of this name mounted.', 'Use a unique db_unique_name; stop the leftover instance.')],
  ['ORA-65093', entry('error', 'A container database was started without enable_pluggable_database.', 'Set it from the manifest.')],
  ['ORA-65101', entry('error', 'The parameters and the control file disagree about being a container database.', 'Set enable_pluggable_database from the manifest.')],
  ['ORA-38760', entry('error', 'Flashback is on and its logs are missing.', 'Switch flashback off (and drop guaranteed restore points) before opening.')],
  ['ORA-28365', entry('error', 'The encryption keystore is not open.', 'Provide the keystore on the test host.')],
  // Blocks.
  ['ORA-01578', entry('error', 'A block is corrupt.', 'Compare with V$DATABASE_BLOCK_CORRUPTION; with ORA-26040 it is an unlogged change.')],
  ['ORA-26040', entry('error', 'The block was changed without logging, so redo could not repair it.', 'Use FORCE LOGGING, or accept the object in the configuration.')],
  ['ORA-19566', entry('error', 'More corrupt blocks than allowed; the backup of that file stopped.', 'Repair the blocks at the source before the next backup.')],
  // Storage.
  ['ORA-00257', entry('error', 'Archiving is stuck: a destination is full.', 'Make space in the recovery area or the backup area.')],
  ['ORA-19504', entry('error', 'A file could not be created.', spaceOrMount)],
  ['ORA-19502', entry('error', 'A write failed.', spaceOrMount)],
  ['ORA-19505', entry('error', 'A file could not be identified.', 'Crosscheck, after checking that the area is mounted.')],
  ['ORA-19625', entry('error', 'A file of the repository is gone.', 'Crosscheck, after checking that the area is mounted.')],
  ['ORA-19809', entry('error', 'The limit of the recovery area is exceeded.', 'Make space in the recovery area or raise its limit.')],
  ['ORA-19804', entry('error', 'The recovery area cannot give the space that is asked for.', 'Make space in the recovery area or raise its limit.')],
  ['ORA-19870', wrapper('Error while reading a backup piece.')],
  ['ORA-27037', entry('error', 'The status of a file cannot be read.', 'Check that it exists and the area is mounted.')],
  ['ORA-27040', entry('error', 'A file cannot be created.', spaceOrMount)],
  ['ORA-27054', entry('error', 'The NFS mount options are not what Oracle accepts.', 'Mount with hard,rsize,wsize,tcp,vers=3 or use Direct NFS.')],
  ['ORA-27072', entry('error', 'File I/O failed (system error 28: no space).', spaceOrMount)],
  ['ORA-00245', entry('error', 'The snapshot control file is not on shared storage.', 'Set snapshotControlfile to a path that every instance sees.')],
  ['ORA-01034', entry('error', 'The instance is not started.', 'Start it, or check ORACLE_SID and the alias.')],
])

/** What a message means; `undefined` for one that is not in the catalogue. A letter-case difference does not matter. */
export function explainMessage(code: string): MessageEntry | undefined {
  return messageCatalogue.get(code.toUpperCase())
}

/**
 * Severity of one message. What the catalogue does not know is an error in an error stack, or when it calls itself neither a warning
 * nor a note; Direct NFS codes (ORA-17500 to ORA-17528) are errors.
 */
export function classifyMessage(code: string, text: string, inErrorStack = false): MessageSeverity {
  if (inErrorStack) return 'error'
  const found = explainMessage(code)
  if (found !== undefined) return found.severity
  return /^(?:warning|note)\b/i.test(text.trim()) ? 'warning' : 'error'
}

/** What a run's messages allow: `fatal` ends the workflow, `degraded` lets it go on with a warning, `info` is nothing. */
export type MessagePolicy = 'fatal' | 'degraded' | 'info'

/** The worst of several messages outside error stacks. */
export function policyOf(messages: readonly RmanMessage[]): MessagePolicy {
  const severities = new Set(messages.map((message) => classifyMessage(message.code, message.text)))
  return severities.has('error') ? 'fatal' : severities.has('warning') ? 'degraded' : 'info'
}

/** The message that names the cause: the last one that is no wrapper. */
export function rootCause(messages: readonly RmanMessage[]): RmanMessage | undefined {
  return messages.findLast((message) => explainMessage(message.code)?.wrapper !== true) ?? messages.at(-1)
}

export interface MissingLog {
  readonly thread: number
  readonly sequence: number
  readonly scn?: bigint
}

/** The log that RMAN-06054, RMAN-06025, RMAN-06053's followers or ORA-00280 ask for, or `undefined`. */
export function missingLogOf(message: RmanMessage): MissingLog | undefined {
  const text = message.text.replace(/\s+/g, ' ')
  const thread = /thread:? #?(\d{1,6})/i.exec(text)?.[1]
  const sequence = /sequence:? #?(\d{1,12})/i.exec(text)?.[1] ?? /\bseq(?:uence)? #?(\d{1,12})/i.exec(text)?.[1]
  if (thread === undefined || sequence === undefined) return undefined
  const scn = /\bSCN (?:of )?(\d{1,20})/i.exec(text)?.[1]
  return { thread: Number(thread), sequence: Number(sequence), ...(scn === undefined ? {} : { scn: BigInt(scn) }) }
}
