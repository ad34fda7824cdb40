import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { OraError, rmanError } from '../engine/ora-error.ts'
import type { Command } from './grammar/ast.ts'
import { commandName } from './grammar/ast.ts'
import type { RmanReply, RmanRequest } from './request.ts'
import { autobackup } from './server/autobackup.ts'
import { backup } from './server/backup.ts'
import { catalogFiles, catalogStartWith } from './server/catalog.ts'
import { allocateChannel, releaseChannel, releaseDefaultChannels, releaseRunChannels } from './server/channels.ts'
import { configure, show } from './server/configure.ts'
import { deleteObjects, deleteObsolete } from './server/delete.ts'
import { adoptRepository, duplicatePlan, nameTempfiles } from './server/duplicate.ts'
import { resetDatabase } from './server/incarnations.ts'
import { change, crosscheck, list } from './server/maintain.ts'
import { recoverCopy } from './server/recover-copy.ts'
import { recoverDatabase } from './server/recover-database.ts'
import { report, restorePreview, restoreValidate } from './server/report.ts'
import { restoreArchivelog, restoreControlfile, restoreDatafiles, restoreSpfile, setNewname } from './server/restore.ts'
import { executeStatement } from './server/sql.ts'
import { recordOutput, recordStatus } from './server/status.ts'
import { switchDatafileAll, switchTempfileAll, switchToCopy } from './server/switch.ts'
import { validate } from './server/validate.ts'
import type { RmanState, Work } from './server/work.ts'

const states = new WeakMap<ServerSession, RmanState>()
const done: RmanReply = { question: null }

/**
 * Does one request ({@link RmanRequest}, as it came over the wire) of an RMAN client in the server session `session` and prints through `emitLine`. It goes on to its end
 * when the client goes away; only `session.abort` stops it. What a RUN allocated stays with the session between requests.
 * @throws OraError with the stack below RMAN-03002
 */
export async function executeRmanCommand(instance: Instance, session: ServerSession, command: unknown, emitLine: (line: string) => void): Promise<RmanReply> {
  const request = command as RmanRequest
  const state = states.get(session) ?? { announced: false, defaultChannels: [], run: null, autobackupDue: false, sessionStatus: null, commandStatus: null, statusDisabled: false }
  states.set(session, state)
  const { commandId } = request.environment
  session.clientInfo = commandId === null ? session.clientInfo : `id=${commandId}`
  const work: Work = {
    instance, session, state, environment: request.environment, emit: (line) => {
      recordOutput({ instance, session, state }, line)
      emitLine(line)
    }, answer: request.kind === 'command' ? request.answer : null, bytes: { input: 0, output: 0 }, warnings: false,
  }
  switch (request.kind) {
    case 'describe':
      describe(work, request.to)
      return done
    case 'begin-run':
      state.run = { channels: [], newnames: { database: null, datafiles: new Map(), tempfiles: new Map() }, until: null }
      return done
    case 'end-run':
      try {
        if (state.autobackupDue) {
          emitLine('')
          await autobackup(work)
        }
      } finally {
        releaseRunChannels(work)
        state.run = null
        state.autobackupDue = false
      }
      return done
    case 'duplicate-plan':
      return { question: null, plan: await duplicatePlan(work, request.command) }
    case 'adopt-repository':
      await adoptRepository(work, request.repository)
      return done
    case 'zero-dbid':
      await instance.zeroDbid()
      return done
    case 'name-tempfiles':
      await nameTempfiles(work, request.tempfiles)
      return done
    case 'command':
      return recordStatus(work, commandName(request.command), request.command, () => withAutobackup(work, request.command))
  }
}

function describe(work: Work, to: 'target' | 'auxiliary'): void {
  const { instance, emit, state } = work
  // Whose control file it is, is said of the target only.
  if (to === 'auxiliary') state.announced = true
  if (instance.status === 'STARTED') {
    emit(`connected to ${to} database: ${(instance.parameters.get('db_name')?.value ?? '').toUpperCase()} (not mounted)`)
    return
  }
  const { name, dbid } = instance.controlFile
  emit(`connected to ${to} database: ${name.toUpperCase()} (DBID=${dbid}${instance.status === 'OPEN' ? '' : ', not open'})`)
}

