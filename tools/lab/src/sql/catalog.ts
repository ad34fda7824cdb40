import type { Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import type { SqlType } from './bound.ts'
import type { StatementContext } from './session-state.ts'

/** A value of a view's row. DATE and TIMESTAMP columns take milliseconds UTC, or DATE text as it is stored. */
export type CellValue = RowValue | bigint | boolean

export interface ViewContext {
  readonly instance: Instance
  readonly session: ServerSession
  readonly statement: StatementContext
}

export interface CatalogColumn {
  readonly name: string
  readonly type: SqlType
}

/** A table or view that a statement can name. */
export interface CatalogTable {
  readonly owner: string
  readonly name: string
  readonly columns: readonly CatalogColumn[]
  readonly rows: (context: ViewContext) => Promise<readonly (readonly CellValue[])[]> | readonly (readonly CellValue[])[]
}

/**
 * Finds tables and views by name.
 * @throws OraError 00942, 01507 not mounted, 01219 not open
 */
export type Catalog = (path: readonly string[]) => CatalogTable
