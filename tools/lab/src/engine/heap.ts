import { blockType, isUnlogged } from '../storage/block.ts'
import { appendRow, encodeRow, freeBytes, readRows, writeRows } from './block-rows.ts'
import type { HeapTable, RowValue, SegmentUse, TableAlteration, TableChange } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { growFile } from './file-growth.ts'
import { named } from './file-verification.ts'
import { DICTIONARY_OBJECT, UNDO_OBJECT } from './objects.ts'
import { ora } from './ora-error.ts'
import type { DatafileRecord } from './records.ts'
import { chainOf, RowChains, rowPieces } from './row-chains.ts'
import { ENTRIES_PER_MAP, firstFreeBlock, isMapBlock, mapBlockOf, ownerOf, setOwner } from './space-map.ts'
import { containerOf } from './structure.ts'
import type { Transaction } from './transactions.ts'

interface Place {
  readonly file: number
  readonly block: number
}

interface Segment {
  readonly objectId: number
  readonly type: number
  readonly tablespace: string
  readonly places: Place[]
}

interface TableEntry {
  readonly table: HeapTable
  readonly segment: Segment
  /** Keys of the first column when that is called ID. */
  readonly index: Segment | undefined
}

type Row = readonly RowValue[]

/** Where the tables of a container are; the instances of a cluster share it. */
export class HeapState {
  tables: Map<string, TableEntry> = new Map()
  dictionary: Segment = { objectId: DICTIONARY_OBJECT, type: blockType.data, tablespace: 'SYSTEM', places: [] }
  lastObject = 100
}

/** The heap tables of an open database, found through the dictionary in SYSTEM's blocks and the files' space maps. */
export class Heap {
  readonly #kernel: Kernel
  readonly #conId: number
  readonly #state: HeapState
  #undo: Place | undefined

  /** @param conId the container whose files these are, 0 when the database is no CDB */
  constructor(kernel: Kernel, conId: number, state: HeapState = new HeapState()) {
    this.#kernel = kernel
    this.#conId = conId
    this.#state = state
  }

