import { ora } from '../engine/ora-error.ts'
import type { HeapTable, Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import { DATE, NUMBER, varchar } from './bound.ts'
import type { Catalog, CatalogTable } from './catalog.ts'
import { instanceNumber } from './environment.ts'
import { stateOf } from './session-state.ts'
import './views/control-file-views.ts'
import './views/dictionary-views.ts'
import './views/instance-views.ts'
import './views/repository-views.ts'
import { hasSince, viewNamed, type View } from './views/view.ts'

const noSuchTable = () => ora(942, 'table or view does not exist')
const types = { NUMBER, DATE, VARCHAR2: varchar(4000) } as const

/** Finds fixed views (also GV$ and the owner's V_$ names), dictionary views and heap tables of one instance. */
export function catalogOf(instance: Instance, session: ServerSession): Catalog {
  const known = new Map<string, CatalogTable>()
  return (path) => {
    const key = path.join('.')
    const found = known.get(key) ?? find(path, instance, session)
    known.set(key, found)
    return found
  }
}

function find(path: readonly string[], instance: Instance, session: ServerSession): CatalogTable {
  const name = path.at(-1) ?? ''
  const owner = path.at(-2)
  if (path.length > 2) throw noSuchTable()
  if (owner === undefined || owner === 'SYS') {
    const view = fixedView(name, instance)
    if (view !== undefined) return view
  }
  if (instance.status !== 'OPEN') throw ora(1219, 'database or pluggable database not open: queries allowed on fixed tables or views only')
  const table = heapTable(owner, name, instance, session)
  if (table === undefined) throw noSuchTable()
  return catalogTable(table)
}

/** The heap table that a name means for this session. */
export function heapTable(owner: string | undefined, name: string, instance: Instance, session: ServerSession): HeapTable | undefined {
  return instance.tables().find((table) => table.name === name && table.owner === (owner ?? session.username.toUpperCase()))
}

/** Rows as this session sees them: with its own changes that are not committed yet. */
export async function visibleRows(table: HeapTable, instance: Instance, session: ServerSession): Promise<readonly (readonly RowValue[])[]> {
  const stored = await instance.readTable(table.owner, table.name)
  return stateOf(session)
    .pending.filter((change) => change.owner === table.owner && change.table === table.name)
    .reduce((rows, change) => change.apply(rows), stored)
}

export function catalogTable(table: HeapTable): CatalogTable {
  return {
    owner: table.owner,
    name: table.name,
    columns: table.columns.map((column) => ({ name: column.name, type: types[column.type] })),
    rows: ({ instance, session }) => visibleRows(table, instance, session),
  }
}

function fixedView(name: string, instance: Instance): CatalogTable | undefined {
  const synonym = name.replace(/^(G?V)_\$/, '$1$')
  const cluster = synonym.startsWith('GV$')
  const view = viewNamed(cluster ? synonym.slice(1) : synonym)
  if (view === undefined || !hasSince(instance.release, view.since)) return undefined
  if (view.stage === 'open' && instance.status !== 'OPEN') throw ora(1219, 'database or pluggable database not open: queries allowed on fixed tables or views only')
  if (view.stage === 'mounted' && instance.status === 'STARTED') throw ora(1507, 'database not mounted')
  return viewTable(view, cluster, instance)
}

function viewTable(view: View, cluster: boolean, instance: Instance): CatalogTable {
  const columns = view.columns.filter((column) => hasSince(instance.release, column.since))
  return {
    owner: 'SYS',
    name: cluster ? `G${view.name}` : view.name,
    columns: cluster ? [{ name: 'INST_ID', type: NUMBER }, ...columns] : columns,
    rows: async (context) => {
      const rows = await view.rows(context)
      return rows.map((row) => [...(cluster ? [instanceNumber(instance)] : []), ...columns.map((column) => row[column.name] ?? (column.name === 'CON_ID' ? 0 : null))])
    },
  }
}
