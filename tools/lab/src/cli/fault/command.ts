import { type Command, InvalidArgumentError, Option } from 'commander'
import path from 'node:path'
import { readLabFile } from '../../host/lab-file.ts'
import { withDatabase } from '../control.ts'
import { flipBlock } from '../flip-block.ts'
import { type ProgramFault, readProgramFaults, writeProgramFaults } from '../program-faults.ts'
import { jumpClock, milliseconds } from './clock.ts'
import { killInstance } from './kill-instance.ts'
import { setStorageFault } from './storage.ts'

interface Output {
  readonly json?: boolean
}

export type Report = (options: Output, value: unknown, lines: readonly string[]) => void

/** `300M` and the like in bytes. */
export function bytes(text: string): number {
  const match = /^(\d+)([KMGT]?)B?$/i.exec(text)
  if (match === null) throw new InvalidArgumentError('must be a size: 4096, 300K, 10M, 1G')
  return Number(match[1]) * 1024 ** ' KMGT'.indexOf((match[2] ?? '').toUpperCase() || ' ')
}

function number(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

function duration(text: string): number {
  try {
    return milliseconds(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

const onlyOne = (options: Readonly<Record<string, unknown>>, names: readonly string[]): void => {
  const given = names.filter((name) => options[name] !== undefined)
  if (given.length !== 1) throw new Error(`say one of ${names.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`).join(', ')}`)
}

const asJson = ['--json', 'print one JSON document'] as const

/** `lab fault …`: breaks something on purpose, while everything runs, and heals it again. */
export function addFaultCommands(program: Command, report: Report): void {
  const fault = program.command('fault').description('break something on purpose')
  fault.command('archive-destination <dir> [database]').description('make archiving to a destination fail, hang or work again').option('--fail', 'writes fail with an I/O error').option('--hang', 'writes hang').option('--clear', 'heal').option('--match <text>', 'only destinations whose path contains this', '').option(...asJson)
    .action(async (dir: string, name: string | undefined, o: Output & { fail?: boolean; hang?: boolean; match: string }) => {
      const kind = o.fail === true ? 'fail' : o.hang === true ? 'hang' : null
      const result = await withDatabase(dir, name, (connection) => connection.call({ kind: 'lab', action: 'archive-fault', args: { fault: kind, match: o.match } }))
      report(o, result, [`${kind ?? 'cleared'}: ${JSON.stringify(result)}`])
    })
  fault.command('storage <dir> <path>').description('what files below a path on this machine suffer from now on, in every instance of the lab')
    .option('--fail [error]', 'every write fails: EIO (as it is without a name), ENOSPC, EROFS, EACCES, ESTALE, EDQUOT').option('--hang', 'every access waits until --clear').option('--fill <size>', 'only so many bytes fit, then ENOSPC', bytes)
    .option('--slow <duration>', 'each access takes so much longer (5ms, 1s)', duration).option('--mount-options <options>', 'options of the NFS mount; without hard, rsize and wsize of 32768 creating a file is ORA-27054').option('--clear', 'heal').option(...asJson)
    .addHelpText('after', '\nExamples:\n  lab fault storage /tmp/lab /tmp/lab/nfs/backup/orcl --fill 10M        the backup area is full at 10 MB: ORA-19502, ORA-27072\n  lab fault storage /tmp/lab /tmp/lab/nfs --slow 20ms                   slow I/O\n  lab fault storage /tmp/lab /tmp/lab/nfs/backup/orcl --clear')
    .action(async (dir: string, place: string, o: Output & { fail?: string | boolean; hang?: boolean; fill?: number; slow?: number; mountOptions?: string; clear?: boolean }) => {
      onlyOne({ ...o }, ['fail', 'hang', 'fill', 'slow', 'mountOptions', 'clear'])
      const labDir = path.resolve(dir)
      await readLabFile(labDir)
      const faults = await setStorageFault(labDir, place, o.clear === true ? undefined : {
        ...(o.fail === undefined ? {} : { fail: typeof o.fail === 'string' ? o.fail.toUpperCase() : 'EIO' }), ...(o.hang === true ? { hang: true } : {}), ...(o.fill === undefined ? {} : { capacity: o.fill }),
        ...(o.slow === undefined ? {} : { slowMs: o.slow }), ...(o.mountOptions === undefined ? {} : { mountOptions: o.mountOptions }),
      })
      report(o, { faults }, faults.length === 0 ? ['the storage is sound'] : faults.map(({ path: below, ...what }) => `${below}: ${JSON.stringify(what)}`))
    })
  fault.command('program <dir> <program>').description('what a program of the homes does at its next starts: rman, sqlplus, adrci, lsnrctl, srvctl, sqlldr, opatch, or * for all')
    .option('--exit <code>', 'ends with this exit code', number).option('--hang', 'never ends').option('--print <size>', 'prints so much that nobody asked for, then goes on (1G)', bytes).option('--signal <name>', 'dies with a signal: SIGKILL, SIGSEGV, SIGTERM').option('--clear', 'heal')
    .option('--after <text>', 'not at once, but when it has printed a line with this text').option('--times <n>', 'only so many starts', number).option('--host <name>', 'only on this host').option(...asJson)
    .addHelpText('after', "\nExamples:\n  lab fault program /tmp/lab rman --signal SIGKILL --after 'starting incremental' --times 1\n  lab fault program /tmp/lab sqlplus --print 1G\n  lab fault program /tmp/lab '*' --clear")
    .action((dir: string, name: string, o: Output & { exit?: number; hang?: boolean; print?: number; signal?: string; clear?: boolean; after?: string; times?: number; host?: string }) => {
      onlyOne({ ...o }, ['exit', 'hang', 'print', 'signal', 'clear'])
      const labDir = path.resolve(dir)
      const kept = readProgramFaults(labDir).filter((one) => name !== '*' && (one.program !== name || one.host !== o.host))
      const made: ProgramFault = {
        program: name, ...(o.host === undefined ? {} : { host: o.host }), ...(o.exit === undefined ? {} : { exit: o.exit }), ...(o.hang === true ? { hang: true } : {}), ...(o.print === undefined ? {} : { print: o.print }),
        ...(o.signal === undefined ? {} : { signal: o.signal }), ...(o.after === undefined ? {} : { after: o.after }), ...(o.times === undefined ? {} : { times: o.times }),
      }
      const faults = o.clear === true ? kept : [...kept, made]
      writeProgramFaults(labDir, faults)
      report(o, { faults }, faults.length === 0 ? ['the programs are sound'] : faults.map(({ program: which, ...what }) => `${which}: ${JSON.stringify(what)}`))
    })
  fault.command('flip-block <file>').description('damage one byte: of a data block in a datafile or copy, of a record in an online or archived log, or of a control file').option('--seed <n>', 'which block and byte', number, 1).option('--lab <dir>', 'take a block that no redo after the datafile\'s checkpoint touches').option(...asJson)
    .action(async (file: string, o: Output & { seed: number; lab?: string }) => {
      const result = await flipBlock(file, { seed: o.seed, labDir: o.lab })
      report(o, result, [result.kind === 'datafile' ? `file ${String(result.file)} block ${String(result.block)}: byte ${String(result.offset)} changed` : `${result.kind}: byte ${String(result.offset)} changed`])
    })
  fault.command('clock <dir>').description('move the clocks of all hosts, at once and for everything that runs').addOption(new Option('--jump <duration>', 'by so much more: 2h, -90m, 1d').argParser(duration)).option('--clear', 'back to this machine\'s clock').option(...asJson)
    .action(async (dir: string, o: Output & { jump?: number; clear?: boolean }) => {
      onlyOne({ ...o }, ['jump', 'clear'])
      const offset = await jumpClock(dir, o.jump)
      report(o, { offsetMs: offset }, [`the hosts' clocks are ${String(offset / 1000)} s from this machine's`])
    })
  fault.command('kill-instance <dir> <database>').description('end the process of an instance as kill -9 does').option('--instance <sid>', 'one instance of a cluster').option(...asJson)
    .action(async (dir: string, name: string, o: Output & { instance?: string }) => {
      const killed = await killInstance(dir, name, o.instance)
      report(o, killed, [`instance ${killed.sid} (process ${String(killed.pid)}) killed; start it again with: lab start ${dir} ${name}`])
    })
}
