import { OraError, rmanError } from '../../engine/ora-error.ts'
import type { DuplicatePlan } from '../duplicate-plan.ts'
import type { DuplicateCommand } from '../grammar/ast.ts'
import type { Newname } from '../server/work.ts'
import type { Auxiliary } from './auxiliary.ts'
import { type AuxiliaryParameters, type DuplicateNames, duplicateNames } from './duplicate-names.ts'

type Emit = (line: string) => void

interface Duplication {
  readonly command: DuplicateCommand
  readonly plan: DuplicatePlan
  readonly names: DuplicateNames
  readonly auxiliary: Auxiliary
  readonly emit: Emit
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * DUPLICATE TARGET DATABASE TO …: restores and recovers the target's backups as the auxiliary instance, which must be able to read them, and opens
 * them as a database with a name and a DBID of its own.
 * @throws OraError RMAN-05501 over the reason; over RMAN-03015 for what fails in one of the scripts
 */
export async function duplicate(command: DuplicateCommand, { auxiliary, emit, askTarget }: { readonly auxiliary: Auxiliary; readonly emit: Emit; readonly askTarget: () => Promise<DuplicatePlan> }): Promise<void> {
  const aborted = (error: unknown): unknown => (error instanceof OraError ? new OraError([{ code: 'RMAN-05501', text: 'aborting duplication of target database' }, ...error.messages]) : error)
  let duplication: Duplication
  try {
    const parameters = await inspect(auxiliary, command)
    const plan = await askTarget()
    duplication = { command, plan, auxiliary, emit, names: duplicateNames(plan, command, parameters) }
  } catch (error) {
    throw aborted(error)
  }
  const steps = [ownSpfile, mountBackup, restoreAndRecover, makeControlFile, openDuplicate]
  for (const step of steps) {
    try {
      await step(duplication)
    } catch (error) {
      throw aborted(error instanceof OraError ? new OraError([{ code: 'RMAN-03015', text: 'error occurred in stored script Memory Script' }, ...error.messages]) : error)
    }
  }
}

/** @throws OraError RMAN-05500 unless the instance is not mounted, RMAN-05520 when it is to be another database */
async function inspect(auxiliary: Auxiliary, { name }: DuplicateCommand): Promise<AuxiliaryParameters> {
  const [[status] = []] = await auxiliary.query('select status from v$instance')
  if (status !== 'STARTED') throw rmanError(5500, 'the auxiliary database must be not mounted when issuing a DUPLICATE command')
  const rows = await auxiliary.query("select name, value from v$parameter where name in ('db_name', 'db_create_file_dest', 'db_create_online_log_dest_1', 'db_file_name_convert', 'log_file_name_convert')")
  const values = new Map(rows.map(([parameter, value]) => [parameter ?? '', value ?? '']))
  const own = values.get('db_name') ?? ''
  if (own.toUpperCase() !== name.toUpperCase()) throw rmanError(5520, `database name mismatch, auxiliary instance has ${own.toUpperCase()}, command specified ${name.toUpperCase()}`)
  const value = (parameter: keyof AuxiliaryParameters): string => values.get(parameter) ?? ''
  return { db_create_file_dest: value('db_create_file_dest'), db_create_online_log_dest_1: value('db_create_online_log_dest_1'), db_file_name_convert: value('db_file_name_convert'), log_file_name_convert: value('log_file_name_convert') }
}

function announceScript(emit: Emit, lines: readonly string[]): void {
  for (const line of ['', 'contents of Memory Script:', '{', ...lines.map((text) => `   ${text};`), '}', 'executing Memory Script', '']) emit(line)
}

async function sql({ auxiliary, emit }: Duplication, statement: string): Promise<void> {
  emit(`sql statement: ${statement}`)
  await auxiliary.query(statement)
}

async function restart({ auxiliary, emit }: Duplication): Promise<void> {
  await auxiliary.shutdown(emit)
  await auxiliary.startup(emit)
}

/** The parameters are changed on the way, so they must be in an SPFILE. */
async function ownSpfile(duplication: Duplication): Promise<void> {
  const [[spfile] = []] = await duplication.auxiliary.query("select value from v$parameter where name = 'spfile'")
  if (spfile != null && spfile !== '') return
  announceScript(duplication.emit, ['sql clone "create spfile from memory"', 'shutdown clone immediate', 'startup clone nomount'])
  await sql(duplication, 'create spfile from memory')
  await restart(duplication)
}

/** Under the target's name the instance can mount its control file. */
async function mountBackup(duplication: Duplication): Promise<void> {
  const { auxiliary, plan, command, emit } = duplication
  announceScript(emit, [`set until scn  ${plan.untilScn}`, `sql clone "alter system set  db_name = '${quoted(plan.databaseName.toUpperCase())}' scope=spfile"`, `sql clone "alter system set  db_unique_name = '${quoted(command.name.toUpperCase())}' scope=spfile"`, 'shutdown clone immediate', 'startup clone force nomount', 'restore clone primary controlfile', 'alter clone database mount'])
  await sql(duplication, `alter system set db_name = ${quoted(plan.databaseName.toUpperCase())} scope=spfile`)
  await sql(duplication, `alter system set db_unique_name = ${quoted(command.name.toUpperCase())} scope=spfile`)
  await restart(duplication)
  await auxiliary.begin(plan.parallelism, emit)
  await restoreControlfile(duplication)
  await auxiliary.query('alter database mount')
  emit('database mounted')
  await auxiliary.end(emit)
  await auxiliary.request({ kind: 'adopt-repository', repository: plan.repository }, emit)
}

/** The newest that the auxiliary instance can read. */
async function restoreControlfile({ auxiliary, plan, emit }: Duplication): Promise<void> {
  for (const [index, from] of plan.controlFiles.entries()) {
    try {
      await auxiliary.command({ kind: 'restore-controlfile', from, to: null }, emit)
      return
    } catch (error) {
      const next = plan.controlFiles[index + 1]
      if (next === undefined || !(error instanceof OraError) || error.messages[0]?.code !== 'RMAN-06172') throw error
      emit(`failover to piece handle=${next}`)
    }
  }
}

const shown = (name: Newname): string => (name.kind === 'new' ? 'new' : `"${name.name}"`)

async function restoreAndRecover(duplication: Duplication): Promise<void> {
  const { auxiliary, plan, names, emit } = duplication
  const until = { kind: 'set-until', until: { kind: 'scn', scn: plan.untilScn } } as const
  announceScript(emit, [`set until scn  ${plan.untilScn}`, ...[...names.datafiles].map(([file, name]) => `set newname for datafile  ${file} to ${shown(name)}`), 'restore clone database', 'switch clone datafile all', 'recover clone database'])
  await auxiliary.begin(plan.parallelism, emit)
  await auxiliary.command(until, emit)
  for (const [file, to] of names.datafiles) await auxiliary.command({ kind: 'set-newname', scope: { kind: 'datafile', file }, to }, emit)
  for (const command of [{ kind: 'restore-datafile', object: { kind: 'database' }, until: null }, { kind: 'switch-datafile-all' }, { kind: 'recover-database', until: null, untilAvailableRedo: false }] as const) {
    emit('')
    await auxiliary.command(command, emit)
  }
  await auxiliary.end(emit)
}

/** The restored files become those of another database: its name and DBID come with a control file made for them. */
async function makeControlFile(duplication: Duplication): Promise<void> {
  const { auxiliary, plan, names, command, emit } = duplication
  const files = (await auxiliary.query('select name from v$datafile order by file#')).map(([name]) => name ?? '')
  await auxiliary.request({ kind: 'zero-dbid' }, emit)
  announceScript(emit, ['shutdown clone immediate', 'startup clone nomount', `sql clone "alter system set  db_name = '${quoted(command.name.toUpperCase())}' scope=spfile"`, 'shutdown clone immediate', 'startup clone nomount'])
  await restart(duplication)
  await sql(duplication, `alter system set db_name = ${quoted(command.name.toUpperCase())} scope=spfile`)
  await restart(duplication)
  const logs = names.logGroups.map(({ group, members, bytes }) => `GROUP ${group} ${members.length === 0 ? '' : `(${members.map(quoted).join(', ')}) `}SIZE ${bytes} REUSE`)
  await sql(duplication, `CREATE CONTROLFILE REUSE SET DATABASE "${command.name.toUpperCase()}" RESETLOGS ${plan.archivelog ? 'ARCHIVELOG' : 'NOARCHIVELOG'}${plan.forceLogging ? ' FORCE LOGGING' : ''} LOGFILE ${logs.join(', ')} DATAFILE ${files.map(quoted).join(', ')}`)
}

async function openDuplicate(duplication: Duplication): Promise<void> {
  const { auxiliary, plan, names, emit } = duplication
  const tempfiles = plan.tempfiles.map((file) => {
    const name = names.tempfiles.get(file.file) ?? { kind: 'new' }
    return { ...file, name: name.kind === 'new' ? null : name.name }
  })
  announceScript(emit, [...tempfiles.map(({ file, name }) => `set newname for tempfile  ${file} to ${name === null ? 'new' : `"${name}"`}`), 'switch clone tempfile all', 'Alter clone database open resetlogs'])
  await auxiliary.request({ kind: 'name-tempfiles', tempfiles }, emit)
  await auxiliary.query('alter database open resetlogs')
  emit('database opened')
}
