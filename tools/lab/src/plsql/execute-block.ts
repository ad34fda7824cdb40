import type { Instance, ServerSession } from '../engine/instance-api.ts'
import { OraError } from '../engine/ora-error.ts'
import type { Binds } from '../sql/compile-expression.ts'
import { Cursor } from '../sql/cursor.ts'
import { parseQuery } from '../sql/parse-query.ts'
import type { BlockResult } from '../sql/programs.ts'
import { stateOf } from '../sql/session-state.ts'
import { compileBlock } from './blocks.ts'
import { blockErrors, findings } from './errors.ts'
import { newRun } from './invoke.ts'
import { Frame, leaveUnit, withBacktrace, type Run } from './frame.ts'
import { parseBlock } from './parse-block.ts'
import { parseLabel, unexpected } from './parse-parts.ts'
import { partCompilers } from './part-compilers.ts'
import { Scope } from './scope.ts'
import { findStored } from './stored.ts'
import type { Unit } from './unit.ts'

/**
 * Runs an anonymous block. When it fails its changes are undone, except those it committed.
 * @throws OraError with ORA-06550 when it does not compile, with its ORA-06512 lines when it fails
 */
export async function executeBlock(instance: Instance, session: ServerSession, text: string, binds: Binds): Promise<BlockResult> {
  const given = Object.fromEntries(Object.entries(binds).map(([name, value]) => [name.replace(/^:/, '').toUpperCase(), value]))
  const unit: Unit = { text, name: '', start: 0, instance, session, errors: [], parts: partCompilers, binds: given, stored: (path) => findStored(instance, session, path) }
  let execute: ReturnType<typeof compileBlock>
  try {
    const cursor = new Cursor(text, parseQuery, true)
    const label = parseLabel(cursor)
    const block = parseBlock(cursor)
    if (!cursor.acceptOperator(';')) throw unexpected(cursor, ';')
    if (cursor.token.kind !== 'end') throw unexpected(cursor, '<an end-of-file>')
    execute = compileBlock(block, new Scope(undefined), unit, label)
  } catch (error) {
    throw blockErrors(text, findings(error))
  }
  if (unit.errors.length > 0) throw blockErrors(text, unit.errors)
  const state = stateOf(session)
  const before = state.pending.length
  const transaction = state.transaction
  const run: Run = { ...newRun(instance, session), binds: new Map(Object.entries(given)) }
  try {
    await execute(new Frame(run, undefined))
  } catch (error) {
    // What was committed meanwhile is gone from the list.
    if (state.transaction === transaction) state.pending.splice(before)
    else state.pending.length = 0
    leaveUnit(error, '')
    throw error instanceof OraError ? withBacktrace(error) : error
  }
  return { outs: new Map([...run.assigned].map((name) => [name, run.binds.get(name) ?? null])), rowCount: run.rowCount }
}
