import type { BackupCommand, BackupObject, ValidateObject } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { parseArchivelogSelection, parseTag } from './parse-selection.ts'
import { unexpected } from './syntax-error.ts'

type Draft = { -readonly [K in keyof BackupCommand]: BackupCommand[K] | undefined }

function parseObject(cursor: Cursor): BackupObject | undefined {
  if (cursor.take('database')) return { kind: 'database' }
  if (cursor.take('datafile')) return { kind: 'datafile', files: cursor.integers() }
  if (cursor.take('tablespace')) {
    const names = [cursor.name().toUpperCase()]
    while (cursor.takePunctuation(',')) names.push(cursor.name().toUpperCase())
    return { kind: 'tablespace', names }
  }
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
  else return false
  return true
}

/** BACKUP, behind the word: operands and one object in any order that Oracle allows, then the semicolon. */
export function parseBackup(cursor: Cursor): BackupCommand {
  const draft: Draft = {
    kind: 'backup', object: undefined, validate: undefined, checkLogical: undefined, as: undefined, force: undefined, reuse: undefined,
    incrementalLevel: undefined, cumulative: undefined, forRecoverOfCopy: undefined, sectionSize: undefined, format: undefined, tag: undefined,
    channel: undefined, filesPerSet: undefined,
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
    }
  }
}

/** Objects of VALIDATE and RESTORE … VALIDATE; `undefined` when the current token begins none. */
export function parseValidateObject(cursor: Cursor): ValidateObject | undefined {
  if (cursor.take('database')) return { kind: 'database' }
  if (cursor.take('datafile')) return { kind: 'datafile', files: cursor.integers() }
  if (cursor.take('controlfile')) return { kind: 'controlfile' }
  if (cursor.take('archivelog')) return { kind: 'archivelog', selection: parseArchivelogSelection(cursor) }
  return undefined
}
