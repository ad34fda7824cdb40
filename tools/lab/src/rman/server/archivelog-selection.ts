import type { ArchivedLogRecord, LogHistoryRecord } from '../../engine/records.ts'
import type { ArchivelogSelection } from '../grammar/ast.ts'
import { evaluateDate } from './dates.ts'
import type { Work } from './work.ts'

/** The logs that a selection is about, by thread, sequence and record. */
export function selectLogs(work: Work, selection: ArchivelogSelection, logs: readonly ArchivedLogRecord[]): ArchivedLogRecord[] {
  const matches = matcher(work, selection)
  return logs
    .filter((log) => (selection.thread === null || log.thread === selection.thread) && matches(log))
    .sort((a, b) => a.thread - b.thread || a.sequence - b.sequence || a.recid - b.recid)
}

function matcher(work: Work, { range }: ArchivelogSelection): (log: ArchivedLogRecord) => boolean {
  switch (range.kind) {
    case 'all':
      return () => true
    case 'sequence': {
      const current = work.instance.controlFile.resetlogsId
      return (log) => log.resetlogsId === current && log.sequence >= range.from && (range.to === null || log.sequence <= range.to)
    }
    case 'time': {
      const from = range.from === null ? -Infinity : evaluateDate(work, range.from)
      const until = range.until === null ? Infinity : evaluateDate(work, range.until)
      return (log) => log.nextTime > from && log.firstTime < until
    }
    case 'scn': {
      const from = range.from === null ? 0n : BigInt(range.from)
      const until = range.until === null ? null : BigInt(range.until)
      return (log) => log.nextScn > from && (until === null || log.firstScn < until)
    }
    case 'like': {
      const pattern = range.pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%', '.*').replaceAll('_', '.')
      const expression = new RegExp(`^${pattern}$`, 's')
      return (log) => log.name !== null && expression.test(log.name)
    }
  }
}

/** A log that is known without a file, in the shape that {@link selectLogs} takes. */
export function asArchived(log: LogHistoryRecord): ArchivedLogRecord {
  return { ...log, stamp: 0, name: null, destId: 0, blocks: 0, blockSize: 512, creator: 'RMAN', archived: true, applied: 'NO', deleted: false, status: 'A', completionTime: 0 }
}
