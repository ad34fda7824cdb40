import { Command, CommanderError, InvalidArgumentError } from 'commander'
import path from 'node:path'
import { addZfssaCommand } from '../appliance-zfssa/command.ts'
import { addOntapCommand } from '../filer-ontap/command.ts'
import { SIMULATOR } from '../host/lab-file.ts'
import { destroyLab, labStatus, startDatabases, stopDatabases, withDatabase } from './control.ts'
import { checkHistory } from './history-check.ts'
import { flipBlock } from './flip-block.ts'
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
    .option('--database <name>', 'name of the database', 'orcl').option('--release <release>', 'release the lab plays', '12.1.0.2.0').option('--edition <edition>', 'EE or SE', 'EE')
    .option('--time-zone <zone>', 'IANA zone of the hosts', 'UTC').option('--archive-delay <ms>', 'how long archiving a log takes', positive, 0).option('--fsync', 'sync redo and files to the device', false)
    .option('--smon-interval <ms>', 'how often SMON_SCN_TIME gets a row', positive, 6000).option('--start', 'start the database', false).option(...json)
    .action(async (dir: string, o: SizeOptions & Output & { database: string; release: string; edition: string; timeZone: string; archiveDelay: number; fsync: boolean; smonInterval: number; start: boolean }) => {
      const created = await initLab(dir, { database: o.database, release: o.release, edition: o.edition === 'SE' ? 'SE' : 'EE', timeZone: o.timeZone, archiveDelayMs: o.archiveDelay, fsync: o.fsync, smonIntervalMs: o.smonInterval, sizes: sizes(o) })
      const started = o.start ? await startDatabases(dir, undefined) : []
      report(o, { lab: path.resolve(dir), ...created, started }, [SIMULATOR, `Lab in ${path.resolve(dir)}: database ${created.name} (DBID ${created.dbid}) on host ${created.host}${o.start ? ', open' : `; start it with: lab start ${dir}`}`])
    })
  withSizes(program.command('add-database <dir> <name>')).description('create another database on host prod').option(...json).action(async (dir: string, name: string, o: SizeOptions & Output) => {
    const created = await addDatabase(dir, name, sizes(o))
    report(o, created, [`Database ${created.name} (DBID ${created.dbid}) created`])
  })
  program.command('start <dir> [database]').description('start and open').option(...json).action(async (dir: string, name: string | undefined, o: Output) => {
    const started = await startDatabases(dir, name)
    report(o, { started }, [SIMULATOR, ...started.map((s) => (s.pid === null ? `${s.name} runs already` : `${s.name} open (process ${s.pid})`))])
  })
  program.command('stop <dir> [database]').description('shut down').option('--abort', 'as a crash would', false).option(...json).action(async (dir: string, name: string | undefined, o: Output & { abort: boolean }) => {
    const stopped = await stopDatabases(dir, name, o.abort ? 'abort' : 'immediate')
    report(o, { stopped }, [stopped.length === 0 ? 'nothing ran' : `stopped ${stopped.join(', ')}`])
  })
  program.command('status <dir>').description('what runs').option(...json).action(async (dir: string, o: Output) => {
    const status = await labStatus(dir)
    report(o, status, [stringify(status)])
  })
  program.command('workload <dir> [database]').description('commit transactions').option('--transactions <n>', 'how many', positive).option('--seconds <s>', 'how long', positive).option('--per-second <n>', 'upper bound', positive).option(...json)
    .action(async (dir: string, name: string | undefined, o: Output & { transactions?: number; seconds?: number; perSecond?: number }) => {
      const result = await withDatabase(dir, name, (connection) => connection.call({ kind: 'lab', action: 'workload', args: { ...(o.transactions === undefined ? {} : { transactions: o.transactions }), ...(o.seconds === undefined ? {} : { seconds: o.seconds }), ...(o.perSecond === undefined ? {} : { perSecond: o.perSecond }) } }))
      const { transactions, lastScn } = result as { transactions: number; lastScn: string }
      report(o, { transactions, lastScn }, [`${transactions} transactions committed, the last at SCN ${lastScn}`])
    })
  const fault = program.command('fault').description('break something on purpose')
  fault.command('archive-destination <dir> [database]').description('make archiving fail, hang or work again').option('--fail', 'writes fail').option('--hang', 'writes hang').option('--clear', 'heal').option('--match <text>', 'only destinations whose path contains this', '').option(...json)
    .action(async (dir: string, name: string | undefined, o: Output & { fail?: boolean; hang?: boolean; match: string }) => {
      const kind = o.fail === true ? 'fail' : o.hang === true ? 'hang' : null
      const result = await withDatabase(dir, name, (connection) => connection.call({ kind: 'lab', action: 'archive-fault', args: { fault: kind, match: o.match } }))
      report(o, result, [`${kind ?? 'cleared'}: ${stringify(result)}`])
    })
  fault.command('flip-block <file>').description('damage one byte of a data block in a datafile or copy').option('--seed <n>', 'which block and byte', positive, 1).option('--lab <dir>', 'take a block that no redo after the file\'s checkpoint touches').option(...json)
    .action(async (file: string, o: Output & { seed: number; lab?: string }) => {
      const result = await flipBlock(file, { seed: o.seed, labDir: o.lab })
      report(o, result, [`file ${result.file} block ${result.block}: byte ${result.offset} changed`])
    })
  program.command('history').description('the truth about every block').command('check <datafile>').description('compare a restored datafile with what was true at an SCN').requiredOption('--scn <n>', 'all changes up to and including this SCN', scn).requiredOption('--lab <dir>', 'the lab').option(...json)
    .action(async (file: string, o: Output & { scn: bigint; lab: string }) => {
      const result = await checkHistory(file, o.lab, o.scn)
      report(o, result, [result.differences.length === 0 ? `file ${result.file}: ${result.blocks} blocks are as they were at SCN ${o.scn}` : `file ${result.file}: ${result.differences.length} of ${result.blocks} blocks differ from SCN ${o.scn}`])
      if (result.differences.length > 0) process.exitCode = 1
    })
  const appliance = program.command('appliance').description('simulate a storage appliance')
  addZfssaCommand(appliance)
  addOntapCommand(appliance)
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
