import type { ControlFileSpec } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Cursor } from './cursor.ts'
import { parseSize, unimplemented, type Statement } from './statement.ts'

const fileName = () => ora(2236, 'invalid file name')
const invalid = () => ora(1967, 'invalid option for CREATE CONTROLFILE')
const limits = ['MAXLOGFILES', 'MAXLOGMEMBERS', 'MAXLOGHISTORY', 'MAXDATAFILES', 'MAXINSTANCES'] as const
/** Of a log that no SIZE says, in bytes. */
const LOG_SIZE = 100 * 1024 ** 2

/**
 * CREATE CONTROLFILE [REUSE] [SET] DATABASE name RESETLOGS [ARCHIVELOG | NOARCHIVELOG] [FORCE LOGGING] [MAX… n] LOGFILE … DATAFILE … [CHARACTER
 * SET name], the clauses behind the name in any order. NORESETLOGS, which keeps the online logs, is not there.
 */
export async function createControlFile({ cursor, instance }: Statement): Promise<SqlResult> {
  const reuse = cursor.acceptWords('REUSE')
  const rename = cursor.acceptWords('SET')
  cursor.expectWord('DATABASE', invalid)
  const name = cursor.identifier(() => ora(1506, 'missing or illegal database name'))
  let [archivelog, forceLogging, resetlogs] = [false, false, false]
  let logGroups: ControlFileSpec['logGroups'] = []
  let datafiles: readonly string[] = []
  for (;;) {
    if (cursor.acceptWords('RESETLOGS')) resetlogs = true
    else if (cursor.isWord('NORESETLOGS', 'STANDBY')) throw unimplemented().at(cursor.at)
    else if (cursor.acceptWords('ARCHIVELOG')) archivelog = true
    else if (cursor.acceptWords('NOARCHIVELOG')) archivelog = false
    else if (cursor.acceptWords('FORCE', 'LOGGING')) forceLogging = true
    else if (cursor.isWord(...limits)) {
      cursor.next()
      cursor.integer(() => ora(2017, 'integer value required'))
    } else if (cursor.acceptWords('LOGFILE')) logGroups = parseLogs(cursor)
    else if (cursor.acceptWords('DATAFILE')) datafiles = parseNames(cursor)
    else if (cursor.acceptWords('CHARACTER', 'SET')) cursor.identifier(invalid)
    else break
  }
  cursor.expectEnd(invalid)
  if (!resetlogs) throw ora(1974, 'Illegal archive option')
  if (logGroups.length < 2) throw ora(1503, 'CREATE CONTROLFILE failed', [1518, 'CREATE DATABASE must specify more than one log file'])
  await instance.createControlFile({ name, rename, reuse, archivelog, forceLogging, logGroups, datafiles })
  return { message: 'Control file created.' }
}

function parseNames(cursor: Cursor): string[] {
  const names: string[] = []
  do names.push(cursor.string(fileName))
  while (cursor.acceptOperator(','))
  return names
}

/** [GROUP n] ['file' | ('file', …)] [SIZE n] [BLOCKSIZE 512] [REUSE], … */
function parseLogs(cursor: Cursor): ControlFileSpec['logGroups'] {
  const groups: { group: number; members: readonly string[]; bytes: number }[] = []
  do {
    const group = cursor.acceptWords('GROUP') ? cursor.integer(() => ora(2177, 'Missing required group number')) : groups.length + 1
    let members: readonly string[] = []
    if (cursor.acceptOperator('(')) {
      members = parseNames(cursor)
      cursor.expectOperator(')', () => ora(907, 'missing right parenthesis'))
    } else if (cursor.token.kind === 'string') members = [cursor.next().value]
    const bytes = cursor.acceptWords('SIZE') ? parseSize(cursor) : LOG_SIZE
    if (cursor.acceptWords('BLOCKSIZE')) parseSize(cursor)
    cursor.acceptWords('REUSE')
    groups.push({ group, members, bytes })
  } while (cursor.acceptOperator(','))
  return groups
}
