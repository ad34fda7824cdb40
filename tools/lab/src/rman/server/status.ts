import { OraError } from '../../engine/ora-error.ts'
import type { RmanStatusRecord } from '../../engine/records.ts'
import type { Work } from './work.ts'

/** Commands that V$RMAN_STATUS shows. */
const shown: ReadonlySet<string> = new Set([
  'backup', 'validate', 'recover-copy', 'recover-database', 'restore-datafile', 'restore-validate', 'restore-preview', 'delete', 'delete-obsolete', 'change', 'crosscheck', 'catalog-start-with', 'catalog-files',
])

/** How many rows the control file keeps. */
const kept = 400

/** Keeps a row of V$RMAN_STATUS around a command, where there is a control file to keep it in. */
export async function recordStatus<T>(work: Work, operation: string, kind: string, execute: () => Promise<T>): Promise<T> {
  const { instance, session } = work
  if (!shown.has(kind) || instance.status === 'STARTED') return execute()
  const startTime = instance.host.now()
  const { recid, stamp } = await instance.updateControlFile((data) => {
    const record: RmanStatusRecord = {
      recid: instance.nextRecid('rmanStatus'), stamp: instance.stamp(startTime), sid: session.sid, operation: operation.toUpperCase(), commandId: work.environment.commandId, status: 'RUNNING', startTime, endTime: null, inputBytes: 0, outputBytes: 0,
    }
    data.rmanStatus.push(record)
    if (data.rmanStatus.length > kept) data.rmanStatus.splice(0, data.rmanStatus.length - kept)
    return record
  })
  const finish = async (status: RmanStatusRecord['status']): Promise<void> => {
    await instance.updateControlFile((data) => {
      const record = data.rmanStatus.find((row) => row.recid === recid && row.stamp === stamp)
      if (record === undefined) return
      Object.assign(record, { status, endTime: instance.host.now(), inputBytes: work.bytes.input, outputBytes: work.bytes.output })
    })
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
