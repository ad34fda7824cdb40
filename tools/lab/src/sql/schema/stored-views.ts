import type { Instance, ServerSession } from '../../engine/instance-api.ts'
import type { Query } from '../ast.ts'
import { Cursor } from '../cursor.ts'
import { parseQuery } from '../parse-query.ts'
import { qualify, synonymTarget, type QualifiedName } from './names.ts'
import { schemaOf } from './schema-store.ts'

export interface ViewDefinition {
  readonly text: string
  readonly columns: readonly string[] | undefined
  readonly created: number
}

/** A stored view by name, its query parsed. */
export function storedView(path: readonly string[], instance: Instance, session: ServerSession): (QualifiedName & { readonly query: Query; readonly columns: readonly string[] | undefined }) | undefined {
  const wanted = qualify(path, session)
  const schema = schemaOf(instance)
  const target = synonymTarget(wanted, instance, path.length === 1)
  const found = schema.get<ViewDefinition>('VIEW', wanted.owner, wanted.name) ?? (target === undefined ? undefined : schema.get<ViewDefinition>('VIEW', target.owner, target.name))
  if (found === undefined) return undefined
  return { owner: found.owner, name: found.name, query: parseQuery(new Cursor(found.definition.text, parseQuery)), columns: found.definition.columns }
}
