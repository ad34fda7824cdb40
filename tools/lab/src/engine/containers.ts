import { randomBytes, randomInt } from 'node:crypto'
import { removeFile } from '../storage/file-io.ts'
import { payloadEnd, PAYLOAD_START, blockObject, blockType, blockTypeOf } from '../storage/block.ts'
import { Heap, HeapState } from './heap.ts'
import type { Container } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { ora } from './ora-error.ts'
import type { DatafileRecord, PdbRecord } from './records.ts'
import { mapBlockOf, setOwner } from './space-map.ts'
import { addFile, containerOf, restFiles, wakeFiles } from './structure.ts'
import { Transaction } from './transactions.ts'

/** CDB$ROOT of a CDB, 0 for a database that is none. */
export const rootOf = (kernel: Pick<Kernel, 'control'>): number => (kernel.control.data.pdbs === undefined ? 0 : 1)
export const SEED = 2

interface Open {
  readonly mode: 'READ WRITE' | 'READ ONLY'
  readonly since: number
}

/** Blocks of the seed that one transaction brings into a new PDB. */
const BATCH = 20

/** Which containers are open, and their tables; the instances of a cluster share it. */
export class ContainersState {
  readonly heaps: Map<number, HeapState> = new Map()
  readonly open: Map<number, Open> = new Map()
}

/** The containers of an open database: their tables, and which of the PDBs are open. A database that is no CDB is one container, 0. */
export class Containers {
  readonly #kernel: Kernel
  readonly #shared: ContainersState
  readonly #own = new Map<HeapState, Heap>()

  constructor(kernel: Kernel, shared: ContainersState = new ContainersState()) {
    this.#kernel = kernel
    this.#shared = shared
  }

  /** What further instances of the database share. */
  get state(): ContainersState {
    return this.#shared
  }

