import type { HeapColumn, Instance } from '../../engine/instance-api.ts'
import { ora } from '../../engine/ora-error.ts'
import type { NewConstraint } from './column-definitions.ts'
import { detailsOf, type QualifiedName, type TableConstraint, type TableDetails } from './names.ts'
import { schemaOf } from './schema-store.ts'

/** Gives a constraint a name: `SYS_C00…` when it has none. @throws OraError 02264 */
export function nameConstraint(constraint: NewConstraint, others: readonly TableConstraint[], instance: Instance): TableConstraint {
  const used = new Set([...others, ...schemaOf(instance).all<TableDetails>('TABLE').flatMap((table) => table.definition.constraints)].map((other) => other.name))
  if (constraint.name !== undefined) {
    if (used.has(constraint.name)) throw ora(2264, 'name already used by an existing constraint')
    return { ...constraint, name: constraint.name, generated: false }
  }
  let number = 7000 + used.size
  while (used.has(`SYS_C00${String(number)}`)) number++
  return { ...constraint, name: `SYS_C00${String(number)}`, generated: true }
}

/** Columns and keys that a constraint names must be there. @throws OraError 00904, 02260, 02261, 02270 */
export function checkNewConstraint(constraint: TableConstraint, table: QualifiedName & { readonly columns: readonly HeapColumn[] }, others: readonly TableConstraint[], instance: Instance): TableConstraint {
  for (const column of constraint.columns) if (!table.columns.some((candidate) => candidate.name === column)) throw ora(904, `"${column}": invalid identifier`)
  if (constraint.type === 'P' && others.some((other) => other.type === 'P')) throw ora(2260, 'table can have only one primary key')
  if (constraint.type !== 'R' || constraint.references === undefined) return constraint
  const { references } = constraint
  const own = references.owner === table.owner && references.name === table.name
  if (!own && !instance.tables().some((candidate) => candidate.owner === references.owner && candidate.name === references.name)) throw ora(942, 'table or view does not exist')
  const keys = (own ? others : detailsOf(instance, references).constraints).filter((other) => other.type === 'P' || other.type === 'U')
  const key = references.columns.length === 0 ? keys.find((candidate) => candidate.type === 'P') : keys.find((candidate) => candidate.columns.join() === references.columns.join())
  if (key === undefined) throw references.columns.length === 0 ? ora(2268, 'referenced table does not have a primary key') : ora(2270, 'no matching unique or primary key for this column-list')
  if (key.columns.length !== constraint.columns.length) throw ora(2256, 'number of referencing columns must match referenced columns')
  return { ...constraint, references: { ...references, columns: key.columns } }
}
