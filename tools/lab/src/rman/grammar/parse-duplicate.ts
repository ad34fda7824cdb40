import type { Command, DuplicateLogs, Until } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { parseUntil } from './parse-selection.ts'

/** What a log without SIZE has, in bytes. */
const LOG_SIZE = String(100 * 1024 ** 2)

/** DUPLICATE, behind the word: TARGET DATABASE TO name, out of backups, and the clauses behind it in any order. */
export function parseDuplicate(cursor: Cursor): Command {
  cursor.take('target')
  cursor.need('database', 'to')
  const name = cursor.name()
  let until: Until | null = null
  let noFilenameCheck = false
  let convert: (readonly [string, string])[] = []
  let logGroups: DuplicateLogs[] | null = null
  for (;;) {
    if (until === null && cursor.take('until')) until = parseUntil(cursor)
    else if (!noFilenameCheck && cursor.take('nofilenamecheck')) noFilenameCheck = true
    else if (convert.length === 0 && cursor.take('db_file_name_convert')) convert = parseConvert(cursor)
    else if (logGroups === null && cursor.take('logfile')) logGroups = parseLogs(cursor)
    else break
  }
  cursor.needPunctuation(';')
  return { kind: 'duplicate', name, until, noFilenameCheck, convert, logGroups }
}

/** ['from', 'to' [, …]], in parentheses or not. */
function parseConvert(cursor: Cursor): (readonly [string, string])[] {
  cursor.takePunctuation('=')
  const enclosed = cursor.takePunctuation('(')
  const pairs: (readonly [string, string])[] = []
  do {
    const from = cursor.string()
    cursor.needPunctuation(',')
    pairs.push([from, cursor.string()])
  } while (cursor.takePunctuation(','))
  if (enclosed) cursor.needPunctuation(')')
  return pairs
}

/** [GROUP n] 'file' | ('file', …) SIZE n [REUSE], … */
function parseLogs(cursor: Cursor): DuplicateLogs[] {
  const groups: DuplicateLogs[] = []
  do {
    const group = cursor.take('group') ? cursor.integer() : groups.length + 1
    let members: string[]
    if (cursor.takePunctuation('(')) {
      members = cursor.strings()
      cursor.needPunctuation(')')
    } else members = [cursor.string()]
    const bytes = cursor.take('size') ? cursor.size() : LOG_SIZE
    cursor.take('reuse')
    groups.push({ group, members, bytes })
  } while (cursor.takePunctuation(','))
  return groups
}