  get #open(): Map<number, Open> {
    return this.#shared.open
  }

  /** The tables of a container; undefined while it is not open. */
  heap(conId: number): Heap | undefined {
    const state = this.#shared.heaps.get(conId)
    if (state === undefined) return undefined
    const heap = this.#own.get(state) ?? new Heap(this.#kernel, conId, state)
    this.#own.set(state, heap)
    return heap
  }

  /** Tables of the root, or of the whole database when it is no CDB; made at once, loaded by {@link openWith}. */
  get root(): Heap {
    const conId = rootOf(this.#kernel)
    if (!this.#shared.heaps.has(conId)) this.#shared.heaps.set(conId, new HeapState())
    return this.heap(conId) ?? new Heap(this.#kernel, conId)
  }

  mode(conId: number): Open['mode'] | undefined {
    return this.#open.get(conId)?.mode
  }

  list(databaseMode: Container['openMode'], startupTime: number): Container[] {
    const { data } = this.#kernel.control
    if (data.pdbs === undefined) return []
    const root: Container = { conId: 1, name: 'CDB$ROOT', dbid: data.dbid, conUid: 1, guid: '0'.repeat(32), openMode: databaseMode, openTime: databaseMode === 'MOUNTED' ? null : startupTime, createScn: data.resetlogsScn, savedState: null }
    return [root, ...data.pdbs.map(({ conId, name, dbid, conUid, guid, createScn, savedState }) => ({ conId, name, dbid, conUid, guid, createScn, savedState, openMode: this.mode(conId) ?? ('MOUNTED' as const), openTime: this.#open.get(conId)?.since ?? null }))]
  }

  /** The database has been opened: the seed opens read only, PDBs as their saved state says; the files of the others come to rest. */
  async openWith(mode: 'READ WRITE' | 'READ ONLY'): Promise<void> {
    await this.root.load()
    const { control, host } = this.#kernel
    for (const pdb of control.data.pdbs ?? []) {
      if (mode === 'READ ONLY') {
        if (pdb.conId === SEED) this.#open.set(SEED, { mode, since: host.now() })
        continue
      }
      const files = this.#files(pdb.conId)
      const stay = pdb.savedState === 'READ WRITE'
      if (stay) await this.#use(pdb.conId, files, true)
      else if (files.some((f) => f.stopScn === null)) await this.#use(pdb.conId, files, false)
      if (pdb.savedState !== null || pdb.conId === SEED) await this.#loaded(pdb.conId, stay ? 'READ WRITE' : 'READ ONLY')
    }
  }

  async #loaded(conId: number, mode: Open['mode']): Promise<void> {
    const state = new HeapState()
    if (conId !== SEED) await new Heap(this.#kernel, conId, state).load()
    this.#shared.heaps.set(conId, state)
    this.#open.set(conId, { mode, since: this.#kernel.host.now() })
  }

  /** Datafiles of a PDB that its tablespaces allow to be written. */
  #files(conId: number): DatafileRecord[] {
    return this.#kernel.control.data.datafiles.filter((d) => containerOf(d) === conId && d.enabled === 'READ WRITE' && d.status !== 'OFFLINE' && d.status !== 'RECOVER')
  }

  /** Takes files into use or lets them rest, and says so in the redo. */
  async #use(conId: number, records: readonly DatafileRecord[], inUse: boolean): Promise<void> {
    const files = records.filter((d) => (d.stopScn === null) !== inUse).map((d) => d.file)
    if (files.length === 0) return
    const { transactions, logWriter } = this.#kernel
    await transactions.exclusive(async () => {
      const tx = new Transaction(this.#kernel)
      tx.operations.push({ op: 'pdb-use', conId, files, inUse })
      await transactions.commit(tx)
      await logWriter.flush()
      if (inUse) await wakeFiles(this.#kernel, files)
      else await restFiles(this.#kernel, files)
    })
  }

  /** @throws OraError 65011 */
  pdb(conId: number): PdbRecord {
    const found = this.#kernel.control.data.pdbs?.find((p) => p.conId === conId)
    if (found === undefined) throw ora(65011, 'Pluggable database does not exist.')
    return found
  }

  /** @throws OraError 65011, 65017 seed, 65019 open already, 65054 the CDB is open read only */
  async open(conId: number, mode: Open['mode'], databaseMode: 'READ WRITE' | 'READ ONLY'): Promise<void> {
    const pdb = this.pdb(conId)
    if (conId === SEED) throw ora(65017, 'seed pluggable database may not be dropped or altered')
    if (this.#open.has(conId)) throw ora(65019, `pluggable database ${pdb.name} already open`)
    if (databaseMode === 'READ ONLY' && mode === 'READ WRITE') throw ora(65054, 'Cannot open a pluggable database in the desired mode.')
    if (mode === 'READ WRITE') await this.#use(conId, this.#files(conId), true)
    await this.#loaded(conId, mode)
    this.#kernel.alert(`Pluggable database ${pdb.name} opened ${mode.toLowerCase()}`)
  }

  /** @throws OraError 65011, 65017, 65020 closed already */
  async close(conId: number): Promise<void> {
    const pdb = this.pdb(conId)
    if (conId === SEED) throw ora(65017, 'seed pluggable database may not be dropped or altered')
    const open = this.#open.get(conId)
    if (open === undefined) throw ora(65020, `pluggable database ${pdb.name} already closed`)
    this.#open.delete(conId)
    this.#shared.heaps.delete(conId)
    if (open.mode === 'READ WRITE') await this.#use(conId, this.#files(conId), false)
    this.#kernel.alert(`Pluggable database ${pdb.name} closed`)
  }

  async saveState(conId: number, save: boolean): Promise<void> {
    const { control } = this.#kernel
    this.pdb(conId)
    await control.update((data) => {
      for (const p of data.pdbs ?? []) if (p.conId === conId) p.savedState = save ? (this.mode(conId) ?? null) : null
    })
  }

  /** CREATE PLUGGABLE DATABASE: the seed's files under a new GUID, block by block through the redo. @throws OraError 65012 */
  async create(name: string): Promise<void> {
    const { control, transactions, scn, host, files, cache } = this.#kernel
    if (control.data.pdbs?.some((p) => p.name === name) !== false) throw ora(65012, `Pluggable database ${name} already exists.`)
    const made = { ...newPdb(name, 1 + Math.max(SEED, ...control.data.pdbs.map((p) => p.conId))), createScn: scn.next(), created: host.now() }
    const pdb: PdbRecord = { ...made, savedState: null }
    await transactions.exclusive(async () => {
      const tx = new Transaction(this.#kernel)
      tx.operations.push({ op: 'create-pdb', pdb: made })
      await control.update((data) => { data.pdbs?.push(pdb) })
      await transactions.commit(tx)
    })
    for (const source of control.data.datafiles.filter((d) => containerOf(d) === SEED)) {
      await addFile(this.#kernel, pdb.conId, source.tablespace, { path: undefined, bytes: source.blocks * source.blockSize })
      const target = control.data.datafiles.find((d) => d.tablespace === source.tablespace && containerOf(d) === pdb.conId)
      if (target === undefined || !files.has(source.file)) continue
      const used: number[] = []
      for (let block = 2; block <= source.blocks; block += 1) {
        const type = blockTypeOf(await cache.get(source.file, block))
        if (type !== blockType.empty && type !== blockType.map) used.push(block)
      }
      for (let at = 0; at < used.length; at += BATCH) {
        await transactions.run(async (tx) => {
          for (const block of used.slice(at, at + BATCH)) {
            const from = await cache.get(source.file, block)
            const to = await tx.format(target.file, block, blockTypeOf(from), blockObject(from))
            copyPayload(from, to)
            setOwner(await tx.edit(target.file, mapBlockOf(target, block)), block, blockObject(from))
          }
        })
      }
    }
    await this.#use(pdb.conId, this.#files(pdb.conId), false)
  }

  /** @throws OraError 65011, 65017, 65025 open, 65179 */
  async drop(conId: number, includingDatafiles: boolean): Promise<void> {
    const { control, transactions, logWriter, files, cache, tracker, host } = this.#kernel
    const pdb = this.pdb(conId)
    if (conId === SEED) throw ora(65017, 'seed pluggable database may not be dropped or altered')
    if (this.#open.has(conId)) throw ora(65025, `Pluggable database ${pdb.name} is not closed on all instances.`)
    if (!includingDatafiles) throw ora(65179, 'cannot keep datafiles for a pluggable database that is not unplugged')
    const records = control.data.datafiles.filter((d) => containerOf(d) === conId)
    const numbers = records.map((d) => d.file)
    await transactions.exclusive(async () => {
      const tx = new Transaction(this.#kernel)
      tx.operations.push({ op: 'drop-files', tablespace: '', files: numbers }, { op: 'drop-pdb', conId, files: numbers })
      await transactions.commit(tx)
      await logWriter.flush()
      for (const file of numbers) cache.drop(file)
      await control.update((data) => {
        data.datafiles = data.datafiles.filter((d) => !numbers.includes(d.file))
        data.tempfiles = data.tempfiles.filter((t) => containerOf(t) !== conId)
        data.pdbs = (data.pdbs ?? []).filter((p) => p.conId !== conId)
      })
    })
    for (const record of records) {
      await files.close(record.file)
      tracker.removed(record.file)
      await removeFile(host.real(record.name))
    }
  }
}

/** Identity of a new PDB. */
export function newPdb(name: string, conId: number): Pick<PdbRecord, 'conId' | 'dbid' | 'conUid' | 'guid' | 'name'> {
  const dbid = randomInt(1_000_000_000, 4_294_967_295)
  return { conId, dbid, conUid: dbid, guid: randomBytes(16).toString('hex').toUpperCase(), name }
}

function copyPayload(from: Buffer, to: Buffer): void {
  from.copy(to, PAYLOAD_START, PAYLOAD_START, payloadEnd(from))
}
