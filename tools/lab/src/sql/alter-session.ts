import { requireUser } from './schema/names.ts'
import { ora } from '../engine/ora-error.ts'
import type { Instance } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import { formatWidth } from './date-format.ts'
import { stateOf, type SessionState } from './session-state.ts'
import type { Statement } from './statement.ts'
import { offsetAt } from './zone.ts'

const invalidOption = () => ora(2248, 'invalid option for ALTER SESSION')

/** Settings that have one value in this database. */
const single: Readonly<Record<string, RegExp>> = {
  NLS_LANGUAGE: /^american$/i,
  NLS_TERRITORY: /^america$/i,
  NLS_DATE_LANGUAGE: /^american$/i,
  NLS_NUMERIC_CHARACTERS: /^\.,$/,
  NLS_SORT: /^binary$/i,
  NLS_COMP: /^binary$/i,
  NLS_LENGTH_SEMANTICS: /^(byte|char)$/i,
  NLS_CALENDAR: /^gregorian$/i,
}

const formats = { NLS_DATE_FORMAT: 'nlsDateFormat', NLS_TIMESTAMP_FORMAT: 'nlsTimestampFormat', NLS_TIMESTAMP_TZ_FORMAT: 'nlsTimestampTzFormat' } as const satisfies Readonly<Record<string, keyof SessionState>>

/** ALTER SESSION SET …; the cursor stands behind ALTER SESSION. */
export async function alterSession({ cursor, session, instance }: Statement): Promise<SqlResult> {
  cursor.expectWord('SET', invalidOption)
  const state = stateOf(session)
  const changes: Partial<SessionState> = {}
  let container: number | undefined
  do {
    const at = cursor.at
    const name = cursor.token.kind === 'word' ? cursor.next().value : ''
    cursor.expectOperator('=', () => ora(927, 'missing equal sign'))
    const quoted = cursor.token.kind === 'quoted'
    const value = cursor.token.kind === 'string' || cursor.token.kind === 'word' || (quoted && ['CONTAINER', 'CURRENT_SCHEMA'].includes(name)) ? cursor.next().value : ''
    if (name in formats) {
      formatWidth(value)
      changes[formats[name as keyof typeof formats]] = value
    } else if (name === 'TIME_ZONE') {
      offsetAt(instance.host.now(), value === 'LOCAL' ? instance.host.timeZone : value)
      changes.timeZone = value === 'LOCAL' ? undefined : value
    } else if (single[name] !== undefined) {
      if (!single[name].test(value)) throw ora(12705, 'Cannot access NLS data files or invalid environment specified')
    } else if (name === 'CURRENT_SCHEMA') {
      const schema = quoted ? value : value.toUpperCase()
      requireUser(schema, instance)
      changes.currentSchema = schema
    } else if (name === 'CONTAINER') container = containerNamed(instance, quoted ? value : value.toUpperCase(), at)
    else throw invalidOption().at(at)
  } while (cursor.token.kind === 'word')
  cursor.expectEnd(invalidOption)
  if (container !== undefined && container !== session.container && state.pending.length > 0) throw ora(65023, 'active transaction exists in container')
  if (container !== undefined) session.container = container
  Object.assign(state, changes)
  return { message: 'Session altered.' }
}

/** Container of a session by name; 0 is the root. @throws OraError 65090, 65011 */
function containerNamed(instance: Instance, name: string, at: number): number {
  const containers = instance.status === 'STARTED' ? [] : instance.containers
  if (containers.length === 0) throw ora(65090, 'operation only allowed in a container database').at(at)
  const found = containers.find((c) => c.name === name)
  if (found === undefined) throw ora(65011, `Pluggable database ${name} does not exist.`).at(at)
  return found.conId === 1 ? 0 : found.conId
}
