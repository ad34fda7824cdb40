import type { Instance, ServerSession } from '../engine/instance-api.ts'
import type { SqlResult } from '../engine/protocol.ts'
import type { Query } from './ast.ts'
import { catalogOf } from './catalog-lookup.ts'
import type { Binds } from './compile-expression.ts'
import { QueryCompiler } from './compile-query.ts'
import { fetchResult, Workspace } from './run-query.ts'
import { statementContext } from './session-state.ts'

/** Runs a query: names and types first, then the rows of the tables it names, then SQLite. */
export async function executeQuery(instance: Instance, session: ServerSession, query: Query, binds: Binds): Promise<SqlResult> {
  const context = statementContext(instance, session)
  const compiler = new QueryCompiler(instance, session, context, binds, catalogOf(instance, session))
  const compiled = compiler.compileQuery(query, undefined)
  const workspace = new Workspace({ instance, session, statement: context })
  try {
    for (const [table, name] of compiler.tables) await workspace.load(name, table)
    return fetchResult(workspace, compiled, compiler)
  } finally {
    workspace.close()
  }
}
