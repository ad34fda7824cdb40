import type { BackupCommand, BackupObject, RestoreObject, ValidateObject } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { parseArchivelogSelection, parseDatafileCopies, parseTag } from './parse-selection.ts'
import { unexpected } from './syntax-error.ts'

type Draft = { -readonly [K in keyof BackupCommand]: BackupCommand[K] | undefined }

function tablespaces(cursor: Cursor): string[] {
  const names = [cursor.name().toUpperCase()]
  while (cursor.takePunctuation(',')) names.push(cursor.name().toUpperCase())
  return names
}

function parseObject(cursor: Cursor): BackupObject | undefined {
  if (cursor.take('database')) return { kind: 'database' }
  if (cursor.take('datafile')) return { kind: 'datafile', files: cursor.integers() }
  if (cursor.take('tablespace')) return { kind: 'tablespace', names: tablespaces(cursor) }
  if (cursor.take('archivelog')) return { kind: 'archivelog', selection: parseArchivelogSelection(cursor) }
  if (cursor.take('current')) {
    cursor.need('controlfile')
    return { kind: 'current-controlfile' }
  }
  if (cursor.take('spfile')) return { kind: 'spfile' }
  if (cursor.take('copy')) {
    cursor.need('of', 'database')
    return { kind: 'copy-of-database', fromTag: cursor.take('from') ? (cursor.need('tag'), parseTag(cursor)) : null }
  }
  return undefined
}

/** One operand that is allowed once; `false` when the current token is none. */
function parseOperand(cursor: Cursor, draft: Draft): boolean {
  if (draft.validate === undefined && draft.object === undefined && cursor.take('validate')) draft.validate = true
  else if (draft.checkLogical === undefined && cursor.take('check', 'logical')) draft.checkLogical = true
  else if (draft.force === undefined && cursor.take('force')) draft.force = true
  else if (draft.reuse === undefined && cursor.take('reuse')) draft.reuse = true
  else if (draft.as === undefined && draft.object === undefined && cursor.take('as')) {
    if (cursor.take('copy')) draft.as = 'copy'
    else {
      cursor.take('compressed')
      cursor.need('backupset')
      draft.as = 'backupset'
    }
  } else if (draft.sectionSize === undefined && cursor.take('section', 'size')) draft.sectionSize = cursor.size()
  else if (draft.incrementalLevel === undefined && draft.object === undefined && cursor.take('incremental', 'level')) {
    const start = cursor.token
    const level = cursor.integer()
    if (level > 1) throw unexpected('integer', ['0', '1'], null, cursor.lexer.position(start.start), start.end)
    draft.incrementalLevel = level === 0 ? 0 : 1
    if (cursor.take('cumulative')) draft.cumulative = true
  } else if (draft.forRecoverOfCopy === undefined && draft.incrementalLevel === 1 && cursor.take('for')) {
    cursor.need('recover', 'of', 'copy')
    draft.forRecoverOfCopy = { tag: cursor.take('with') ? (cursor.need('tag'), parseTag(cursor)) : null }
  } else if (draft.format === undefined && cursor.take('format')) draft.format = cursor.string()
  else if (draft.tag === undefined && cursor.take('tag')) draft.tag = parseTag(cursor)
  else if (draft.channel === undefined && cursor.take('channel')) draft.channel = cursor.name()
  else if (draft.filesPerSet === undefined && cursor.take('filesperset')) draft.filesPerSet = cursor.integer()
  else if (draft.includeControlfile === undefined && cursor.take('include', 'current', 'controlfile')) draft.includeControlfile = true
  else if (cursor.take('skip')) draft.skip = [...(draft.skip ?? []), (['offline', 'readonly', 'inaccessible'] as const).find((what) => cursor.take(what)) ?? cursor.fail()]
  else return parseLogOperand(cursor, draft)
  return true
}

