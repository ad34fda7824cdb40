import type { Command } from './ast.ts'
import { Cursor } from './cursor.ts'
import { Lexer } from './lexer.ts'
import { parseBackup, parseValidateObject } from './parse-backup.ts'
import { parseConfigure, parseDevice, parseShow } from './parse-configure.ts'
import { parseDuplicate } from './parse-duplicate.ts'
import { parseRecover, parseRestore, parseSet, parseSwitch } from './parse-recovery.ts'
import { parseCatalog, parseChange, parseCrosscheck, parseDelete, parseList, parseReport } from './parse-repository.ts'
import { IncompleteCommand, RmanSyntaxError, unexpected } from './syntax-error.ts'

export interface ParserOptions {
  /** Release of the RMAN program, `12.1.0.2.0`. Before 12.1 SQL needs the command SQL "…". */
  readonly release: string
}

export type ParseResult =
  /** `end` is the offset behind the command in the text. */
  | { readonly kind: 'command'; readonly command: Command; readonly end: number }
  /** Nothing but blanks and comments. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'incomplete'; readonly expected: readonly string[] }
  | { readonly kind: 'error'; readonly error: RmanSyntaxError }

/** SQL statements that 12.1 and later take without SQL "…"; DELETE stays RMAN's own. */
const sqlVerbs = ['alter', 'create', 'drop', 'grant', 'insert', 'revoke', 'select', 'truncate', 'update', 'commit', 'rollback'] as const

type Place = 'prompt' | 'run'

/** Parses the first command of `text`. */
export function parseCommand(text: string, options: ParserOptions): ParseResult {
  try {
    const cursor = new Cursor(new Lexer(text))
    const release = Number(/^\d+\.\d+/.exec(options.release)?.[0] ?? '12.1')
    if (cursor.token.type === 'end') return { kind: 'empty' }
    const command = parse(cursor, 'prompt', release)
    return { kind: 'command', command, end: cursor.lexer.offset }
  } catch (error) {
    if (error instanceof IncompleteCommand) return { kind: 'incomplete', expected: error.expected }
    if (error instanceof RmanSyntaxError) return { kind: 'error', error }
    throw error
  }
}

/** RMAN-01009 for a text that ends inside a command. */
export function unexpectedEnd(text: string, expected: readonly string[]): RmanSyntaxError {
  return unexpected('end-of-file', expected, null, new Lexer(text).position(text.length), text.length)
}

function parse(cursor: Cursor, place: Place, release: number): Command {
  return (place === 'prompt' ? parseAtPrompt(cursor, release) : parseInRun(cursor)) ?? parseAnywhere(cursor, place, release) ?? parseSql(cursor, release) ?? cursor.fail()
}

function parseAtPrompt(cursor: Cursor, release: number): Command | undefined {
  if (cursor.take('exit') || cursor.take('quit')) return endOfLine(cursor, { kind: 'exit' })
  if (cursor.take('connect')) {
    const to = cursor.take('catalog') ? 'catalog' : cursor.take('auxiliary') ? 'auxiliary' : (cursor.need('target'), 'target' as const)
    return endOfLine(cursor, { kind: 'connect', to, connectString: cursor.lexer.takeConnectString() })
  }
  if (cursor.take('run')) {
    cursor.needPunctuation('{')
    const jobs: Command[] = []
    while (!cursor.takePunctuation('}')) jobs.push(parse(cursor, 'run', release))
    return endOfLine(cursor, { kind: 'run', jobs })
  }
  if (cursor.take('reset')) {
    cursor.need('database', 'to', 'incarnation')
    const incarnation = cursor.integer()
    cursor.needPunctuation(';')
    return { kind: 'reset-database', incarnation }
  }
  if (cursor.take('configure')) return parseConfigure(cursor)
  if (cursor.take('startup')) return parseStartup(cursor)
  if (cursor.take('shutdown')) return parseShutdown(cursor)
  if (cursor.take('register')) return needsCatalog(cursor, 'register')
  if (cursor.take('unregister')) return needsCatalog(cursor, 'unregister')
  return undefined
}

/** Commands that need no semicolon take one that stands on their line. */
function endOfLine(cursor: Cursor, command: Command): Command {
  const { lexer } = cursor
  if (/^[ \t]*;/.test(lexer.text.slice(lexer.offset))) cursor.needPunctuation(';')
  return command
}

