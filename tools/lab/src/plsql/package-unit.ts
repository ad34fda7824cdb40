import { Cursor } from '../sql/cursor.ts'
import { parseQuery } from '../sql/parse-query.ts'
import { stateOf } from '../sql/session-state.ts'
import type { Block, Declaration } from './ast.ts'
import { compileBlock, compileDeclarations, setSubprogramHome } from './blocks.ts'
import { findings } from './errors.ts'
import { Frame, runAs, type Run } from './frame.ts'
import { parseBody } from './parse-block.ts'
import { parseDeclarations } from './parse-declarations.ts'
import { expect, nameOf, unexpected } from './parse-parts.ts'
import { Scope, type Named } from './scope.ts'
import type { Unit } from './unit.ts'

/** A package: its public names, and its variables in each session. */
export interface CompiledPackage {
  readonly kind: 'package'
  item(name: string): Named | undefined
}

interface ParsedPackage {
  readonly declarations: readonly Declaration[]
  readonly start: Block | undefined
}

/** `PACKAGE [BODY] name IS … [BEGIN …] END [name];` */
function parsePackage(unit: Unit): ParsedPackage {
  const cursor = new Cursor(unit.text, parseQuery, true)
  expect(cursor, 'PACKAGE')
  cursor.acceptWords('BODY')
  nameOf(cursor)
  while (cursor.acceptOperator('.')) nameOf(cursor)
  if (cursor.acceptWords('AUTHID')) cursor.next()
  if (!cursor.acceptWords('IS')) expect(cursor, 'AS')
  const at = cursor.at
  const declarations = parseDeclarations(cursor, parseBody)
  let start: Block | undefined
  if (cursor.isWord('BEGIN')) start = parseBody(cursor, [], at)
  else {
    expect(cursor, 'END')
    if (cursor.isIdentifier) cursor.next()
  }
  expect(cursor, ';')
  if (cursor.token.kind !== 'end') throw unexpected(cursor, '<an end-of-file>')
  return { declarations, start }
}

interface SessionPackage {
  readonly text: string
  readonly frame: Promise<Frame>
}

/** `undefined`: it has errors, noted in the units. `text` tells one version from the next (ORA-04068 has no place here: state is simply fresh). */
export function compilePackage(spec: Unit, body: Unit | undefined, owner: string, text: string): CompiledPackage | undefined {
  const scope = new Scope(undefined, { label: spec.name.split('.').at(-1) })
  const steps: ReturnType<typeof compileDeclarations> = []
  const published = new Set<string>()
  let start: ReturnType<typeof compileBlock> | undefined
  const enter = runAs(owner)

  const open = async (run: Run): Promise<Frame> => {
    const frame = new Frame(enter(run), undefined)
    for (const step of steps) await step(frame)
    await start?.(frame)
    return frame
  }
  /** The session's own variables of the package, made at its first use. */
  const frameOf = (run: Run): Promise<Frame> => {
    const { packages } = stateOf(run.session)
    const known = packages.get(spec.name) as SessionPackage | undefined
    if (known?.text === text) return known.frame
    const fresh: SessionPackage = { text, frame: open(run) }
    packages.set(spec.name, fresh)
    return fresh.frame
  }

  setSubprogramHome(scope, { unit: spec.name, enter, home: ({ run }) => frameOf(run) })
  for (const unit of body === undefined ? [spec] : [spec, body]) {
    try {
      const parsed = parsePackage(unit)
      steps.push(...compileDeclarations(parsed.declarations, scope, unit, unit === spec))
      if (unit === spec) for (const name of scope.names.keys()) published.add(name)
      if (parsed.start !== undefined) start = compileBlock(parsed.start, scope, unit, undefined, new Scope(scope))
    } catch (error) {
      unit.errors.push(...findings(error))
    }
  }
  if (spec.errors.length > 0 || (body !== undefined && body.errors.length > 0)) return undefined
  return {
    kind: 'package',
    item: (name) => {
      const found = published.has(name) ? scope.names.get(name) : undefined
      if (found?.kind !== 'variable') return found
      const { index } = found
      return {
        kind: 'global',
        type: found.type,
        get: async ({ run }) => (await frameOf(run)).values[index] ?? null,
        set: found.constant ? undefined : async ({ run }, value) => { (await frameOf(run)).values[index] = value },
      }
    },
  }
}
