import type { Command, NewnameScope } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { parseRestoreObject } from './parse-backup.ts'
import { parseTag, parseUntil } from './parse-selection.ts'

/** RESTORE, behind the word. */
export function parseRestore(cursor: Cursor): Command {
  const command = parseRestored(cursor)
  cursor.needPunctuation(';')
  return command
}

function parseRestored(cursor: Cursor): Command {
  const object = parseRestoreObject(cursor) ?? cursor.fail()
  if (cursor.take('validate')) return { kind: 'restore-validate', object, header: cursor.take('header') }
  switch (object.kind) {
    case 'spfile': {
      const to = cursor.take('to') ? (cursor.take('pfile'), cursor.string()) : null
      cursor.need('from')
      return { kind: 'restore-spfile', from: cursor.string(), to }
    }
    case 'controlfile': {
      let to: string | null = null
      let from: string | null = null
      for (;;) {
        if (to === null && cursor.take('to')) to = cursor.string()
        else if (from === null && cursor.take('from')) from = cursor.string()
        else break
      }
      return { kind: 'restore-controlfile', from, to }
    }
    case 'archivelog':
      return { kind: 'restore-archivelog', selection: object.selection }
    default:
      if (object.kind === 'database' && cursor.take('preview')) return { kind: 'restore-preview', summary: cursor.take('summary') }
      return { kind: 'restore-datafile', object, until: cursor.take('until') ? parseUntil(cursor) : null }
  }
}

/** RECOVER, behind the word. `UNTIL AVAILABLE REDO` exists from 12.2. */
export function parseRecover(cursor: Cursor, release: number): Command {
  if (cursor.take('copy')) {
    cursor.need('of')
    const object = cursor.take('datafile') ? { kind: 'datafile' as const, files: cursor.integers() } : (cursor.need('database'), { kind: 'database' as const })
    const tag = cursor.take('with') ? (cursor.need('tag'), parseTag(cursor)) : null
    const until = cursor.take('until') ? parseUntil(cursor) : null
    cursor.needPunctuation(';')
    return { kind: 'recover-copy', object, tag, until }
  }
  cursor.need('database')
  if (cursor.take('until')) {
    if (release >= 12.2 && cursor.take('available', 'redo')) {
      cursor.needPunctuation(';')
      return { kind: 'recover-database', until: null, untilAvailableRedo: true }
    }
    const until = parseUntil(cursor)
    cursor.needPunctuation(';')
    return { kind: 'recover-database', until, untilAvailableRedo: false }
  }
  cursor.needPunctuation(';')
  return { kind: 'recover-database', until: null, untilAvailableRedo: false }
}

/** SWITCH, behind the word. */
export function parseSwitch(cursor: Cursor): Command {
  const command = parseSwitched(cursor)
  cursor.needPunctuation(';')
  return command
}

function parseSwitched(cursor: Cursor): Command {
  if (cursor.take('database')) {
    cursor.need('to', 'copy')
    return { kind: 'switch-to-copy', files: 'all' }
  }
  if (cursor.take('tempfile')) {
    cursor.need('all')
    return { kind: 'switch-tempfile-all' }
  }
  cursor.need('datafile')
  if (cursor.take('all')) return { kind: 'switch-datafile-all' }
  const files = cursor.integers()
  cursor.need('to', 'copy')
  return { kind: 'switch-to-copy', files }
}

function newnameScope(cursor: Cursor): NewnameScope {
  if (cursor.take('database')) return { kind: 'database' }
  if (cursor.take('datafile')) return { kind: 'datafile', file: cursor.integer() }
  if (cursor.take('tempfile')) return { kind: 'tempfile', file: cursor.integer() }
  return cursor.fail()
}

/** SET, behind the word. NEWNAME and UNTIL belong into RUN, ECHO to the prompt. */
export function parseSet(cursor: Cursor, inRun: boolean): Command {
  const command = parseOption(cursor, inRun)
  cursor.needPunctuation(';')
  return command
}

function parseOption(cursor: Cursor, inRun: boolean): Command {
  if (cursor.take('command')) {
    cursor.need('id', 'to')
    return { kind: 'set-command-id', id: cursor.string() }
  }
  if (cursor.take('dbid')) return { kind: 'set-dbid', dbid: cursor.integer() }
  if (!inRun && cursor.take('echo')) {
    if (cursor.take('on')) return { kind: 'set-echo', on: true }
    cursor.need('off')
    return { kind: 'set-echo', on: false }
  }
  if (inRun && cursor.take('until')) return { kind: 'set-until', until: parseUntil(cursor) }
  if (inRun && cursor.take('newname')) {
    cursor.need('for')
    const scope = newnameScope(cursor)
    cursor.need('to')
    if (cursor.take('new')) return { kind: 'set-newname', scope, to: { kind: 'new' } }
    return { kind: 'set-newname', scope, to: { kind: 'name', name: cursor.string() } }
  }
  return cursor.fail()
}
