import type { RmanEvent } from './rman-event.ts'
import type { ParserState } from './parser-state.ts'

/** A kind of line: what it looks like, and the event it makes. No event: the line belongs to an event that comes before or after. */
export interface Rule {
  readonly pattern: RegExp
  readonly apply: (match: RegExpExecArray, state: ParserState) => RmanEvent | undefined
}

const rule = (pattern: RegExp, apply: Rule['apply']): Rule => ({ pattern, apply })

/** RMAN's own numbers are small; what does not fit becomes the largest exact integer instead of a wrong one. */
const int = (text: string | undefined): number => Math.min(Number(text ?? '0'), Number.MAX_SAFE_INTEGER)

const seconds = (hours?: string, minutes?: string, rest?: string): number => int(hours) * 3600 + int(minutes) * 60 + int(rest)

const report = (text: string): RmanEvent => ({ type: 'report', text })

const statement = (text: string): RmanEvent => ({ type: 'statement-processed', text })

type PieceAction = Extract<RmanEvent, { type: 'piece' }>['action']

/** The action announced on the line before, consumed. */
function announced(state: ParserState): string {
  const { pending } = state
  if (pending?.kind !== 'action') return 'listed'
  state.pending = undefined
  return pending.action
}

function pieceAction(action: string): PieceAction {
  return action === 'deleted' || action === 'changed' ? action : 'listed'
}

const channelRules: readonly Rule[] = [
  rule(/^(allocated|released) channel: (\S+)$/i, (m) => ({ type: 'channel', channel: m[2] ?? '', action: m[1]?.toLowerCase() === 'released' ? 'released' : 'allocated', text: m[0] })),
  rule(/^using channel (\S+)$/i, (m) => ({ type: 'channel', channel: m[1] ?? '', action: 'using', text: m[0] })),
  rule(/^channel (\S+): SID=(\d+)\b.*$/i, (m) => ({ type: 'channel', channel: m[1] ?? '', action: 'session', sid: int(m[2]), text: m[0] })),
  rule(/^channel \S+: reading from backup piece (.+)$/i, (m) => ({ type: 'piece', handle: m[1] ?? '', action: 'read' })),
  rule(/^channel \S+: piece handle=(.+?)(?: tag=(\S+))?$/i, (m) => ({ type: 'piece', handle: m[1] ?? '', ...(m[2] === undefined ? {} : { tag: m[2] }), action: 'restored' })),
  rule(/^channel \S+: (.+?), elapsed time: (\d+):(\d\d):(\d\d)$/i, (m, state) => {
    if (/^archived log copy complete/i.test(m[1] ?? '')) state.inputLog = undefined
    return { type: 'elapsed', what: m[1] ?? '', seconds: seconds(m[2], m[3], m[4]) }
  }),
  rule(/^channel (\S+): starting .+$/i, (m) => ({ type: 'channel', channel: m[1] ?? '', action: 'starting', text: m[0] })),
  rule(/^channel (\S+): .+$/i, (m) => ({ type: 'channel', channel: m[1] ?? '', action: 'info', text: m[0] })),
]

