import { ora } from '../engine/ora-error.ts'
import type { HeapTable, Instance, RowValue, ServerSession } from '../engine/instance-api.ts'
import { NUMBER } from './bound.ts'
import type { Catalog, CatalogTable, ViewContext } from './catalog.ts'
import { columnTypeOf } from './column-types.ts'
import { QueryCompiler } from './compile-query.ts'
import { instanceNumber } from './environment.ts'
import { heapTable } from './schema/names.ts'
import { storedView } from './schema/stored-views.ts'
import { stateOf } from './session-state.ts'
import './views/container-views.ts'
import './views/control-file-views.ts'
import './views/dictionary-views.ts'
import './views/asm-views.ts'
import './views/instance-views.ts'
import './views/repository-views.ts'
import './views/schema-views.ts'
import './views/segment-views.ts'
import './views/settings-views.ts'
import { hasSince, viewNamed, type View, type ViewReader, type ViewRow } from './views/view.ts'

const noSuchTable = () => ora(942, 'table or view does not exist')

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
  const table = heapTable(path, instance, session)
  if (table !== undefined) return catalogTable(table)
  const view = storedView(path, instance, session)
  if (view === undefined) throw noSuchTable()
  return { owner: view.owner, name: view.name, columns: [], rows: () => [], view }
}

/** Rows as this session sees them: with its own changes that are not committed yet. */
export async function visibleRows(table: HeapTable, instance: Instance, session: ServerSession): Promise<readonly (readonly RowValue[])[]> {
  const pending = stateOf(session).pending.filter((change) => change.owner === table.owner && change.table === table.name)
  if (pending.some((change) => change.direct === true)) throw ora(12838, 'cannot read/modify an object after modifying it in parallel')
  const stored = await instance.readTable(table.owner, table.name)
  return pending
    .reduce<readonly (readonly RowValue[])[]>((rows, { insert, change }) => (insert !== undefined ? [...rows, ...insert] : rows.flatMap((row) => { const changed = change?.(row); return changed === null ? [] : [changed ?? row] })), stored)
}

export function catalogTable(table: HeapTable): CatalogTable {
  return {
    owner: table.owner,
    name: table.name,
    columns: table.columns.map((column) => ({ name: column.name, type: columnTypeOf(column), precision: column.precision, scale: column.scale })),
    rows: ({ instance, session }) => visibleRows(table, instance, session),
  }
}

function fixedView(name: string, instance: Instance): CatalogTable | undefined {
  const synonym = name.replace(/^(G?V)_\$/, '$1$')
  const cluster = synonym.startsWith('GV$')
  const everywhere = /^CDB_/.test(synonym) && hasSince(instance.release, [12, 1])
  const view = viewNamed(cluster ? synonym.slice(1) : everywhere ? synonym.replace(/^CDB_/, 'DBA_') : synonym)
  if (view === undefined || !hasSince(instance.release, view.since)) return undefined
  if (view.stage === 'open' && instance.status !== 'OPEN') throw ora(1219, 'database or pluggable database not open: queries allowed on fixed tables or views only')
  if (view.stage === 'mounted' && instance.status === 'STARTED') throw ora(1507, 'database not mounted')
  return everywhere ? containersTable(view, instance) : viewTable(view, cluster, instance)
}

/** Views that show views compile their queries, by the catalog that found the view itself. */
function reader(context: ViewContext): ViewReader {
  const { instance, session, statement } = context
  return { ...context, describe: (query) => new QueryCompiler(instance, session, statement, {}, catalogOf(instance, session)).compileQuery(query, undefined).columns }
}

function viewTable(view: View, cluster: boolean, instance: Instance): CatalogTable {
  const columns = view.columns.filter((column) => hasSince(instance.release, column.since))
  return {
    owner: 'SYS',
    name: cluster ? `G${view.name}` : view.name,
    columns: cluster ? [{ name: 'INST_ID', type: NUMBER }, ...columns] : columns,
    rows: async (context) => {
      // GV$: the rows of every instance of the cluster.
      const all = await Promise.all((cluster ? instance.members : [instance]).map(async (member) => {
        const rows = visibleIn(instance, (await view.rows(reader(cluster ? { ...context, instance: member } : context))).map((row) => withContainer(instance, row)))
        return rows.map((row) => [...(cluster ? [instanceNumber(member)] : []), ...columns.map((column) => row[column.name] ?? null)])
      }))
      return all.flat()
    },
  }
}

/** A row with its container: its own, else that of its datafile, else 0, the whole CDB. */
function withContainer(instance: Instance, row: ViewRow): ViewRow {
  if (row['CON_ID'] !== undefined || instance.container === 0) return { CON_ID: 0, ...row }
  const file = row['FILE#'] === undefined ? undefined : instance.controlFile.datafiles.find((d) => d.file === Number(row['FILE#']))
  return { CON_ID: file?.conId ?? 0, ...row }
}

/** A PDB sees its own rows of a fixed view, and those of the whole CDB. */
function visibleIn(instance: Instance, rows: readonly ViewRow[]): readonly ViewRow[] {
  return instance.container <= 1 ? rows : rows.filter((row) => row['CON_ID'] === 0 || row['CON_ID'] === instance.container)
}

/** CDB_…: the DBA_ view of every open container, the seed excepted. */
function containersTable(view: View, instance: Instance): CatalogTable {
  const columns = view.columns.filter((column) => hasSince(instance.release, column.since))
  return {
    owner: 'SYS',
    name: view.name.replace(/^DBA_/, 'CDB_'),
    columns: columns.some((column) => column.name === 'CON_ID') ? columns : [...columns, { name: 'CON_ID', type: NUMBER }],
    rows: async (context) => {
      const all = instance.container <= 1 ? instance.containers.filter((c) => c.openMode !== 'MOUNTED' && c.conId !== 2).map((c) => c.conId) : [instance.container]
      const rows = await Promise.all((all.length === 0 ? [0] : all).map(async (conId) => {
        const found = await view.rows(reader({ ...context, instance: conId === 0 ? instance : instance.inContainer(conId) }))
        return found.map((row) => [...columns.filter((column) => column.name !== 'CON_ID').map((column) => row[column.name] ?? null), conId])
      }))
      return rows.flat()
    },
  }
}