/** What is said of archived logs: behind them, or behind PLUS ARCHIVELOG. */
function parseLogOperand(cursor: Cursor, draft: Draft): boolean {
  const { object } = draft
  const ofLogs = object?.kind === 'archivelog' || draft.plusArchivelog === true
  if (draft.notBackedUp === undefined && ofLogs && cursor.take('not', 'backed', 'up')) {
    draft.notBackedUp = cursor.takeInteger() ?? 1
    cursor.take('times')
  } else if (draft.deleteInput === undefined && ofLogs && cursor.take('delete')) {
    draft.deleteInput = cursor.take('all') ? 'all' : 'read'
    cursor.need('input')
  } else if (draft.plusArchivelog === undefined && object !== undefined && object.kind !== 'archivelog' && cursor.take('plus', 'archivelog')) draft.plusArchivelog = true
  else return false
  return true
}

/** BACKUP, behind the word: operands and one object in any order that Oracle allows, then the semicolon. */
export function parseBackup(cursor: Cursor): BackupCommand {
  const draft: Draft = {
    kind: 'backup', object: undefined, validate: undefined, checkLogical: undefined, as: undefined, force: undefined, reuse: undefined,
    incrementalLevel: undefined, cumulative: undefined, forRecoverOfCopy: undefined, sectionSize: undefined, format: undefined, tag: undefined,
    channel: undefined, filesPerSet: undefined, notBackedUp: undefined, deleteInput: undefined, includeControlfile: undefined, skip: undefined, plusArchivelog: undefined,
  }
  for (;;) {
    if (parseOperand(cursor, draft)) continue
    if (draft.object === undefined) {
      const object = parseObject(cursor)
      if (object !== undefined) {
        draft.object = object
        continue
      }
      cursor.fail()
    }
    cursor.needPunctuation(';')
    return {
      kind: 'backup',
      object: draft.object,
      validate: draft.validate ?? false,
      checkLogical: draft.checkLogical ?? false,
      as: draft.as ?? null,
      force: draft.force ?? false,
      reuse: draft.reuse ?? false,
      incrementalLevel: draft.incrementalLevel ?? null,
      cumulative: draft.cumulative ?? false,
      forRecoverOfCopy: draft.forRecoverOfCopy ?? null,
      sectionSize: draft.sectionSize ?? null,
      format: draft.format ?? null,
      tag: draft.tag ?? null,
      channel: draft.channel ?? null,
      filesPerSet: draft.filesPerSet ?? null,
      notBackedUp: draft.notBackedUp ?? null,
      deleteInput: draft.deleteInput ?? null,
      includeControlfile: draft.includeControlfile ?? false,
      skip: draft.skip ?? [],
      plusArchivelog: draft.plusArchivelog ?? false,
    }
  }
}

/** Objects of RESTORE; `undefined` when the current token begins none. */
export function parseRestoreObject(cursor: Cursor): RestoreObject | undefined {
  if (cursor.take('database')) return { kind: 'database' }
  if (cursor.take('datafile')) return { kind: 'datafile', files: cursor.integers() }
  if (cursor.take('tablespace')) return { kind: 'tablespace', names: tablespaces(cursor) }
  if (cursor.take('controlfile')) return { kind: 'controlfile' }
  if (cursor.take('spfile')) return { kind: 'spfile' }
  if (cursor.take('archivelog')) return { kind: 'archivelog', selection: parseArchivelogSelection(cursor) }
  return undefined
}

/** Objects of VALIDATE; `undefined` when the current token begins none. */
export function parseValidateObject(cursor: Cursor): ValidateObject | undefined {
  if (cursor.take('current', 'controlfile')) return { kind: 'controlfile' }
  if (cursor.take('copy')) {
    cursor.need('of', 'database')
    return { kind: 'copy-of-database', tag: cursor.take('tag') ? parseTag(cursor) : null }
  }
  if (cursor.take('backupset')) {
    const keys = cursor.takeInteger()
    const more: number[] = []
    while (keys !== undefined && cursor.takePunctuation(',')) more.push(cursor.integer())
    const tag = cursor.take('tag') ? parseTag(cursor) : null
    if (keys === undefined && tag === null) cursor.fail()
    return { kind: 'backupset', keys: keys === undefined ? [] : [keys, ...more], tag }
  }
  if (cursor.take('datafilecopy')) return { kind: 'datafilecopy', ...parseDatafileCopies(cursor) }
  return parseRestoreObject(cursor)
}