const backupRules: readonly Rule[] = [
  rule(/^input datafile file number=(\d+) name=(.+)$/i, (m) => ({ type: 'input-file', file: int(m[1]), name: m[2] ?? '' })),
  rule(/^input archived log thread=(\d+) sequence=(\d+)\b.*$/i, (m, state) => {
    state.inputLog = { thread: int(m[1]), sequence: int(m[2]) }
    return report(m[0])
  }),
  rule(/^output file name=(.+?) tag=(\S+) RECID=(\d+) STAMP=(\d+)$/i, (m) => ({ type: 'copy-created', name: m[1] ?? '', tag: m[2] ?? '', recid: int(m[3]), stamp: int(m[4]) })),
  rule(/^output file name=(.+?) RECID=\d+ STAMP=\d+$/i, (m, state) => ({ type: 'archived-log', name: m[1] ?? '', ...state.inputLog, action: 'copied' })),
  rule(/^output file name=(.+)$/i, (m) => ({ type: 'restored-file', name: m[1] ?? '' })),
  rule(/^piece handle=(.+?)(?: tag=(\S+))? comment=.*$/i, (m) => ({ type: 'piece', handle: m[1] ?? '', ...(m[2] === undefined ? {} : { tag: m[2] }), action: 'written' })),
  rule(/^recovering datafile copy file number=(\d+) name=(.+)$/i, (m) => ({ type: 'merging', file: int(m[1]), name: m[2] ?? '' })),
  rule(/^no parent backup or copy of datafile (\d+) found$/i, (m) => ({ type: 'level0', file: int(m[1]), text: m[0] })),
  rule(/^no copy of datafile (\d+) found to recover$/i, (m) => ({ type: 'nothing-to-recover', file: int(m[1]) })),
  rule(/^skipping (?:datafile|file) (\d+)\b[;:,]?\s*(.*)$/i, (m) => ({ type: 'skipped', file: int(m[1]), reason: m[2] ?? '' })),
  rule(/^(?:including current (?:SPFILE|control file) in backup set|input is copy of datafile .*|input datafile copy .*)$/i, (m) => report(m[0])),
]

const repositoryRules: readonly Rule[] = [
  rule(/^(deleted|uncataloged|changed|cataloged|crosschecked|validation (?:succeeded|failed) for) (?:backup piece|archived log|datafile copy|control file copy|proxy copy)\b.*$/i, (m, state) => {
    state.pending = { kind: 'action', action: (m[1] ?? '').toLowerCase(), text: m[0] }
    return undefined
  }),
  rule(/^backup piece handle=(.+?) RECID=\d+ STAMP=\d+$/i, (m, state) => ({ type: 'piece', handle: m[1] ?? '', action: pieceAction(announced(state)) })),
  rule(/^(?:datafile|control file) copy file name=(.+?) RECID=\d+ STAMP=\d+$/i, (m, state) => {
    const action = announced(state)
    return { type: 'copy-file', name: m[1] ?? '', action: action === 'uncataloged' || action === 'deleted' ? action : 'listed' }
  }),
  rule(/^archived log file name=(.+?) RECID=\d+ STAMP=\d+$/i, (m, state) => {
    const action = announced(state)
    return { type: 'archived-log', name: m[1] ?? '', action: action === 'uncataloged' || action === 'deleted' ? action : 'listed' }
  }),
  rule(/^(Deleted|Uncataloged|Changed|Cataloged|Crosschecked) (\d+)(?: \w+)? objects?\b.*$/i, (m) => ({ type: 'count', action: (m[1] ?? '').toLowerCase(), count: int(m[2]) })),
  rule(/^specification does not match any (.+?)(?: in the (?:repository|recovery catalog))?$/i, (m) => ({ type: 'no-match', what: m[1] ?? '' })),
  rule(/^no (obsolete backups|files cataloged|files found to be unknown to the database|backups?)\b.*$/i, (m) => ({ type: 'no-match', what: m[1] ?? '' })),
  rule(/^(?:RMAN retention policy (?:is set to|will be applied to) .*|searching for all files .*|cataloging files\.\.\.|cataloging done|using target database control file instead of recovery catalog)$/i, (m) => report(m[0])),
]

