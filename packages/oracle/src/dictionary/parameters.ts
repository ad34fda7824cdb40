import type { BindValue, RowOf, SqlSession, TypedQuery } from '../sql-session.ts'
import { withBinds } from './read-options.ts'
import type { ReadOptions } from './read-options.ts'

const parameterColumns = {
  name: 'text!',
  value: 'text',
  isDefault: 'yesno!',
} as const

/** V$PARAMETER. */
export type ParameterRow = RowOf<typeof parameterColumns>

/** The query for some names, or for everything that is not at its default. */
export function parametersQuery(names?: readonly string[]): { readonly query: TypedQuery<typeof parameterColumns>; readonly binds: Readonly<Record<string, BindValue>> } {
  const binds: Record<string, BindValue> = {}
  names?.forEach((name, index) => (binds[`n${String(index)}`] = name.toLowerCase()))
  const where =
    names === undefined
      ? "isdefault = 'FALSE'"
      : `name in (${Object.keys(binds)
          .map((key) => `:${key}`)
          .join(', ')})`
  return { query: { name: 'v$parameter', columns: parameterColumns, sql: `select name, value, isdefault from v$parameter where ${where} order by name` }, binds }
}

/** Named parameters, or (without `names`) all that are not at their default. */
export async function readParameters(session: SqlSession, options: ReadOptions & { readonly names?: readonly string[] } = {}): Promise<readonly ParameterRow[]> {
  if (options.names?.length === 0) return []
  const { query, binds } = parametersQuery(options.names)
  return session.query(query, withBinds(binds, options))
}

const serverParameterColumns = {
  /** `*` or one instance's SID. */
  sid: 'text!',
  name: 'text!',
  value: 'text',
} as const

/** V$SPPARAMETER: what the server parameter file sets; empty when the instance runs from a pfile. */
export type ServerParameterRow = RowOf<typeof serverParameterColumns>

export const serverParametersQuery: TypedQuery<typeof serverParameterColumns> = {
  name: 'v$spparameter',
  columns: serverParameterColumns,
  sql: "select sid, name, value from v$spparameter where isspecified = 'TRUE' order by name, sid",
}

export function readServerParameters(session: SqlSession, options?: ReadOptions): Promise<readonly ServerParameterRow[]> {
  return session.query(serverParametersQuery, options)
}
