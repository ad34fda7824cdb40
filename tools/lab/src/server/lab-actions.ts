import type { LabInstance } from '../engine/instance.ts'
import type { ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import { runWorkload } from '../engine/workload.ts'

/** What only the lab's own command line asks of an instance. */
export async function runLabAction(instance: LabInstance, session: ServerSession, action: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
  switch (action) {
    case 'status': return status(instance)
    case 'workload':
      return runWorkload(instance, { transactions: numberOf(args['transactions']), seconds: numberOf(args['seconds']), perSecond: numberOf(args['perSecond']), signal: session.abort })
    case 'standby-status': return instance.standby.answer(numberOf(args['dbid']) ?? 0)
    case 'receive-redo': {
      const { path } = args
      return instance.standby.receive({ dbid: numberOf(args['dbid']) ?? 0, path: typeof path === 'string' ? path : '', thread: numberOf(args['thread']) ?? 0, sequence: numberOf(args['sequence']) ?? 0, resetlogsId: numberOf(args['resetlogsId']) ?? 0 })
    }
    case 'take-over': {
      await instance.takeOver(true)
      return {}
    }
    case 'archive-fault': {
      const fault = args['fault']
      const match = args['match']
      return { destinations: instance.setArchiveFault(fault === 'fail' || fault === 'hang' ? fault : null, typeof match === 'string' ? match : '') }
    }
    default: throw ora(900, `the lab has no action ${action}`)
  }
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

function status(instance: LabInstance): unknown {
  const mounted = instance.status !== 'STARTED'
  return {
    sid: instance.sid, pid: process.pid, status: instance.status, openMode: instance.openMode, residentBytes: process.memoryUsage().rss,
    ...(mounted ? { dbid: instance.controlFile.dbid, name: instance.controlFile.name, currentScn: instance.currentScn, sequence: instance.controlFile.threads[0]?.sequence ?? 0 } : {}),
    archiveDestinations: instance.archiveDestinations.map(({ id, directory, status: state, error }) => ({ id, directory, status: state, error })),
  }
}