const recoveryRules: readonly Rule[] = [
  rule(/^starting media recovery$/i, (m, state) => {
    state.inRecovery = true
    return { type: 'phase', operation: 'media recovery', edge: 'start', at: '' }
  }),
  rule(/^media recovery complete(?:, elapsed time: (\d+):(\d\d):(\d\d))?$/i, (m, state) => {
    state.inRecovery = false
    return { type: 'recovery-complete', ...(m[1] === undefined ? {} : { seconds: seconds(m[1], m[2], m[3]) }) }
  }),
  rule(/^archived log for thread (\d+) with sequence (\d+) is already on disk as file (.+)$/i, (m) => ({ type: 'archived-log', name: m[3] ?? '', thread: int(m[1]), sequence: int(m[2]), action: 'on-disk' })),
  // The same line follows the warnings about logs that were not deleted; only within recovery does it mean applied.
  rule(/^archived log file name=(.+?) thread=(\d+) sequence=(\d+)$/i, (m, state) => ({
    type: 'archived-log',
    name: m[1] ?? '',
    thread: int(m[2]),
    sequence: int(m[3]),
    action: state.inRecovery ? 'applied' : 'listed',
  })),
  rule(/^datafile (\d+) switched to datafile copy(?: "(.+)")?$/i, (m) => ({ type: 'switched', file: int(m[1]), name: m[2] ?? '' })),
  rule(/^creating datafile file number=(\d+) name=(.+)$/i, (m) => ({ type: 'creating-file', file: int(m[1]), name: m[2] ?? '' })),
  rule(/^(?:destination for restore of datafile \d+: .+|unable to find archived log|archived log thread=\d+ sequence=\d+|renamed tempfile \d+ to .+|starting .* instance .*|failover to previous backup)$/i, (m) => report(m[0])),
]

const sessionRules: readonly Rule[] = [
  rule(/^Recovery Manager: Release (\S+)\b.*$/i, (m) => ({ type: 'banner', release: m[1] ?? '' })),
  rule(/^Version (\d+(?:\.\d+)+)$/i, (m) => ({ type: 'banner', release: m[1] ?? '' })),
  rule(/^Copyright \(c\) .*$/i, () => undefined),
  rule(/^Recovery Manager complete\.$/i, () => ({ type: 'complete' })),
  rule(/^echo set (?:on|off)$/i, (m) => ({ type: 'echo', text: m[0] })),
  rule(/^connected to target database: (\S+) \(DBID=(\d+)(, not open)?\)$/i, (m) => ({
    type: 'connected',
    role: 'target',
    name: m[1] ?? '',
    dbid: m[2] ?? '',
    state: m[3] === undefined ? 'open' : 'mounted',
  })),
  rule(/^connected to target database(?:: (\S+))? \(not (?:mounted|started)\)$/i, (m) => ({ type: 'connected', role: 'target', ...(m[1] === undefined ? {} : { name: m[1] }), state: 'not-mounted' })),
  rule(/^connected to recovery catalog database\b.*$/i, () => ({ type: 'connected', role: 'catalog', state: 'open' })),
  rule(/^(Starting|Finished) (.+) at (\S.*)$/i, (m, state) => {
    const operation = m[2] ?? ''
    const edge = m[1]?.toLowerCase() === 'starting' ? 'start' : 'finish'
    state.list = 'none'
    if (edge === 'finish') state.inRecovery = false
    return { type: 'phase', operation, edge, at: m[3] ?? '' }
  }),
  rule(
    /^(?:Statement processed|executing command: .+|sql statement: .+|(?:new|old) RMAN configuration parameters are successfully .+|RMAN configuration parameters are successfully .+|database (?:mounted|opened|closed|dismounted|registered.*)|Oracle instance (?:started|shut down)|(?:starting )?full resync.*|connected to auxiliary database.*|database name is .*|snapshot control file name set to: .*|(?:starting|completed) (?:partial )?resync.*)$/i,
    (m) => statement(m[0]),
  ),
  rule(/^(?:Total System Global Area|Fixed Size|Variable Size|Database Buffers|Redo Buffers)\s+\d+ bytes$/i, (m) => report(m[0])),
  rule(/^(old|new) RMAN configuration parameters:$/i, (m, state) => {
    state.configuration = m[1]?.toLowerCase() === 'old' ? 'old' : 'new'
    return undefined
  }),
  rule(/^RMAN configuration parameters for database .*are:$/i, (_, state) => {
    state.configuration = 'current'
    return undefined
  }),
  rule(/^(CONFIGURE .+?;)\s*(# default)?$/i, (m, state) => ({ type: 'configuration', text: m[1] ?? '', state: state.configuration, isDefault: m[2] !== undefined })),
]

/** In this order: the first that matches decides. */
export const rules: readonly Rule[] = [...sessionRules, ...channelRules, ...backupRules, ...repositoryRules, ...recoveryRules]
