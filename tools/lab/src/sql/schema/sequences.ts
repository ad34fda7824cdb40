import type { Instance, ServerSession } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { SqlResult } from '../../engine/protocol.ts'
import type { Cursor } from '../cursor.ts'
import { stateOf } from '../session-state.ts'
import type { Statement } from '../statement.ts'
import { qualify, refuseUsedName, requireUser, requireWritable, synonymTarget, type QualifiedName } from './names.ts'
import { removeObjects, saveObject, schemaOf } from './schema-store.ts'

export interface SequenceDefinition {
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  readonly cycle: boolean
  readonly cache: number
  /** The next number that no instance has taken yet. */
  readonly last: string
  readonly created: number
}

export type Sequence = QualifiedName

interface Counter {
  next: bigint
  /** Numbers up to here are written as taken. */
  reserved: bigint
  unwritten: boolean
}

const counters = new WeakMap<Instance, Map<string, Counter>>()
const largest = 9999999999999999999999999999n

const keyOf = ({ owner, name }: Sequence): string => `${owner}.${name}`

/** The sequence that a name means; `undefined`: none. */
export function sequenceNamed(instance: Instance, session: ServerSession, path: readonly string[]): Sequence | undefined {
  const wanted = qualify(path, session)
  const schema = schemaOf(instance)
  if (schema.get('SEQUENCE', wanted.owner, wanted.name) !== undefined) return wanted
  const target = synonymTarget(wanted, instance, path.length === 1)
  return target !== undefined && schema.get('SEQUENCE', target.owner, target.name) !== undefined ? target : undefined
}

function definitionOf(instance: Instance, sequence: Sequence): SequenceDefinition {
  const found = schemaOf(instance).get<SequenceDefinition>('SEQUENCE', sequence.owner, sequence.name)
  if (found === undefined) throw ora(2289, 'sequence does not exist')
  return found.definition
}

function counterOf(instance: Instance, sequence: Sequence, definition: SequenceDefinition): Counter {
  const known = counters.get(instance) ?? new Map<string, Counter>()
  counters.set(instance, known)
  const counter = known.get(keyOf(sequence)) ?? { next: BigInt(definition.last), reserved: BigInt(definition.last), unwritten: false }
  known.set(keyOf(sequence), counter)
  return counter
}

/** NEXTVAL at once; {@link writeSequences} must follow before the statement ends. @throws OraError 08004 */
export function takeNext(instance: Instance, session: ServerSession, sequence: Sequence): bigint {
  const definition = definitionOf(instance, sequence)
  const counter = counterOf(instance, sequence, definition)
  const [increment, minimum, maximum] = [BigInt(definition.increment), BigInt(definition.minimum), BigInt(definition.maximum)]
  // Another instance may have taken numbers meanwhile.
  const last = BigInt(definition.last)
  if (counter.next === counter.reserved && (increment > 0n ? last > counter.next : last < counter.next)) Object.assign(counter, { next: last, reserved: last })
  let value = counter.next
  if (value > maximum || value < minimum) {
    if (!definition.cycle) throw ora(8004, `sequence ${sequence.name}.NEXTVAL ${increment > 0n ? 'exceeds MAXVALUE' : 'goes below MINVALUE'} and cannot be instantiated`)
    value = increment > 0n ? minimum : maximum
    counter.reserved = value
  }
  counter.next = value + increment
  // Cached numbers are lost when the instance dies, never given twice.
  if (increment > 0n ? counter.next > counter.reserved : counter.next < counter.reserved) {
    counter.reserved = counter.next + increment * BigInt(Math.max(0, definition.cache - 1))
    counter.unwritten = true
  }
  stateOf(session).currentValues.set(keyOf(sequence), value)
  return value
}

/** Writes how far the sequences were taken. */
export async function writeSequences(instance: Instance): Promise<void> {
  for (const [key, counter] of counters.get(instance) ?? []) {
    if (!counter.unwritten) continue
    counter.unwritten = false
    const [owner = '', name = ''] = key.split('.')
    const definition = schemaOf(instance).get<SequenceDefinition>('SEQUENCE', owner, name)?.definition
    if (definition !== undefined) await saveObject(instance, { owner, name, type: 'SEQUENCE', definition: { ...definition, last: counter.reserved.toString() } })
  }
}

export async function nextValue(instance: Instance, session: ServerSession, sequence: Sequence): Promise<bigint> {
  const value = takeNext(instance, session, sequence)
  await writeSequences(instance)
  return value
}

/** @throws OraError 08002 */
export function currentValue(session: ServerSession, sequence: Sequence): bigint {
  const value = stateOf(session).currentValues.get(keyOf(sequence))
  if (value === undefined) throw ora(8002, `sequence ${sequence.name}.CURRVAL is not yet defined in this session`)
  return value
}

interface Options {
  start?: bigint
  increment?: bigint
  minimum?: bigint | 'none'
  maximum?: bigint | 'none'
  cycle?: boolean
  cache?: number
}