/** A series of backups ends with the first command that is none; only then the control file is backed up, once. */
async function withAutobackup(work: Work, command: Command): Promise<RmanReply> {
  const { state, emit } = work
  const inSeries = (command.kind === 'backup' && !command.validate) || command.kind === 'recover-copy'
  try {
    if (state.run !== null && state.autobackupDue && !inSeries) {
      await autobackup(work)
      emit('')
    }
    const reply = await execute(work, command)
    if (state.run === null && state.autobackupDue) {
      emit('')
      await autobackup(work)
    }
    return reply
  } catch (error) {
    state.autobackupDue = false
    throw error
  }
}

async function execute(work: Work, command: Command): Promise<RmanReply> {
  const { state, emit } = work
  switch (command.kind) {
    case 'set-command-id':
      emit('executing command: SET COMMAND ID')
      return done
    case 'allocate-channel':
      if (command.deviceType !== 'DISK') throw new OraError([{ code: 'ORA-19554', text: 'error allocating device, device type: SBT_TAPE, device name: ' }, { code: 'ORA-27211', text: 'Failed to load Media Management Library' }])
      allocateChannel(work, command.name, command.format, command.maxPieceSize)
      return done
    case 'release-channel':
      releaseChannel(work, command.name)
      return done
    case 'set-newname':
      setNewname(work, command)
      return done
    case 'set-until':
      emit('executing command: SET until clause')
      if (state.run !== null) state.run.until = command.until
      return done
    case 'configure':
      await configure(work, command)
      return done
    case 'show':
      show(work, command.setting)
      return done
    case 'backup':
      await backup(work, command)
      return done
    case 'validate':
      await validate(work, command.object, command.checkLogical)
      return done
    case 'recover-copy':
      await recoverCopy(work, command)
      return done
    case 'recover-database':
      await recoverDatabase(work, command)
      return done
    case 'restore-controlfile':
      await restoreControlfile(work, command.from, command.to)
      return done
    case 'restore-archivelog':
      await restoreArchivelog(work, command.selection)
      return done
    case 'restore-spfile':
      await restoreSpfile(work, command.from, command.to)
      return done
    case 'restore-datafile':
      await restoreDatafiles(work, command.object, command.until)
      return done
    case 'restore-preview':
      await restorePreview(work)
      return done
    case 'restore-validate':
      await restoreValidate(work, command.object, command.header)
      return done
    case 'reset-database':
      await resetDatabase(work, command.incarnation)
      return done
    case 'switch-to-copy':
      await switchToCopy(work, command.files)
      return done
    case 'switch-datafile-all':
      await switchDatafileAll(work)
      return done
    case 'switch-tempfile-all':
      await switchTempfileAll(work)
      return done
    case 'delete':
      return deleteObjects(work, command)
    case 'delete-obsolete':
      return deleteObsolete(work, command)
    case 'change':
      await change(work, command)
      return done
    case 'crosscheck':
      await crosscheck(work, command)
      return done
    case 'list':
      list(work, command)
      return done
    case 'catalog-start-with':
      return catalogStartWith(work, command)
    case 'catalog-files':
      await catalogFiles(work, command)
      return done
    case 'report-need-backup':
    case 'report-unrecoverable':
    case 'report-schema':
    case 'report-obsolete':
      report(work, command)
      return done
    case 'needs-catalog':
      throw rmanError(6002, 'command not allowed when not connected to a recovery catalog')
    case 'sql':
      await executeStatement(work, command.text, command.form)
      return done
    case 'alter-database':
      await alterDatabase(work, command.action)
      return done
    default:
      throw new Error(`${command.kind} is a command of the client`)
  }
}

async function alterDatabase(work: Work, action: 'mount' | 'open' | 'open-resetlogs'): Promise<void> {
  const { instance, emit } = work
  if (action === 'mount') {
    await instance.mount()
    releaseDefaultChannels(work)
    emit('database mounted')
    return
  }
  await instance.open({ mode: 'READ WRITE', resetlogs: action === 'open-resetlogs' })
  emit('database opened')
}
