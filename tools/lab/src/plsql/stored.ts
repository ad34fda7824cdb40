import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import { Cursor } from '../sql/cursor.ts'
import { parseQuery } from '../sql/parse-query.ts'
import { qualify, refuseUsedName, requireUser, requireWritable, synonymTarget, type QualifiedName } from '../sql/schema/names.ts'
import { removeObjects, saveObject, schemaOf, type ObjectType } from '../sql/schema/schema-store.ts'
import { actAs } from '../sql/session-state.ts'
import type { ProgramDefinition } from '../sql/programs.ts'
import type { Statement } from '../sql/statement.ts'
import { compileSubprogram } from './blocks.ts'
import { partCompilers } from './part-compilers.ts'
import { CompileError, findings, placeOf } from './errors.ts'
import { runAs } from './frame.ts'
import { compilePackage, type CompiledPackage } from './package-unit.ts'
import { parseBody } from './parse-block.ts'
import { parseSubprogram } from './parse-declarations.ts'
import { expect, unexpected } from './parse-parts.ts'
import { Scope, type Callable, type Named } from './scope.ts'
import type { Unit } from './unit.ts'

/** Compiled programs of a session, until their text changes. */
const compiled = new WeakMap<ServerSession, Map<string, { readonly text: string; readonly named: Named | CompiledPackage | undefined }>>()

function unitOf(instance: Instance, session: ServerSession, { owner, name }: QualifiedName, text: string): Unit {
  const definer = actAs(session, owner)
  return { text, name: `${owner}.${name}`, start: 0, instance, session: definer, errors: [], parts: partCompilers, binds: undefined, stored: (path) => findStored(instance, definer, path) }
}

function compileProgram(unit: Unit, owner: string): Callable | undefined {
  try {
    const cursor = new Cursor(unit.text, parseQuery, true)
    const subprogram = parseSubprogram(cursor, parseBody)
    expect(cursor, ';')
    if (cursor.token.kind !== 'end') throw unexpected(cursor, '<an end-of-file>')
    return compileSubprogram(subprogram, new Scope(undefined), unit, { unit: unit.name, enter: runAs(owner) })
  } catch (error) {
    unit.errors.push(...findings(error))
    return undefined
  }
}

function cached<T extends Named | CompiledPackage | undefined>(session: ServerSession, key: string, text: string, compile: () => T): T {
  const known = compiled.get(session) ?? new Map<string, { readonly text: string; readonly named: Named | CompiledPackage | undefined }>()
  compiled.set(session, known)
  const found = known.get(key)
  if (found?.text === text) return found.named as T
  // Known before it is compiled: programs may call each other in a circle.
  known.set(key, { text, named: undefined })
  const named = compile()
  known.set(key, { text, named })
  return named
}

const invalid = ({ owner, name }: QualifiedName): ReturnType<typeof ora> => ora(4063, `"${owner}.${name}" has errors`)

function program(instance: Instance, session: ServerSession, name: QualifiedName): Named | undefined {
  for (const type of ['PROCEDURE', 'FUNCTION'] as const) {
    const found = schemaOf(instance).get<ProgramDefinition>(type, name.owner, name.name)
    if (found === undefined) continue
    const { text } = found.definition
    return cached(session, `${name.owner}.${name.name}`, text, () => {
      const unit = unitOf(instance, session, name, text)
      const callable = compileProgram(unit, name.owner)
      if (callable === undefined || unit.errors.length > 0) throw invalid(name)
      return { kind: 'subprograms', overloads: [callable] }
    })
  }
  return undefined
}

function packageOf(instance: Instance, session: ServerSession, name: QualifiedName): CompiledPackage | undefined {
  const schema = schemaOf(instance)
  const spec = schema.get<ProgramDefinition>('PACKAGE', name.owner, name.name)
  if (spec === undefined) return undefined
  const body = schema.get<ProgramDefinition>('PACKAGE BODY', name.owner, name.name)
  const text = `${spec.definition.text}\u0000${body?.definition.text ?? ''}`
  return cached(session, `${name.owner}.${name.name}`, text, () => {
    const unit = unitOf(instance, session, name, spec.definition.text)
    const made = compilePackage(unit, body === undefined ? undefined : unitOf(instance, session, name, body.definition.text), name.owner, text)
    if (made === undefined) throw invalid(name)
    return made
  })
}

/** A stored procedure, function or package item by its path; `undefined`: none of that name. */
export function findStored(instance: Instance, session: ServerSession, path: readonly string[]): Named | undefined {
  const [first = '', second, third] = path
  const own = qualify([first], session)
  const target = synonymTarget(own, instance, true)
  if (path.length === 1) return program(instance, session, own) ?? (target === undefined ? undefined : program(instance, session, target))
  if (path.length === 2) {
    const item = packageOf(instance, session, own)?.item(second ?? '') ?? (target === undefined ? undefined : packageOf(instance, session, target)?.item(second ?? ''))
    return item ?? program(instance, session, { owner: first, name: second ?? '' })
  }
  return third === undefined ? undefined : packageOf(instance, session, { owner: first, name: second ?? '' })?.item(third)
}