function parseWhole(cursor: Cursor): bigint {
  const negative = cursor.acceptOperator('-')
  if (cursor.token.kind !== 'number' || !/^\d+$/.test(cursor.token.value)) throw ora(4001, 'sequence parameter must be an integer').at(cursor.at)
  return BigInt(cursor.next().value) * (negative ? -1n : 1n)
}

/** START WITH, INCREMENT BY and so on, as far as they go; also of an identity column. */
export function parseSequenceOptions(cursor: Cursor): Options {
  const options: Options = {}
  for (;;) {
    if (cursor.acceptWords('START', 'WITH')) options.start = parseWhole(cursor)
    else if (cursor.acceptWords('INCREMENT', 'BY')) options.increment = parseWhole(cursor)
    else if (cursor.acceptWords('MINVALUE')) options.minimum = parseWhole(cursor)
    else if (cursor.acceptWords('MAXVALUE')) options.maximum = parseWhole(cursor)
    else if (cursor.acceptWords('NOMINVALUE')) options.minimum = 'none'
    else if (cursor.acceptWords('NOMAXVALUE')) options.maximum = 'none'
    else if (cursor.acceptWords('CYCLE')) options.cycle = true
    else if (cursor.acceptWords('NOCYCLE')) options.cycle = false
    else if (cursor.acceptWords('CACHE')) options.cache = Number(parseWhole(cursor))
    else if (cursor.acceptWords('NOCACHE')) options.cache = 0
    else if (!cursor.acceptWords('ORDER') && !cursor.acceptWords('NOORDER')) return options
  }
}

/** @throws OraError 04002 */
export function sequenceDefinition(options: Options, now: number): SequenceDefinition {
  const increment = options.increment ?? 1n
  if (increment === 0n) throw ora(4002, 'INCREMENT must be a non-zero integer')
  const minimum = options.minimum === undefined || options.minimum === 'none' ? (increment > 0n ? 1n : -largest) : options.minimum
  const maximum = options.maximum === undefined || options.maximum === 'none' ? (increment > 0n ? largest : -1n) : options.maximum
  const start = options.start ?? (increment > 0n ? minimum : maximum)
  if (start > maximum) throw ora(4008, 'START WITH cannot be more than MAXVALUE')
  if (start < minimum) throw ora(4006, 'START WITH cannot be less than MINVALUE')
  return { increment: increment.toString(), minimum: minimum.toString(), maximum: maximum.toString(), cycle: options.cycle ?? false, cache: options.cache ?? 20, last: start.toString(), created: now }
}

/** CREATE SEQUENCE */
export async function createSequence({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const path = cursor.path(() => ora(903, 'invalid table name'))
  const definition = sequenceDefinition(parseSequenceOptions(cursor), instance.host.now())
  cursor.expectEnd()
  requireWritable(instance)
  const sequence = qualify(path, session)
  requireUser(sequence.owner, instance)
  refuseUsedName(sequence, instance)
  await saveObject(instance, { ...sequence, type: 'SEQUENCE', definition })
  return { message: 'Sequence created.' }
}

/** ALTER SEQUENCE */
export async function alterSequence({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const at = cursor.at
  const sequence = sequenceNamed(instance, session, cursor.path(() => ora(903, 'invalid table name')))
  const restart = cursor.acceptWords('RESTART')
  const options = parseSequenceOptions(cursor)
  cursor.expectEnd()
  requireWritable(instance)
  if (sequence === undefined) throw ora(2289, 'sequence does not exist').at(at)
  if (options.start !== undefined && !restart) throw ora(2283, 'cannot alter starting sequence number')
  const before = definitionOf(instance, sequence)
  const counter = counterOf(instance, sequence, before)
  const changed = sequenceDefinition({ increment: BigInt(before.increment), minimum: BigInt(before.minimum), maximum: BigInt(before.maximum), cycle: before.cycle, cache: before.cache, ...options, ...(restart ? {} : { start: counter.next }) }, before.created)
  counters.get(instance)?.delete(keyOf(sequence))
  await saveObject(instance, { ...sequence, type: 'SEQUENCE', definition: changed })
  return { message: 'Sequence altered.' }
}

/** DROP SEQUENCE */
export async function dropSequence({ cursor, instance, session }: Statement): Promise<SqlResult> {
  const at = cursor.at
  const sequence = sequenceNamed(instance, session, cursor.path(() => ora(903, 'invalid table name')))
  cursor.expectEnd()
  requireWritable(instance)
  if (sequence === undefined) throw ora(2289, 'sequence does not exist').at(at)
  await forgetSequence(instance, sequence)
  return { message: 'Sequence dropped.' }
}

export async function forgetSequence(instance: Instance, sequence: Sequence): Promise<void> {
  counters.get(instance)?.delete(keyOf(sequence))
  await removeObjects(instance, (object) => object.type === 'SEQUENCE' && object.owner === sequence.owner && object.name === sequence.name)
}
