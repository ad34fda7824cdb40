import { Command, CommanderError, InvalidArgumentError } from 'commander'
import path from 'node:path'
import { addZfssaCommand } from '../appliance-zfssa/command.ts'
import { addDoradoCommand } from '../array-dorado/command.ts'
import { addSoftnasCommand } from '../array-softnas/command.ts'
import { addOntapCommand } from '../filer-ontap/command.ts'
import { SIMULATOR } from '../host/lab-file.ts'
import { profileNamed, profiles } from '../host/release.ts'
import { destroyLab, labStatus, startDatabases, stopDatabases, withDatabase } from './control.ts'
import { checkHistory } from './history-check.ts'
import { addAsmCommands } from './asm-command.ts'
import { addFaultCommands } from './fault/command.ts'
import { addStandby } from './add-standby.ts'
import { addDatabase, initLab } from './init.ts'

interface Output {
  readonly json?: boolean
}

const stringify = (value: unknown): string => JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? v.toString() : v), 2)

/** One document with `--json`, otherwise lines. */
function report(options: Output, value: unknown, lines: readonly string[]): void {
  process.stdout.write(options.json === true ? `${stringify(value)}\n` : `${lines.join('\n')}\n`)
}

function positive(value: string): number {
  const number = Number(value)
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('must be a number, zero or more')
  return number
}

function scn(value: string): bigint {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('must be an SCN')
  return BigInt(value)
}

function edition(value: string): 'EE' | 'SE' {
  if (/^(ee|enterprise)$/i.test(value)) return 'EE'
  if (/^(se|se2|standard)$/i.test(value)) return 'SE'
  throw new InvalidArgumentError('must be enterprise or standard')
}

interface SizeOptions {
  readonly system: number
  readonly sysaux: number
  readonly undo: number
  readonly users: number
  readonly redo: number
}

const withSizes = (command: Command): Command => command
  .option('--system <mb>', 'size of SYSTEM', positive, 4).option('--sysaux <mb>', 'size of SYSAUX', positive, 2).option('--undo <mb>', 'size of UNDOTBS1', positive, 2)
  .option('--users <mb>', 'size of USERS', positive, 8).option('--redo <mb>', 'size of each online log', positive, 1)

const sizes = ({ system, sysaux, undo, users, redo }: SizeOptions): SizeOptions => ({ system, sysaux, undo, users, redo })