function parseInRun(cursor: Cursor): Command | undefined {
  if (cursor.take('allocate')) {
    const auxiliary = cursor.take('auxiliary')
    cursor.need('channel')
    const name = cursor.name()
    let deviceType: 'DISK' | 'SBT' | undefined
    let format: string | null = null
    let maxPieceSize: string | null = null
    for (;;) {
      if (deviceType === undefined && (cursor.take('device', 'type') || cursor.take('type'))) {
        deviceType = parseDevice(cursor) === 'DISK' ? 'DISK' : 'SBT'
      } else if (format === null && cursor.take('format')) format = cursor.string()
      else if (maxPieceSize === null && cursor.take('maxpiecesize')) maxPieceSize = cursor.size()
      else break
    }
    cursor.needPunctuation(';')
    return { kind: 'allocate-channel', auxiliary, name, deviceType: deviceType ?? 'DISK', format, maxPieceSize }
  }
  if (cursor.take('release', 'channel')) {
    const name = cursor.name()
    cursor.needPunctuation(';')
    return { kind: 'release-channel', name }
  }
  return undefined
}

function parseAnywhere(cursor: Cursor, place: Place, release: number): Command | undefined {
  if (cursor.take('backup')) return parseBackup(cursor)
  if (cursor.take('restore')) return parseRestore(cursor)
  if (cursor.take('recover')) return parseRecover(cursor, release)
  if (cursor.take('duplicate')) return parseDuplicate(cursor)
  if (cursor.take('switch')) return parseSwitch(cursor)
  if (cursor.take('set')) return parseSet(cursor, place === 'run')
  if (cursor.take('delete')) return parseDelete(cursor)
  if (cursor.take('change')) return parseChange(cursor)
  if (cursor.take('crosscheck')) return parseCrosscheck(cursor)
  if (cursor.take('catalog')) return parseCatalog(cursor)
  if (cursor.take('list')) return parseList(cursor)
  if (cursor.take('report')) return parseReport(cursor)
  if (cursor.take('show')) return parseShow(cursor)
  if (cursor.take('create')) {
    cursor.need('catalog')
    cursor.needPunctuation(';')
    return { kind: 'needs-catalog', command: 'create' }
  }
  if (cursor.take('resync')) {
    cursor.need('catalog')
    cursor.needPunctuation(';')
    return { kind: 'needs-catalog', command: 'resync' }
  }
  if (cursor.take('validate')) {
    const before = cursor.take('check', 'logical')
    const object = parseValidateObject(cursor) ?? cursor.fail()
    const checkLogical = before || cursor.take('check', 'logical')
    cursor.needPunctuation(';')
    return { kind: 'validate', object, checkLogical }
  }
  if (cursor.take('sql')) {
    const text = cursor.string()
    cursor.needPunctuation(';')
    return { kind: 'sql', text, form: 'quoted' }
  }
  if (cursor.take('host')) {
    cursor.takeString()
    cursor.needPunctuation(';')
    return { kind: 'host' }
  }
  return undefined
}

function parseSql(cursor: Cursor, release: number): Command | undefined {
  if (release < 12.1) return parseAlterDatabase(cursor)
  const start = cursor.token.start
  if (!sqlVerbs.some((verb) => cursor.at(verb))) return undefined
  const text = cursor.lexer.takeStatement(start)
  if (text === undefined) throw new IncompleteCommand([';'])
  cursor.needPunctuation(';')
  return { kind: 'sql', text, form: 'direct' }
}

function parseAlterDatabase(cursor: Cursor): Command | undefined {
  if (!cursor.take('alter')) return undefined
  cursor.need('database')
  let action: 'mount' | 'open' | 'open-resetlogs' = 'mount'
  if (!cursor.take('mount')) {
    cursor.need('open')
    action = cursor.take('resetlogs') ? 'open-resetlogs' : 'open'
  }
  cursor.needPunctuation(';')
  return { kind: 'alter-database', action }
}

function parseStartup(cursor: Cursor): Command {
  let force = false
  let level: 'nomount' | 'mount' | 'open' | undefined
  let pfile: string | null = null
  for (;;) {
    if (!force && cursor.take('force')) force = true
    else if (level === undefined && cursor.take('nomount')) level = 'nomount'
    else if (level === undefined && cursor.take('mount')) level = 'mount'
    else if (pfile === null && cursor.take('pfile')) pfile = cursor.string()
    else break
  }
  cursor.needPunctuation(';')
  return { kind: 'startup', force, level: level ?? 'open', pfile }
}

function parseShutdown(cursor: Cursor): Command {
  const mode = (['normal', 'immediate', 'transactional', 'abort'] as const).find((word) => cursor.take(word)) ?? 'normal'
  cursor.needPunctuation(';')
  return { kind: 'shutdown', mode }
}

function needsCatalog(cursor: Cursor, command: 'register' | 'unregister'): Command {
  cursor.need('database')
  cursor.needPunctuation(';')
  return { kind: 'needs-catalog', command }
}
