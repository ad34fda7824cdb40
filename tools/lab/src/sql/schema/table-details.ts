import type { Statement } from '../statement.ts'
import type { QualifiedName, TableConstraint, TableDetails } from './names.ts'
import { saveObject, schemaOf } from './schema-store.ts'

/** Keeps what the heap does not know of a table: constraints and comments. */
export async function saveDetails({ instance }: Pick<Statement, 'instance'>, { owner, name }: QualifiedName, definition: TableDetails): Promise<void> {
  await saveObject(instance, { owner, name, type: 'TABLE', definition })
}

/** Tables whose foreign keys name this one. */
export function referencingTables(instance: Statement['instance'], target: QualifiedName): readonly (QualifiedName & { readonly constraint: TableConstraint })[] {
  return schemaOf(instance)
    .all<TableDetails>('TABLE')
    .flatMap((table) => table.definition.constraints.filter((constraint) => constraint.type === 'R' && constraint.references?.owner === target.owner && constraint.references.name === target.name).map((constraint) => ({ owner: table.owner, name: table.name, constraint })))
}