/** The `lab` command. Resolves with the exit code. */
export async function runLab(argv: readonly string[]): Promise<number> {
  const program = new Command('lab').description(`${SIMULATOR}\nA miniature Oracle whose files, redo and backups are real, for trying and testing backups.`).exitOverride().showHelpAfterError()
  const json = ['--json', 'print one JSON document'] as const

  withSizes(program.command('init <dir>')).description('make a lab: hosts prod and sandbox, homes, one database')
    .option('--database <name>', 'name of the database', 'orcl').option('--profile <name>', `what the lab plays: ${Object.keys(profiles).join(', ')}`, '19c').option('--release <release>', 'another release than the profile\'s').option('--edition <edition>', 'enterprise or standard', edition)
    .option('--pdbs <names>', 'PDBs of a CDB, separated by commas').option('--instances <n>', 'instances of a cluster, on hosts of their own', positive, 1).option('--standby', 'a physical standby on a host of its own', false).option('--asm', 'all files in disk groups, +DATA and +RECO', false).option('--apply-lag <ms>', 'how far the standby stays behind', positive, 0)
    .option('--time-zone <zone>', 'IANA zone of the hosts', 'UTC').option('--archive-delay <ms>', 'how long archiving a log takes', positive, 0).option('--fsync', 'sync redo and files to the device', false)
    .option('--smon-interval <ms>', 'how often SMON_SCN_TIME gets a row', positive, 6000).option('--start', 'start the database', false).option('--tls', 'a second port of the listener, with TLS (needs openssl)', false).option(...json)
    .action(async (dir: string, o: SizeOptions & Output & { database: string; profile: string; release?: string; edition?: 'EE' | 'SE'; pdbs?: string; instances: number; standby: boolean; asm: boolean; applyLag: number; timeZone: string; archiveDelay: number; fsync: boolean; smonInterval: number; start: boolean; tls: boolean }) => {
      const profile = profileNamed(o.profile)
      if (o.asm && o.standby) throw new Error('the lab makes a standby of a database in file systems only')
      const created = await initLab(dir, { database: o.database, release: o.release ?? profile.release, edition: o.edition ?? profile.edition, pdbs: o.pdbs?.split(',') ?? profile.pdbs, instances: o.instances, timeZone: o.timeZone, archiveDelayMs: o.archiveDelay, fsync: o.fsync, smonIntervalMs: o.smonInterval, sizes: sizes(o), tls: o.tls, asm: o.asm })
      if (o.standby) await addStandby(dir, o.database, { applyLagMs: o.applyLag })
      const started = o.start ? await startDatabases(dir, undefined) : []
      report(o, { lab: path.resolve(dir), ...created, started }, [SIMULATOR, `Lab in ${path.resolve(dir)}: database ${created.name} (DBID ${created.dbid}) on host ${created.host}${o.start ? ', open' : `; start it with: lab start ${dir}`}`])
    })
  withSizes(program.command('add-database <dir> <name>')).description('create another database on host prod').option('--user <name>', 'whom the wallet connects as: a schema owner for a recovery catalog', 'sys').option('--asm', 'all files in the disk groups of the lab', false).option(...json).action(async (dir: string, name: string, o: SizeOptions & Output & { user: string; asm: boolean }) => {
    const created = await addDatabase(dir, name, sizes(o), { user: o.user, asm: o.asm })
    report(o, created, [`Database ${created.name} (DBID ${created.dbid}) created`])
  })
  program.command('add-standby <dir> <database>').description('make a physical standby of a database that is shut down').option('--apply-lag <ms>', 'how far it stays behind', positive, 0).option(...json).action(async (dir: string, name: string, o: Output & { applyLag: number }) => {
    const created = await addStandby(dir, name, { applyLagMs: o.applyLag })
    report(o, created, [`Standby ${created.name} created on host ${created.host}; it starts with: lab start ${dir}`])
  })
  program.command('start <dir> [database]').description('start and open').option('--instance <sid>', 'one instance of a cluster').option(...json).action(async (dir: string, name: string | undefined, o: Output & { instance?: string }) => {
    const started = await startDatabases(dir, name, o.instance)
    report(o, { started }, [SIMULATOR, ...started.map((s) => (s.pid === null ? `${s.name} runs already` : `${s.name} open (process ${s.pid})`))])
  })
  program.command('stop <dir> [database]').description('shut down').option('--abort', 'as a crash would', false).option('--instance <sid>', 'one instance of a cluster').option(...json).action(async (dir: string, name: string | undefined, o: Output & { abort: boolean; instance?: string }) => {
    const stopped = await stopDatabases(dir, name, o.abort ? 'abort' : 'immediate', o.instance)
    report(o, { stopped }, [stopped.length === 0 ? 'nothing ran' : `stopped ${stopped.join(', ')}`])
  })
  program.command('status <dir>').description('what runs').option(...json).action(async (dir: string, o: Output) => {
    const status = await labStatus(dir)
    report(o, status, [stringify(status)])
  })
  program.command('workload <dir> [database]').description('commit transactions').option('--transactions <n>', 'how many', positive).option('--seconds <s>', 'how long', positive).option('--per-second <n>', 'upper bound', positive).option('--instance <sid>', 'one instance of a cluster').option(...json)
    .action(async (dir: string, name: string | undefined, o: Output & { transactions?: number; seconds?: number; perSecond?: number; instance?: string }) => {
      const result = await withDatabase(dir, name, (connection) => connection.call({ kind: 'lab', action: 'workload', args: { ...(o.transactions === undefined ? {} : { transactions: o.transactions }), ...(o.seconds === undefined ? {} : { seconds: o.seconds }), ...(o.perSecond === undefined ? {} : { perSecond: o.perSecond }) } }), o.instance)
      const { transactions, lastScn } = result as { transactions: number; lastScn: string }
      report(o, { transactions, lastScn }, [`${transactions} transactions committed, the last at SCN ${lastScn}`])
    })
  addAsmCommands(program, report)
  addFaultCommands(program, report)
  program.command('history').description('the truth about every block').command('check <datafile>').description('compare a restored datafile with what was true at an SCN').requiredOption('--scn <n>', 'all changes up to and including this SCN', scn).requiredOption('--lab <dir>', 'the lab').option(...json)
    .action(async (file: string, o: Output & { scn: bigint; lab: string }) => {
      const result = await checkHistory(file, o.lab, o.scn)
      report(o, result, [result.differences.length === 0 ? `file ${result.file}: ${result.blocks} blocks are as they were at SCN ${o.scn}` : `file ${result.file}: ${result.differences.length} of ${result.blocks} blocks differ from SCN ${o.scn}`])
      if (result.differences.length > 0) process.exitCode = 1
    })
  const listener = program.command('listener').description('the Oracle Net listener of the lab')
  listener.command('start <dir>').description('start it').option(...json).action(async (dir: string, o: Output) => {
    const { startListeners } = await import('../net/listener-control.ts')
    const started = await startListeners(path.resolve(dir))
    report(o, { started }, [started.length === 0 ? 'the listener runs already' : `listener started on ${started.join(', ')}`])
  })
  listener.command('stop <dir>').description('end it; sessions go on').option(...json).action(async (dir: string, o: Output) => {
    const { stopListeners } = await import('../net/listener-control.ts')
    const stopped = await stopListeners(path.resolve(dir))
    report(o, { stopped }, [stopped.length === 0 ? 'no listener ran' : `listener stopped on ${stopped.join(', ')}`])
  })
  listener.command('status <dir>').description('ports and services').option(...json).action(async (dir: string, o: Output) => {
    const { listenerStatus } = await import('../net/listener-control.ts')
    const listeners = await listenerStatus(path.resolve(dir))
    report(o, { listeners }, [stringify(listeners)])
  })
  const appliance = program.command('appliance').description('simulate a storage appliance')
  addZfssaCommand(appliance)
  addOntapCommand(appliance)
  addDoradoCommand(appliance)
  addSoftnasCommand(appliance)
  program.command('destroy <dir>').description('end all instances and remove the lab').option(...json).action(async (dir: string, o: Output) => {
    await destroyLab(dir)
    report(o, { destroyed: path.resolve(dir) }, [`${path.resolve(dir)} removed`])
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const message = error instanceof Error ? error.message : String(error)
    if (argv.includes('--json')) process.stdout.write(`${stringify({ error: message })}\n`)
    process.stderr.write(`lab: ${message}\n`)
    return 1
  }
}
