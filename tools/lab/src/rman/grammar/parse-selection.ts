import type { ArchivelogSelection, DatafileCopies, Until } from './ast.ts'
import type { Cursor } from './cursor.ts'

/** `untilClause` of SET UNTIL, RESTORE and RECOVER: exclusive. */
export function parseUntil(cursor: Cursor): Until {
  if (cursor.take('scn')) return { kind: 'scn', scn: cursor.bigInteger() }
  if (cursor.take('time')) return { kind: 'time', expression: cursor.string() }
  if (cursor.take('sequence') || cursor.take('logseq')) {
    const sequence = cursor.integer()
    return { kind: 'sequence', sequence, thread: cursor.take('thread') ? cursor.integer() : 1 }
  }
  return cursor.fail()
}

function thread(cursor: Cursor): number | null {
  return cursor.take('thread') ? cursor.integer() : null
}

/** `archivelogRecordSpecifier`, behind the word ARCHIVELOG. */
export function parseArchivelogSelection(cursor: Cursor): ArchivelogSelection {
  if (cursor.take('all')) return { thread: null, range: { kind: 'all' } }
  if (cursor.take('like')) return { thread: null, range: { kind: 'like', pattern: cursor.string() } }
  if (cursor.take('sequence') || cursor.take('logseq')) {
    if (cursor.take('between')) {
      const from = cursor.integer()
      cursor.need('and')
      const to = cursor.integer()
      return { range: { kind: 'sequence', from, to }, thread: thread(cursor) }
    }
    const only = cursor.integer()
    return { range: { kind: 'sequence', from: only, to: only }, thread: thread(cursor) }
  }
  if (cursor.take('scn', 'between')) {
    const from = cursor.bigInteger()
    cursor.need('and')
    const until = cursor.bigInteger()
    return { range: { kind: 'scn', from, until }, thread: thread(cursor) }
  }
  if (cursor.take('time', 'between')) {
    const from = cursor.string()
    cursor.need('and')
    const until = cursor.string()
    return { range: { kind: 'time', from, until }, thread: thread(cursor) }
  }
  if (cursor.take('from')) {
    if (cursor.take('sequence') || cursor.take('logseq')) {
      const from = cursor.integer()
      return { range: { kind: 'sequence', from, to: null }, thread: thread(cursor) }
    }
    if (cursor.take('scn')) {
      const from = cursor.bigInteger()
      const until = cursor.take('until', 'scn') ? cursor.bigInteger() : null
      return { range: { kind: 'scn', from, until }, thread: thread(cursor) }
    }
    if (cursor.take('time')) {
      const from = cursor.string()
      const until = cursor.take('until', 'time') ? cursor.string() : null
      return { range: { kind: 'time', from, until }, thread: thread(cursor) }
    }
    return cursor.fail()
  }
  if (cursor.take('until')) {
    if (cursor.take('sequence') || cursor.take('logseq')) {
      const to = cursor.integer()
      return { range: { kind: 'sequence', from: 0, to }, thread: thread(cursor) }
    }
    if (cursor.take('scn')) return { range: { kind: 'scn', from: null, until: cursor.bigInteger() }, thread: thread(cursor) }
    if (cursor.take('time')) return { range: { kind: 'time', from: null, until: cursor.string() }, thread: thread(cursor) }
    return cursor.fail()
  }
  return cursor.fail()
}

/** Tags are stored in upper case. */
export function parseTag(cursor: Cursor): string {
  return cursor.name().toUpperCase()
}

/** Keys and names in a list, mixed as they like. */
export function keysOrNames(cursor: Cursor): { keys: number[]; names: string[] } {
  const keys: number[] = []
  const names: string[] = []
  do {
    const key = cursor.takeInteger()
    if (key !== undefined) keys.push(key)
    else {
      const name = cursor.takeString()
      if (name === undefined) break
      names.push(name)
    }
  } while (cursor.takePunctuation(','))
  return { keys, names }
}

/** Behind DATAFILECOPY or CONTROLFILECOPY: ALL, keys, names, or a tag. */
export function parseDatafileCopies(cursor: Cursor): Omit<DatafileCopies, 'kind'> {
  if (cursor.take('all')) return { names: [], keys: [], all: true, tag: null }
  const { keys, names } = keysOrNames(cursor)
  const tag = cursor.take('tag') ? parseTag(cursor) : null
  if (keys.length === 0 && names.length === 0 && tag === null) cursor.fail()
  return { names, keys, all: false, tag }
}
