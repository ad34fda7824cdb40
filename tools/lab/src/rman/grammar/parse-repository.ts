import type { BackupContents, Command, RepositoryObjects } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { keysOrNames, parseArchivelogSelection, parseDatafileCopies, parseTag } from './parse-selection.ts'

function optionalTag(cursor: Cursor): string | null {
  return cursor.take('tag') ? parseTag(cursor) : null
}

/** `DEVICE TYPE DISK` behind a list of objects narrows to the only device there is. */
function onDisk(cursor: Cursor): void {
  if (cursor.take('device', 'type')) cursor.need('disk')
}

/** The objects of DELETE, CHANGE, CROSSCHECK and LIST; `undefined` when the current token begins none. */
export function parseObjects(cursor: Cursor): RepositoryObjects | undefined {
  const objects = parseKind(cursor)
  if (objects !== undefined) onDisk(cursor)
  return objects
}

/** Behind OF. */
function backupContents(cursor: Cursor): BackupContents {
  if (cursor.take('archivelog')) {
    cursor.need('all')
    return 'archivelog'
  }
  return (['database', 'controlfile', 'spfile'] as const).find((what) => cursor.take(what)) ?? cursor.fail()
}

function parseKind(cursor: Cursor): RepositoryObjects | undefined {
  if (cursor.take('archivelog')) return { kind: 'archivelog', selection: parseArchivelogSelection(cursor) }
  if (cursor.take('backup')) return { kind: 'backup', of: cursor.take('of') ? backupContents(cursor) : 'all', tag: optionalTag(cursor) }
  if (cursor.take('backupset')) {
    const { keys } = keysOrNames(cursor)
    return { kind: 'backupset', keys, tag: optionalTag(cursor) }
  }
  if (cursor.take('backuppiece')) {
    const { keys, names } = keysOrNames(cursor)
    const tag = optionalTag(cursor)
    if (keys.length === 0 && names.length === 0 && tag === null) cursor.fail()
    return { kind: 'backuppiece', keys, names, tag }
  }
  if (cursor.take('copy')) {
    const of = cursor.take('of') ? backupContents(cursor) : 'all'
    return { kind: 'copy', of: of === 'spfile' ? cursor.fail() : of, tag: optionalTag(cursor) }
  }
  if (cursor.take('datafilecopy')) return { kind: 'datafilecopy', ...parseDatafileCopies(cursor) }
  if (cursor.take('controlfilecopy')) return { kind: 'controlfilecopy', ...parseDatafileCopies(cursor) }
  return undefined
}

/** The retention policy that a command names itself. */
function keepClause(cursor: Cursor): { windowDays: number | null; redundancy: number | null } {
  if (cursor.take('redundancy')) return { windowDays: null, redundancy: cursor.integer() }
  return { windowDays: windowClause(cursor), redundancy: null }
}

function windowClause(cursor: Cursor): number | null {
  if (!cursor.take('recovery')) return null
  cursor.need('window', 'of')
  const days = cursor.integer()
  cursor.need('days')
  return days
}

/** DELETE, behind the word. */
export function parseDelete(cursor: Cursor): Command {
  let noprompt = false
  let force = false
  for (;;) {
    if (!noprompt && cursor.take('noprompt')) noprompt = true
    else if (!force && cursor.take('force')) force = true
    else break
  }
  if (cursor.take('obsolete')) {
    const policy = keepClause(cursor)
    onDisk(cursor)
    cursor.needPunctuation(';')
    return { kind: 'delete-obsolete', noprompt, ...policy }
  }
  const expired = cursor.take('expired')
  const objects = parseObjects(cursor) ?? cursor.fail()
  cursor.needPunctuation(';')
  return { kind: 'delete', noprompt, force, expired, objects }
}

/** CHANGE, behind the word. */
export function parseChange(cursor: Cursor): Command {
  const objects = parseObjects(cursor) ?? cursor.fail()
  for (const action of ['uncatalog', 'available', 'unavailable'] as const) {
    if (cursor.take(action)) {
      cursor.needPunctuation(';')
      return { kind: 'change', objects, action }
    }
  }
  return cursor.fail()
}

/** CROSSCHECK, behind the word. */
export function parseCrosscheck(cursor: Cursor): Command {
  const objects = parseObjects(cursor) ?? cursor.fail()
  cursor.needPunctuation(';')
  return { kind: 'crosscheck', objects }
}

/** LIST, behind the word. */
export function parseList(cursor: Cursor): Command {
  if (cursor.take('incarnation')) {
    if (cursor.take('of')) cursor.need('database')
    cursor.needPunctuation(';')
    return { kind: 'list', objects: { kind: 'incarnation' }, summary: false, expired: false }
  }
  const expired = cursor.take('expired')
  const objects = parseObjects(cursor) ?? cursor.fail()
  const summary = cursor.take('summary')
  cursor.needPunctuation(';')
  return { kind: 'list', objects, summary, expired }
}

/** CATALOG, behind the word. */
export function parseCatalog(cursor: Cursor): Command {
  if (cursor.take('start', 'with')) {
    const prefix = cursor.string()
    const noprompt = cursor.take('noprompt')
    cursor.needPunctuation(';')
    return { kind: 'catalog-start-with', prefix, noprompt }
  }
  for (const what of ['datafilecopy', 'archivelog', 'backuppiece', 'controlfilecopy'] as const) {
    if (cursor.take(what)) {
      const names = cursor.strings()
      cursor.needPunctuation(';')
      return { kind: 'catalog-files', what, names }
    }
  }
  return cursor.fail()
}

/** REPORT, behind the word. */
export function parseReport(cursor: Cursor): Command {
  const command = parseReported(cursor)
  cursor.needPunctuation(';')
  return command
}

function parseReported(cursor: Cursor): Command {
  if (cursor.take('need', 'backup')) return { kind: 'report-need-backup', windowDays: windowClause(cursor) }
  if (cursor.take('unrecoverable')) return { kind: 'report-unrecoverable' }
  if (cursor.take('schema')) return { kind: 'report-schema' }
  if (cursor.take('obsolete')) return { kind: 'report-obsolete', ...keepClause(cursor) }
  return cursor.fail()
}