  /** Records of the container's files. */
  get #records(): readonly DatafileRecord[] {
    return this.#kernel.control.data.datafiles.filter((d) => containerOf(d) === this.#conId)
  }

  /** Reads maps and dictionary out of the open files. */
  async load(): Promise<void> {
    const owned = new Map<number, Place[]>()
    const own = new Set(this.#records.map((d) => d.file))
    for (const { header } of this.#kernel.files.all) {
      if (!own.has(header.file)) continue
      let map = await this.#kernel.cache.get(header.file, 2)
      for (let block = firstFreeBlock(header); block <= header.blocks; block += 1) {
        if (block % ENTRIES_PER_MAP === 0) map = await this.#kernel.cache.get(header.file, mapBlockOf(header, block))
        if (isMapBlock(header, block)) continue
        const objectId = ownerOf(map, block)
        if (objectId === 0) continue
        this.#state.lastObject = Math.max(this.#state.lastObject, objectId)
        const places = owned.get(objectId) ?? []
        places.push({ file: header.file, block })
        owned.set(objectId, places)
      }
    }
    this.#state.tables = new Map()
    this.#state.dictionary = { objectId: DICTIONARY_OBJECT, type: blockType.data, tablespace: 'SYSTEM', places: owned.get(DICTIONARY_OBJECT) ?? [] }
    for (const row of await this.#rows(this.#state.dictionary)) {
      const [objectId, indexId, owner, name, tablespace, columns, nologging] = row as [number, number | null, string, string, string, string, string?]
      this.#state.lastObject = Math.max(this.#state.lastObject, objectId, indexId ?? 0)
      this.#state.tables.set(`${owner}.${name}`, {
        table: { owner, name, tablespace, columns: JSON.parse(columns) as HeapTable['columns'], ...(nologging === undefined ? {} : { nologging: true }) },
        segment: { objectId, type: blockType.data, tablespace, places: owned.get(objectId) ?? [] },
        index: indexId === null ? undefined : { objectId: indexId, type: blockType.index, tablespace, places: owned.get(indexId) ?? [] },
      })
    }
  }

  get tables(): readonly HeapTable[] {
    return [...this.#state.tables.values()].map((t) => t.table)
  }

  get segments(): readonly SegmentUse[] {
    const use = (owner: string, name: string, type: SegmentUse['type'], { tablespace, places }: Segment): SegmentUse => ({ owner, name, type, tablespace, blocks: places })
    return [
      use('SYS', '_DICTIONARY', 'TABLE', this.#state.dictionary),
      ...[...this.#state.tables.values()].flatMap(({ table, segment, index }) => [use(table.owner, table.name, 'TABLE', segment), ...(index === undefined ? [] : [use(table.owner, `I_${table.name}`, 'INDEX', index)])]),
    ]
  }

  /** @throws OraError 00942 */
  #entry(owner: string, name: string): TableEntry {
    const entry = this.#state.tables.get(`${owner}.${name}`)
    if (entry === undefined) throw ora(942, 'table or view does not exist')
    return entry
  }

  async read(owner: string, name: string): Promise<Row[]> {
    return this.#rows(this.#entry(owner, name).segment)
  }

  async #rows(segment: Segment): Promise<Row[]> {
    const chains = new RowChains()
    for (const { file, block } of segment.places) for (const row of this.#rowsIn(file, block, await this.#kernel.cache.get(file, block))) chains.add(row)
    return chains.rows
  }

  /** @throws OraError 01578 with 26040 for a block that recovery found to be written without redo */
  #rowsIn(file: number, block: number, buffer: Buffer): RowValue[][] {
    this.#refuseUnlogged(file, block, buffer)
    return readRows(buffer)
  }

  #refuseUnlogged(file: number, block: number, buffer: Buffer): void {
    if (!isUnlogged(buffer)) return
    const record = this.#records.find((d) => d.file === file)
    throw ora(1578, `ORACLE data block corrupted (file # ${file}, block # ${block})`, ...(record === undefined ? [] : [named(record)]), [26040, 'Data block was loaded using the NOLOGGING option'])
  }

  /** @throws OraError 00955 when the name is taken, 00959 without the tablespace */
  async create(table: HeapTable): Promise<void> {
    const key = `${table.owner}.${table.name}`
    if (this.#state.tables.has(key)) throw ora(955, 'name is already used by an existing object')
    if (!this.#records.some((d) => d.tablespace === table.tablespace)) throw ora(959, `tablespace '${table.tablespace}' does not exist`)
    const indexed = table.columns[0]?.name === 'ID'
    const objectId = this.#state.lastObject + 1
    this.#state.lastObject += 2
    await this.#transact(async (tx) => {
      await this.#append(tx, this.#state.dictionary, [[objectId, indexed ? objectId + 1 : null, table.owner, table.name, table.tablespace, JSON.stringify(table.columns), ...(table.nologging === true ? ['NOLOGGING'] : [])]])
    })
    const segment = { objectId, type: blockType.data, tablespace: table.tablespace, places: [] }
    this.#state.tables.set(key, { table, segment, index: indexed ? { ...segment, objectId: objectId + 1, type: blockType.index, places: [] } : undefined })
  }

  async drop(owner: string, name: string): Promise<void> {
    const { segment, index } = this.#entry(owner, name)
    await this.#transact(async (tx) => {
      for (const s of index === undefined ? [segment] : [segment, index]) for (const { file, block } of s.places) setOwner(await tx.edit(file, mapBlockOf(this.#kernel.files.get(file).header, block)), block, 0)
      await this.#change(tx, this.#state.dictionary, (row) => (row[0] === segment.objectId ? null : undefined))
    })
    this.#state.tables.delete(`${owner}.${name}`)
  }

  /** The tables of a dropped tablespace are gone with its files; the dictionary forgets them in the same transaction. */
  async forgetTablespace(tx: Transaction, tablespace: string): Promise<void> {
    await this.#change(tx, this.#state.dictionary, (row) => (row[4] === tablespace ? null : undefined))
    for (const [key, { table }] of this.#state.tables) if (table.tablespace === tablespace) this.#state.tables.delete(key)
  }

  async insert(owner: string, name: string, rows: readonly Row[]): Promise<bigint> {
    const { table, segment, index } = this.#entry(owner, name)
    for (const row of rows) if (row.length !== table.columns.length) throw ora(947, 'not enough values')
    const { scn } = await this.#transact(async (tx) => {
      const places = await this.#append(tx, segment, rows)
      if (index !== undefined) await this.#append(tx, index, rows.map((row, i) => [row[0] ?? null, places[i]?.file ?? 0, places[i]?.block ?? 0]))
      await this.#noteUndo(tx)
    })
    return scn
  }

  /** `change` gives the new row, or undefined to leave it. */
  async update(owner: string, name: string, change: (row: Row) => Row | undefined): Promise<bigint> {
    const { segment } = this.#entry(owner, name)
    const { scn } = await this.#transact(async (tx) => {
      if ((await this.#change(tx, segment, change)) > 0) await this.#noteUndo(tx)
    })
    return scn
  }

  /** @returns the number of rows */
  async delete(owner: string, name: string, which: (row: Row) => boolean): Promise<number> {
    const { segment } = this.#entry(owner, name)
    const { result } = await this.#transact(async (tx) => {
      const count = await this.#change(tx, segment, (row) => (which(row) ? null : undefined))
      if (count > 0) await this.#noteUndo(tx)
      return count
    })
    return result
  }

  /** Another name or other columns, in one transaction with the rows' new shape. */
  async alter(owner: string, name: string, { name: newName = name, columns, nologging, change }: TableAlteration): Promise<void> {
    const entry = this.#entry(owner, name)
    const table: HeapTable = { ...entry.table, name: newName, columns: columns ?? entry.table.columns, nologging: nologging ?? entry.table.nologging === true }
    await this.#transact(async (tx) => {
      if (change !== undefined) await this.#change(tx, entry.segment, change)
      await this.#change(tx, this.#state.dictionary, (row) => (row[0] === entry.segment.objectId ? [...row.slice(0, 3), newName, ...row.slice(4, 5), JSON.stringify(table.columns), ...(table.nologging === true ? ['NOLOGGING'] : [])] : undefined))
    })
    this.#state.tables.delete(`${owner}.${name}`)
    this.#state.tables.set(`${owner}.${newName}`, { ...entry, table })
  }

  /** Changes of several tables, committed together. */
  async apply(changes: readonly TableChange[]): Promise<bigint> {
    const { scn } = await this.#transact(async (tx) => {
      const unlogged: Place[] = []
      for (const { owner, name, insert, change, direct } of changes) {
        const { table, segment, index } = this.#entry(owner, name)
        if (change !== undefined) await this.#change(tx, segment, change)
        if (insert !== undefined) {
          const before = segment.places.length
          if (direct === true && insert.length > 0) await this.#extend(tx, segment)
          const places = await this.#append(tx, segment, insert)
          if (index !== undefined) await this.#append(tx, index, insert.map((row, i) => [row[0] ?? null, places[i]?.file ?? 0, places[i]?.block ?? 0]))
          if (direct === true && table.nologging === true && !this.#kernel.control.data.forceLogging) unlogged.push(...segment.places.slice(before))
        }
      }
      await this.#noteUndo(tx)
      await this.#kernel.transactions.writeUnlogged(tx, unlogged)
    })
    return scn
  }

  /** A transaction that fails may have given blocks to segments in memory: then the maps are read again. */
  async #transact<T>(body: (tx: Transaction) => Promise<T>): Promise<{ readonly scn: bigint; readonly result: T }> {
    try {
      return await this.#kernel.transactions.run(body)
    } catch (error) {
      if (this.#kernel.files.all.length > 0) await this.load()
      throw error
    }
  }

  /** Runs over all rows; null removes one. Rows that no longer fit move to the segment's end. */
  async #change(tx: Transaction, segment: Segment, change: (row: Row) => Row | null | undefined): Promise<number> {
    let changed = 0
    const moved: Row[] = []
    const chained = await this.#chained(tx, segment)
    const decisions = new Map([...chained].map(([chain, row]) => [chain, change(row)]))
    for (const next of decisions.values()) {
      if (next !== undefined) changed += 1
      if (next !== undefined && next !== null) moved.push(next)
    }
    for (const { file, block } of segment.places) {
      const rows: Row[] = []
      let touched = false
      for (const row of this.#rowsIn(file, block, await tx.read(file, block))) {
        const chain = chainOf(row)
        if (chain !== undefined) {
          if (decisions.get(chain) === undefined) rows.push(row)
          else touched = true
          continue
        }
        const next = change(row)
        if (next !== undefined) {
          touched = true
          changed += 1
        }
        // A row that became too long for one piece moves to the end, in pieces.
        if (next !== null && next !== undefined && rowPieces(next).length > 1) moved.push(next)
        else if (next !== null) rows.push(next ?? row)
      }
      if (touched) moved.push(...writeRows(await tx.edit(file, block), rows))
    }
    if (moved.length > 0) await this.#append(tx, segment, moved)
    return changed
  }

  /** The rows of a segment that stand in several pieces, by their chain. */
  async #chained(tx: Transaction, segment: Segment): Promise<ReadonlyMap<string, Row>> {
    const chains = new RowChains()
    for (const { file, block } of segment.places) for (const row of this.#rowsIn(file, block, await tx.read(file, block))) if (chainOf(row) !== undefined) chains.add(row)
    return chains.chained
  }

  async #append(tx: Transaction, segment: Segment, rows: readonly Row[]): Promise<Place[]> {
    const where: Place[] = []
    for (const row of rows) {
      const pieces = rowPieces(row)
      for (const [index, bytes] of pieces.entries()) {
        let place = segment.places.at(-1)
        if (place !== undefined) this.#refuseUnlogged(place.file, place.block, await tx.read(place.file, place.block))
        if (place === undefined || freeBytes(await tx.read(place.file, place.block)) < bytes.length + 2) place = await this.#extend(tx, segment)
        appendRow(await tx.edit(place.file, place.block), bytes)
        if (index === 0) where.push(place)
      }
    }
    return where
  }

  /** The next free block of the tablespace becomes the segment's; a file that may grows for it. @throws OraError 01653, 01237 */
  async #extend(tx: Transaction, segment: Segment): Promise<Place> {
    const records = this.#records.filter((record) => record.tablespace === segment.tablespace && this.#kernel.files.has(record.file))
    for (const record of records) {
      if (record.enabled === 'READ ONLY') throw ora(372, `file ${record.file} cannot be modified at this time`, [1110, `data file ${record.file}: '${record.name}'`])
      const place = await this.#takeFree(tx, segment, record, firstFreeBlock(record))
      if (place !== undefined) return place
    }
    for (const record of records) {
      const { blocks, autoextend } = record
      if (autoextend === undefined || autoextend.max <= blocks) continue
      await growFile(this.#kernel, record, Math.min(autoextend.max, blocks + autoextend.next))
      const place = await this.#takeFree(tx, segment, record, blocks + 1)
      if (place !== undefined) return place
    }
    throw ora(1653, `unable to extend table by 8 in tablespace ${segment.tablespace}`)
  }

  async #takeFree(tx: Transaction, segment: Segment, record: DatafileRecord, from: number): Promise<Place | undefined> {
    let map: Buffer | undefined
    for (let block = from; block <= record.blocks; block += 1) {
      if (map === undefined || block % ENTRIES_PER_MAP === 0) map = await tx.read(record.file, mapBlockOf(record, block))
      if (isMapBlock(record, block) || ownerOf(map, block) !== 0) continue
      setOwner(await tx.edit(record.file, mapBlockOf(record, block)), block, segment.objectId)
      await tx.format(record.file, block, segment.type, segment.objectId)
      const place = { file: record.file, block }
      segment.places.push(place)
      return place
    }
    return undefined
  }

  /** Every transaction leaves a trace in the undo tablespace: 64 bytes in a ring of its blocks. */
  async #noteUndo(tx: Transaction): Promise<void> {
    const { control, parameters, scn } = this.#kernel
    const named = parameters.get('undo_tablespace').toUpperCase()
    // Local undo (12.2): each container has its own; before, PDBs use the root's.
    const undo = [...this.#records, ...control.data.datafiles.filter((d) => containerOf(d) <= 1)].filter((d) => d.tablespace.startsWith('UNDO') || d.tablespace === named)
    const own = undo.filter((d) => containerOf(d) === this.#conId)
    const record = (own.length > 0 ? own : undo).find((d) => d.tablespace === named) ?? (own[0] ?? undo[0])
    if (record === undefined) return
    const first = firstFreeBlock(record)
    const bytes = encodeRow([String(scn.current + 1n), this.#kernel.host.now(), 'x'.repeat(24)])
    if (this.#undo === undefined || freeBytes(await tx.read(record.file, this.#undo.block)) < bytes.length + 2) {
      const ring = record.blocks - first + 1
      let block = this.#undo === undefined ? first + Number(scn.current % BigInt(ring)) : first + ((this.#undo.block - first + 1) % ring)
      if (isMapBlock(record, block)) block = block === record.blocks ? first : block + 1
      this.#undo = { file: record.file, block }
      setOwner(await tx.edit(record.file, mapBlockOf(record, block)), block, UNDO_OBJECT)
      writeRows(await tx.format(record.file, block, blockType.undo, UNDO_OBJECT), [])
    }
    appendRow(await tx.edit(record.file, this.#undo.block), bytes)
  }
}