const shown: Readonly<Record<string, string>> = { PROCEDURE: 'Procedure', FUNCTION: 'Function', PACKAGE: 'Package', 'PACKAGE BODY': 'Package body' }

/** CREATE [OR REPLACE] PROCEDURE | FUNCTION | PACKAGE [BODY] */
export async function createProgram(statement: Statement): Promise<SqlResult> {
  const { cursor, instance, session, words = [] } = statement
  const isBody = words.at(-1) === 'PACKAGE' && cursor.acceptWords('BODY')
  const type = (isBody ? 'PACKAGE BODY' : (words.at(-1) ?? 'PROCEDURE')) as ObjectType
  const path = cursor.path(() => ora(4050, 'invalid or missing procedure, function, or package name'))
  const start = new RegExp(`\\b${words.at(-1) ?? ''}\\b`, 'i').exec(cursor.text)?.index ?? 0
  const text = cursor.text.slice(start).replace(/\s+$/, '')
  requireWritable(instance)
  const name = qualify(path, session)
  requireUser(name.owner, instance)
  const replace = words.includes('REPLACE')
  if (!isBody) refuseUsedName(name, instance, replace ? type : undefined)
  const existing = schemaOf(instance).get(type, name.owner, name.name)
  if (existing !== undefined && !replace) throw ora(955, 'name is already used by an existing object')
  const errors = checkProgram(instance, session, name, type, text)
  const definition: ProgramDefinition = { text, created: instance.host.now(), errors }
  await saveObject(instance, { ...name, type, definition })
  const label = shown[type] ?? ''
  return { message: errors.length === 0 ? `${label} created.` : `Warning: ${label} created with compilation errors.` }
}

function checkProgram(instance: Instance, session: ServerSession, name: QualifiedName, type: ObjectType, text: string): ProgramDefinition['errors'] {
  const unit = unitOf(instance, session, name, text)
  let errors: readonly CompileError[]
  if (type === 'PACKAGE' || type === 'PACKAGE BODY') {
    const spec = type === 'PACKAGE' ? unit : unitOf(instance, session, name, schemaOf(instance).get<ProgramDefinition>('PACKAGE', name.owner, name.name)?.definition.text ?? '')
    if (spec.text === '') errors = [new CompileError('PLS-00201', `identifier '${name.name}' must be declared`, 0)]
    else {
      compilePackage(spec, type === 'PACKAGE' ? undefined : unit, name.owner, text)
      errors = unit.errors
    }
  } else {
    compileProgram(unit, name.owner)
    errors = unit.errors
  }
  return errors.map((error) => {
    const { line, column } = placeOf(text, error.offset)
    return { line, position: column, text: `${error.code}: ${error.text}` }
  })
}

/** DROP PROCEDURE | FUNCTION | PACKAGE [BODY] name */
export async function dropProgram({ cursor, instance, session, words = [] }: Statement): Promise<SqlResult> {
  const isBody = words.at(-1) === 'PACKAGE' && cursor.acceptWords('BODY')
  const type = (isBody ? 'PACKAGE BODY' : (words.at(-1) ?? 'PROCEDURE')) as ObjectType
  const { owner, name } = qualify(cursor.path(), session)
  cursor.expectEnd()
  requireWritable(instance)
  if (schemaOf(instance).get(type, owner, name) === undefined) throw ora(4043, `object ${name} does not exist`)
  await removeObjects(instance, (object) => object.owner === owner && object.name === name && (object.type === type || (type === 'PACKAGE' && object.type === 'PACKAGE BODY')))
  return { message: `${shown[type] ?? ''} dropped.` }
}

/** ALTER PROCEDURE … COMPILE: compiles again what is stored. */
export async function compileObject({ cursor, instance, session, words = [] }: Statement): Promise<SqlResult> {
  const type = (words.at(-1) ?? '') as ObjectType
  const name = qualify(cursor.path(), session)
  cursor.expectWord('COMPILE', () => ora(922, 'missing or invalid option'))
  const types: ObjectType[] = type === 'PACKAGE' ? (cursor.acceptWords('BODY') ? ['PACKAGE BODY'] : ['PACKAGE', 'PACKAGE BODY']) : [type]
  cursor.expectEnd(() => ora(922, 'missing or invalid option'))
  requireWritable(instance)
  const label = `${(shown[type] ?? 'View')} altered.`
  if (schemaOf(instance).get(types[0] ?? type, name.owner, name.name) === undefined) throw ora(4043, `object ${name.name} does not exist`)
  if (type === 'VIEW') return { message: label }
  let failed = false
  for (const each of types) {
    const found = schemaOf(instance).get<ProgramDefinition>(each, name.owner, name.name)
    if (found === undefined) continue
    const errors = checkProgram(instance, session, name, each, found.definition.text)
    failed ||= errors.length > 0
    await saveObject(instance, { ...name, type: each, definition: { ...found.definition, errors } })
  }
  return { message: failed ? `Warning: ${shown[type] ?? ''} altered with compilation errors.` : label }
}
