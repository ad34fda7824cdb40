import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Cursor } from './cursor.ts'
import { instanceNumber } from './environment.ts'
import type { Statement } from './statement.ts'

const illegal = () => ora(2065, 'illegal option for ALTER SYSTEM')
const altered: SqlResult = { message: 'System altered.' }

interface Setting {
  readonly name: string
  readonly value: string
}

interface Placement {
  readonly scope: 'memory' | 'spfile' | 'both' | undefined
  readonly sid: string | undefined
}

/** ALTER SYSTEM …; the cursor stands behind these words. */
export async function alterSystem(statement: Statement): Promise<SqlResult> {
  const { cursor, instance } = statement
  if (cursor.acceptWords('ARCHIVE', 'LOG', 'CURRENT')) {
    cursor.expectEnd(illegal)
    await instance.archiveLogCurrent()
  } else if (cursor.acceptWords('SWITCH', 'LOGFILE')) {
    cursor.expectEnd(illegal)
    await instance.switchLogfile()
  } else if (cursor.acceptWords('CHECKPOINT')) {
    if (!cursor.acceptWords('GLOBAL')) cursor.acceptWords('LOCAL')
    cursor.expectEnd(illegal)
    await instance.checkpoint()
  } else if (cursor.acceptWords('KILL', 'SESSION') || cursor.acceptWords('DISCONNECT', 'SESSION')) {
    killSession(statement)
  } else if (cursor.acceptWords('SET')) {
    await setParameters(statement)
  } else if (cursor.acceptWords('RESET')) {
    await resetParameter(statement)
  } else throw illegal().at(cursor.at)
  return altered
}

/** `'sid,serial#[,@instance]' [IMMEDIATE]` */
function killSession({ cursor, instance, session }: Statement): void {
  const at = cursor.at
  const parts = /^\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*@(\d+)\s*)?$/.exec(cursor.string(() => ora(26, 'missing or invalid session ID')))
  if (parts === null) throw ora(26, 'missing or invalid session ID').at(at)
  if (!cursor.acceptWords('IMMEDIATE')) cursor.acceptWords('POST_TRANSACTION')
  cursor.expectEnd(illegal)
  const [sid, serial, number] = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 1)]
  if (number !== instanceNumber(instance)) throw ora(26, 'missing or invalid session ID').at(at)
  if (sid === session.sid) throw ora(27, 'cannot kill current session')
  instance.killSession(sid, serial)
}

function parameterName(cursor: Cursor): string {
  if (cursor.token.kind !== 'word' && cursor.token.kind !== 'quoted') throw illegal().at(cursor.at)
  return cursor.next().value.toLowerCase()
}

/** A value as written: a string, a number with its unit, a word; lists are joined by commas. */
function parameterValue(cursor: Cursor): string {
  const values: string[] = []
  do {
    const { token } = cursor
    if (token.kind !== 'string' && token.kind !== 'number' && token.kind !== 'word') throw ora(2097, 'parameter cannot be modified because specified value is invalid').at(cursor.at)
    cursor.next()
    let value = token.kind === 'word' ? cursor.text.slice(token.start, token.end) : token.value
    if (token.kind === 'number' && cursor.token.kind === 'word' && cursor.token.start === token.end) value += cursor.next().value
    values.push(value)
  } while (cursor.acceptOperator(','))
  return values.join(', ')
}

function placement(cursor: Cursor): Placement {
  let scope: Placement['scope']
  let sid: string | undefined
  for (;;) {
    if (cursor.acceptWords('SCOPE')) {
      cursor.expectOperator('=', () => ora(927, 'missing equal sign'))
      const word = cursor.token.kind === 'word' ? cursor.next().value : ''
      if (word !== 'BOTH' && word !== 'MEMORY' && word !== 'SPFILE') throw illegal().at(cursor.at)
      scope = word.toLowerCase() as 'both' | 'memory' | 'spfile'
    } else if (cursor.acceptWords('SID')) {
      cursor.expectOperator('=', () => ora(927, 'missing equal sign'))
      sid = cursor.string(illegal)
    } else if (!cursor.acceptWords('DEFERRED')) break
  }
  cursor.expectEnd(illegal)
  return { scope, sid }
}

/** Memory and spfile by default, where there is an spfile. @throws OraError 32001, 32018 */
function resolveScope({ instance }: Statement, { scope, sid }: Placement): 'memory' | 'spfile' | 'both' {
  const resolved = scope ?? (instance.spfile === null ? 'memory' : 'both')
  if (resolved !== 'memory' && instance.spfile === null) throw ora(32001, 'write to SPFILE requested but no SPFILE is in use')
  if (sid !== undefined && sid !== '*' && sid.toLowerCase() !== instance.sid.toLowerCase()) throw ora(32018, 'parameter cannot be modified in memory on another instance')
  return resolved
}

async function setParameters(statement: Statement): Promise<void> {
  const { cursor, instance } = statement
  const settings: Setting[] = []
  do {
    const name = parameterName(cursor)
    cursor.expectOperator('=', () => ora(927, 'missing equal sign'))
    settings.push({ name, value: parameterValue(cursor) })
    if (cursor.acceptWords('COMMENT')) {
      cursor.expectOperator('=', () => ora(927, 'missing equal sign'))
      cursor.string(illegal)
    }
  } while (cursor.token.kind === 'quoted' || (cursor.token.kind === 'word' && !cursor.isWord('SCOPE', 'SID', 'DEFERRED')))
  const scope = resolveScope(statement, placement(cursor))
  for (const { name } of settings) if (!name.startsWith('_') && !instance.parameters.has(name)) throw illegal()
  for (const { name, value } of settings) await instance.setParameter(name, value, scope)
}

/** Back to the default: the engine takes an empty value for "not set". */
async function resetParameter(statement: Statement): Promise<void> {
  const { cursor, instance } = statement
  const name = parameterName(cursor)
  const place = placement(cursor)
  if (place.scope === 'memory') throw illegal()
  if (!name.startsWith('_') && !instance.parameters.has(name)) throw illegal()
  resolveScope(statement, { scope: 'spfile', sid: place.sid })
  if (instance.parameters.get(name)?.inSpfile !== true) throw ora(32010, 'cannot find entry to delete in SPFILE')
  await instance.setParameter(name, '', place.scope ?? 'spfile')
}
