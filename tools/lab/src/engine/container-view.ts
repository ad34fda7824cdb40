import type { Containers } from './containers.ts'
import type { Heap } from './heap.ts'
import type { HeapTable, Instance, RowValue } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { omfName } from './omf.ts'
import { ora } from './ora-error.ts'
import { addTempfile } from './tempfiles.ts'
import { addFile, containerOf, dropTablespace, guidOf, moveDatafile, setReadOnly, tablespaceAttributes } from './structure.ts'

interface Parts {
  readonly kernel: Kernel
  readonly containers: Containers
}

/** What differs in a PDB. */
type Local = Pick<Instance, 'container' | 'tables' | 'segments' | 'readTable' | 'createTable' | 'dropTable' | 'insertRows' | 'updateRows' | 'deleteRows' | 'applyChanges' | 'alterTable' | 'createTablespace' | 'addDatafile' | 'addTempfile' | 'dropTablespace' | 'setTablespaceReadOnly' | 'moveDatafile' | 'omfName' | 'inContainer'>

/** The instance as a session in a PDB sees it: the PDB's tables and tablespaces, everything else as in the root. */
export function containerView(instance: Instance, conId: number, { kernel, containers }: Parts): Instance {
  /** @throws OraError 01219 */
  const open = (): Heap => {
    const heap = containers.heap(conId)
    if (heap === undefined) throw ora(1219, 'database or pluggable database not open: queries allowed on fixed tables or views only')
    return heap
  }
  /** @throws OraError 01109, 16000 */
  const writable = (): Heap => {
    const heap = containers.heap(conId)
    if (heap === undefined) throw ora(1109, 'database not open')
    if (containers.mode(conId) !== 'READ WRITE') throw ora(16000, 'database or pluggable database open for read-only access')
    return heap
  }
  const has = (tablespace: string): boolean => kernel.control.data.datafiles.some((d) => d.tablespace === tablespace && containerOf(d) === conId)
  const local: Local = {
    container: conId,
    inContainer: (other) => instance.inContainer(other),
    tables: (): readonly HeapTable[] => containers.heap(conId)?.tables ?? [],
    segments: () => containers.heap(conId)?.segments ?? [],
    readTable: async (owner, name): Promise<readonly (readonly RowValue[])[]> => open().read(owner, name),
    createTable: async (table) => { await writable().create(table) },
    dropTable: async (owner, name) => { await writable().drop(owner, name) },
    insertRows: async (owner, name, rows) => writable().insert(owner, name, rows),
    updateRows: async (owner, name, change) => writable().update(owner, name, change),
    deleteRows: async (owner, name, which) => writable().delete(owner, name, which),
    alterTable: async (owner, name, change) => { await writable().alter(owner, name, change) },
    applyChanges: async (changes) => writable().apply(changes),
    omfName: (kind, tablespace) => omfName(kernel.parameters, kind, tablespace, guidOf(kernel.control.data, conId)),
    createTablespace: async (name, files, options = {}) => {
      writable()
      if (has(name)) throw ora(1543, `tablespace '${name}' already exists`)
      const wanted = tablespaceAttributes(kernel, options)
      for (const file of files) await addFile(kernel, conId, name, file, wanted)
    },
    addDatafile: async (tablespace, file) => {
      writable()
      if (!has(tablespace)) throw ora(959, `tablespace '${tablespace}' does not exist`)
      await addFile(kernel, conId, tablespace, file)
    },
    addTempfile: async (tablespace, file) => {
      writable()
      await addTempfile(kernel, conId, tablespace, file)
    },
    dropTablespace: async (name, options) => { await dropTablespace(kernel, writable(), conId, name, options.includingDatafiles) },
    moveDatafile: async (file, to, options) => {
      writable()
      await moveDatafile(kernel, conId, file, to, options)
    },
    setTablespaceReadOnly: async (name, readOnly) => {
      writable()
      await setReadOnly(kernel, conId, name, readOnly)
    },
  }
  return new Proxy(instance, {
    get(target, property) {
      if (Object.hasOwn(local, property)) return Reflect.get(local, property) as unknown
      // Before it is open a PDB is as a mounted database is to its sessions.
      if (property === 'status' && target.status === 'OPEN' && containers.heap(conId) === undefined) return 'MOUNTED'
      if (property === 'openMode') return containers.mode(conId) ?? 'MOUNTED'
      const value = Reflect.get(target, property, target) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
