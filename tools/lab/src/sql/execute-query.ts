import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { Query } from './ast.ts'
import { catalogOf } from './catalog-lookup.ts'
import type { Binds, CompiledQuery, NameResolver } from './compile-expression.ts'
import { QueryCompiler } from './compile-query.ts'
import { lockFoundRows } from './lock-query.ts'
import { OpenQuery, registerCalls, Workspace, type StoredValue } from './run-query.ts'
import { statementContext } from './session-state.ts'

/** Runs a query: names and types first, then the rows that it locks, then the rows of the tables it names, then SQLite. */
export async function openQuery(instance: Instance, session: ServerSession, query: Query, binds: Binds, resolver?: NameResolver): Promise<OpenQuery> {
  const { lock, ...plain } = query
  if (lock === undefined) return openPlain(instance, session, query, binds, resolver)
  describeQuery(instance, session, plain, binds, resolver)
  while (await lockFoundRows(query, instance, session, async (found) => (await queryRows(instance, session, found, binds, resolver)).rows));
  return openPlain(instance, session, plain, binds, resolver)
}

async function openPlain(instance: Instance, session: ServerSession, query: Query, binds: Binds, resolver?: NameResolver): Promise<OpenQuery> {
  const context = statementContext(instance, session)
  const compiler = new QueryCompiler(instance, session, context, binds, catalogOf(instance, session), resolver)
  const compiled = compiler.compileQuery(query, undefined)
  const workspace = new Workspace({ instance, session, statement: context })
  try {
    for (const [table, name] of compiler.tables) await workspace.load(name, table)
    registerCalls(workspace, compiler.storedCalls)
    let opened = new OpenQuery(workspace, compiled, compiler)
    if (!compiler.usesSequences && !compiler.storedCalls.used) return opened
    opened.readAll()
    while (await compiler.storedCalls.settle()) {
      opened = new OpenQuery(workspace, compiled, compiler)
      opened.readAll()
    }
    await compiler.settle()
    return opened
  } catch (error) {
    workspace.close()
    throw error
  }
}

/** Names and types of a query without running it. */
export function describeQuery(instance: Instance, session: ServerSession, query: Query, binds: Binds, resolver?: NameResolver): CompiledQuery {
  return new QueryCompiler(instance, session, statementContext(instance, session), binds, catalogOf(instance, session), resolver).compileQuery(query, undefined)
}

/** Runs a query for PL/SQL: all rows, as they are stored. */
export async function queryRows(instance: Instance, session: ServerSession, query: Query, binds: Binds, resolver?: NameResolver): Promise<{ readonly columns: CompiledQuery['columns']; readonly rows: readonly (readonly StoredValue[])[] }> {
  const opened = await openQuery(instance, session, query, binds, resolver)
  try {
    return { columns: opened.columns, rows: opened.read(Infinity) }
  } finally {
    opened.close()
  }
}
