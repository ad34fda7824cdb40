import { OraError } from '../../engine/ora-error.ts'
import type { RmanStatusRecord } from '../../engine/records.ts'
import type { Command } from '../grammar/ast.ts'
import type { Work } from './work.ts'

/** Commands that V$RMAN_STATUS shows. */
const shown: ReadonlySet<string> = new Set([
  'backup', 'validate', 'recover-copy', 'recover-database', 'restore-datafile', 'restore-archivelog', 'restore-validate', 'restore-preview', 'delete', 'delete-obsolete', 'change', 'crosscheck', 'catalog-start-with', 'catalog-files',
])

/** How many rows the control file keeps. */
const kept = 400

/** Lines that V$RMAN_OUTPUT keeps. */
const keptLines = 32_768

/** How bad an end is, for the session that had it. */
const weight: readonly RmanStatusRecord['status'][] = ['COMPLETED', 'COMPLETED WITH WARNINGS', 'COMPLETED WITH ERRORS', 'FAILED']

/** V$RMAN_BACKUP_JOB_DETAILS.INPUT_TYPE */
function inputType(command: Command): string | undefined {
  if (command.kind === 'recover-copy') return 'DB INCR'
  if (command.kind !== 'backup') return undefined
  const { object, incrementalLevel } = command
  const how = incrementalLevel === 1 ? 'INCR' : 'FULL'
  switch (object.kind) {
    case 'database': case 'copy-of-database': return `DB ${how}`
    case 'datafile': case 'tablespace': return `DATAFILE ${how}`
    case 'archivelog': return 'ARCHIVELOG'
    case 'current-controlfile': return 'CONTROLFILE'
    default: return 'SPFILE'
  }
}

/** Keeps rows of V$RMAN_STATUS for a session and around its commands, where there is a control file to keep them in. */
export async function recordStatus<T>(work: Work, operation: string, command: Command, execute: () => Promise<T>): Promise<T> {
  const { instance, session, state } = work
  if (!shown.has(command.kind) || instance.status === 'STARTED' || state.statusDisabled) return execute()
  if (parentIsGone(work)) {
    state.statusDisabled = true
    work.emit('RMAN-06900: WARNING: unable to generate V$RMAN_STATUS or V$RMAN_OUTPUT row')
    work.emit('RMAN-06901: WARNING: disabling update of the V$RMAN_STATUS and V$RMAN_OUTPUT rows')
    work.emit('ORACLE error from target database: ')
    work.emit('ORA-19922: there is no parent row with id 0 and level 1')
    return execute()
  }
  const startTime = instance.host.now()
  const type = inputType(command)
  await instance.updateControlFile((data) => {
    const add = (row: Pick<RmanStatusRecord, 'operation' | 'parent' | 'inputType'>): { readonly recid: number; readonly stamp: number } => {
      const record: RmanStatusRecord = { recid: instance.nextRecid('rmanStatus'), stamp: instance.stamp(startTime), sid: session.sid, commandId: work.environment.commandId, status: 'RUNNING', startTime, endTime: null, inputBytes: 0, outputBytes: 0, ...row }
      data.rmanStatus.push(record)
      return { recid: record.recid, stamp: record.stamp }
    }
    const known = data.rmanStatus.find((row) => row.recid === state.sessionStatus?.recid && row.stamp === state.sessionStatus.stamp)
    if (known === undefined) state.sessionStatus = add({ operation: 'RMAN' })
    else Object.assign(known, { status: 'RUNNING', endTime: null })
    state.commandStatus = add({ operation: operation.toUpperCase(), ...(state.sessionStatus === null ? {} : { parent: state.sessionStatus }), ...(type === undefined ? {} : { inputType: type }) })
    if (data.rmanStatus.length > kept) data.rmanStatus.splice(0, data.rmanStatus.length - kept)
  })
  const { commandStatus, sessionStatus } = state
  const finish = async (status: RmanStatusRecord['status']): Promise<void> => {
    await instance.updateControlFile((data) => {
      const find = (key: typeof commandStatus): RmanStatusRecord | undefined => data.rmanStatus.find((row) => row.recid === key?.recid && row.stamp === key.stamp)
      const endTime = instance.host.now()
      const record = find(commandStatus)
      if (record !== undefined) Object.assign(record, { status, endTime, inputBytes: work.bytes.input, outputBytes: work.bytes.output })
      const whole = find(sessionStatus)
      if (whole === undefined) return
      const worst = data.rmanStatus.filter((row) => row.parent?.recid === whole.recid && row.parent.stamp === whole.stamp).reduce((most, row) => Math.max(most, weight.indexOf(row.status)), 0)
      Object.assign(whole, { status: weight[worst] ?? status, endTime, inputBytes: whole.inputBytes + work.bytes.input, outputBytes: whole.outputBytes + work.bytes.output })
    })
    state.commandStatus = null
  }
  try {
    const result = await execute()
    await finish(work.warnings ? 'COMPLETED WITH WARNINGS' : 'COMPLETED')
    return result
  } catch (error) {
    // The cause matters more than a status row that cannot be written any more.
    await finish('FAILED').catch((second: unknown) => {
      if (!(second instanceof OraError)) throw second
    })
    throw error
  }
}

/** The row of the session was overwritten: the control file reuses the oldest ones, and is another one after a restore. */
function parentIsGone({ instance, state: { sessionStatus } }: Work): boolean {
  return sessionStatus !== null && !instance.controlFile.rmanStatus.some((row) => row.recid === sessionStatus.recid && row.stamp === sessionStatus.stamp)
}

/** Keeps a line for V$RMAN_OUTPUT. */
export function recordOutput({ instance, session, state }: Pick<Work, 'instance' | 'session' | 'state'>, text: string): void {
  const lines = instance.rmanOutput
  if (lines === undefined || state.statusDisabled) return
  lines.push({ sid: session.sid, recid: (lines.at(-1)?.recid ?? 0) + 1, stamp: instance.stamp(instance.host.now()), text, session: state.sessionStatus, command: state.commandStatus })
  if (lines.length > keptLines) lines.splice(0, lines.length - keptLines)
}
