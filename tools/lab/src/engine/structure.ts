import { copyFile, stat } from 'node:fs/promises'
import { BLOCK_SIZE, blockSizes, blockType, formatBlock } from '../storage/block.ts'
import type { TablespaceEncryption } from '../storage/block-cipher.ts'
import { Datafile } from '../storage/datafile.ts'
import { type FileHeader, blockSizeOf } from '../storage/file-header.ts'
import { createFile, removeFile } from '../storage/file-io.ts'
import type { RedoOperation } from '../storage/redo-record.ts'
import { parseDestination } from './archive-destinations.ts'
import type { Heap } from './heap.ts'
import type { DatafileSpec, TablespaceOptions } from './instance-api.ts'
import { inBlocks } from './file-growth.ts'
import type { Kernel } from './kernel.ts'
import { isOmf, newFileName, omfName } from './omf.ts'
import { linesOf, ora } from './ora-error.ts'
import { createFailed } from './os-error.ts'
import type { Parameters } from './parameters.ts'
import type { ControlFileData, DatafileRecord } from './records.ts'
import { beginFlashbackLogs, endFlashbackLogs } from './restore-points.ts'
import { mapsOf } from './space-map.ts'
import { Transaction } from './transactions.ts'

/** The header of a file as it was created. */
export function creationHeader(data: ControlFileData, record: Pick<DatafileRecord, 'file' | 'tablespace' | 'tablespaceNumber' | 'blocks' | 'createdBlocks' | 'autoextend' | 'creationScn' | 'creationTime' | 'encryption'> & { readonly blockSize?: number }): FileHeader {
  return {
    magic: 'ICBLAB DATAFILE', dbid: data.dbid, dbName: data.name, file: record.file, tablespace: record.tablespace, tablespaceNumber: record.tablespaceNumber, blocks: record.createdBlocks ?? record.blocks,
    creationScn: record.creationScn, creationTime: record.creationTime, checkpointScn: record.creationScn, checkpointTime: record.creationTime, resetlogsScn: data.resetlogsScn,
    resetlogsId: data.resetlogsId, fuzzy: false, absoluteFuzzyScn: 0n, copy: null, ...(record.encryption === undefined ? {} : { encryption: record.encryption }), ...(blockSizeOf(record) === BLOCK_SIZE ? {} : { blockSize: blockSizeOf(record) }), ...(record.autoextend === undefined ? {} : { autoextend: record.autoextend }),
  }
}

/** A datafile as it was at its creation: empty blocks and an empty space map. Redo makes the rest. */
export async function createDatafile(real: string, header: FileHeader, parents: boolean): Promise<Datafile> {
  const datafile = await Datafile.create(real, header, { parents })
  for (const map of mapsOf(header)) await datafile.writeBlocks(map, formatBlock(header.file, map, blockType.map, 0, header.creationScn, datafile.blockSize))
  return datafile
}

/** ORA-01119 and why. */
export function notCreated(name: string, error: unknown): Error {
  return ora(1119, `error in creating database file '${name}'`, ...(name.startsWith('+') ? linesOf(createFailed(name, error)).slice(1) : [[27040, `file create error, unable to create file\n${String(error)}`] as const]))
}

export function newDatafileRecord(operation: Extract<RedoOperation, { op: 'create-file' }>, name: string): DatafileRecord {
  const { file, tablespace, tablespaceNumber, blocks, creationScn, creationTime, conId, encryption, autoextend, blockSize = BLOCK_SIZE } = operation
  return {
    file, name, tablespace, tablespaceNumber, blocks, blockSize, creationScn, creationTime, checkpointScn: creationScn, checkpointTime: creationTime,
    status: tablespace === 'SYSTEM' ? 'SYSTEM' : 'ONLINE', enabled: 'READ WRITE', stopScn: null, unrecoverableScn: 0n, unrecoverableTime: null,
    ...(conId === undefined ? {} : { conId }), ...(encryption === undefined ? {} : { encryption }), ...(autoextend === undefined ? {} : { autoextend }),
  }
}

/** Whether the buffer cache has a pool for blocks of a size: that of DB_BLOCK_SIZE is always there. */
export function hasPool(parameters: Parameters, blockSize: number): boolean {
  return blockSize === parameters.number('db_block_size') || !/^0[KMG]?$/i.test(parameters.get(`db_${blockSize / 1024}k_cache_size`) || '0')
}

/** What CREATE TABLESPACE asks for. @throws OraError 28365, 29339 */
export function tablespaceAttributes({ keystore, parameters }: Kernel, { encrypted, blockSize }: TablespaceOptions): { readonly encryption?: TablespaceEncryption; readonly blockSize: number | undefined } {
  if (blockSize !== undefined && !hasPool(parameters, blockSize)) throw ora(29339, `tablespace block size ${blockSize} does not match configured block sizes`)
  if (blockSize !== undefined && !blockSizes.includes(blockSize)) throw ora(3001, 'unimplemented feature')
  return { blockSize, ...(encrypted === true ? { encryption: keystore.newTablespaceKey() } : {}) }
}

/** Adds a datafile to a tablespace, or its first one. @throws OraError 01119, 01537, 01543 */
export async function addFile(kernel: Kernel, conId: number, tablespace: string, { path: given, bytes, autoextend }: DatafileSpec, wanted: { readonly encryption?: TablespaceEncryption | undefined; readonly blockSize?: number | undefined } = {}): Promise<void> {
  const { control, files, transactions, scn, host, parameters, tracker } = kernel
  await transactions.exclusive(async () => {
    const data = control.data
    const name = given === undefined ? omfName(parameters, 'datafile', tablespace, guidOf(data, conId)) : newFileName(parameters, given, 'datafile', tablespace, guidOf(data, conId))
    if (data.datafiles.some((d) => d.name === name)) throw ora(1537, `cannot add file '${name}' - file already part of database`)
    const own = data.datafiles.filter((d) => containerOf(d) === conId)
    const sameTablespace = own.find((d) => d.tablespace === tablespace)
    const file = nextFileNumber(data)
    const tablespaceNumber = sameTablespace?.tablespaceNumber ?? Math.max(-1, ...own.map((d) => d.tablespaceNumber)) + 1
    const encryption = wanted.encryption ?? sameTablespace?.encryption
    const blockSize = wanted.blockSize ?? sameTablespace?.blockSize ?? BLOCK_SIZE
    const creationScn = scn.next()
    const operation = { op: 'create-file' as const, file, name, tablespace, tablespaceNumber, blocks: Math.max(16, Math.floor(bytes / blockSize)), creationScn, creationTime: host.now(), ...(conId === 0 ? {} : { conId }), ...(encryption === undefined ? {} : { encryption }), ...(blockSize === BLOCK_SIZE ? {} : { blockSize }), ...(autoextend === undefined ? {} : { autoextend: inBlocks(autoextend, blockSize) }) }
    const header = creationHeader(data, operation)
    let datafile: Datafile
    try {
      datafile = await createDatafile(host.real(name), header, isOmf(name))
    } catch (error) {
      throw notCreated(name, error)
    }
    await datafile.writeHeader({ ...header, fuzzy: true })
    const tx = new Transaction(kernel)
    tx.operations.push(operation)
    await control.update((d) => { d.datafiles.push(newDatafileRecord(operation, name)) })
    files.add(file, datafile)
    tracker.added(file, operation.blocks, creationScn)
    for (const map of mapsOf(header)) kernel.history.note(creationScn, file, map, (await datafile.readBlocks(map, 1)))
    await kernel.history.write()
    await transactions.commit(tx)
    await kernel.logWriter.flush()
  })
}

/** Container of a file: 0 when the database is no CDB. */
export const containerOf = (record: { readonly conId?: number }): number => record.conId ?? 0

/** Directory of a PDB's files; undefined for the root and for a database that is no CDB. */
export function guidOf(data: ControlFileData, conId: number): string | undefined {
  return conId > 1 ? data.pdbs?.find((p) => p.conId === conId)?.guid : undefined
}

export function nextFileNumber(data: ControlFileData): number {
  let file = 1
  while (data.datafiles.some((d) => d.file === file)) file += 1
  return file
}

/** @throws OraError 00959, 01541, 01543 */
export async function dropTablespace(kernel: Kernel, heap: Heap, conId: number, name: string, includingDatafiles: boolean): Promise<void> {
  const { control, files, cache, transactions, tracker, host } = kernel
  if (name === 'SYSTEM') throw ora(1541, 'system tablespace cannot be brought offline; shut down if necessary')
  const records = control.data.datafiles.filter((d) => d.tablespace === name && containerOf(d) === conId)
  if (records.length === 0) throw ora(959, `tablespace '${name}' does not exist`)
  const numbers = records.map((r) => r.file)
  await transactions.exclusive(async () => {
    const tx = new Transaction(kernel)
    await heap.forgetTablespace(tx, name)
    tx.operations.push({ op: 'drop-files', tablespace: name, files: numbers })
    await transactions.commit(tx)
    await kernel.logWriter.flush()
    for (const file of numbers) cache.drop(file)
    await control.update((d) => { d.datafiles = d.datafiles.filter((f) => !numbers.includes(f.file)) })
    for (const record of records) {
      await files.close(record.file)
      tracker.removed(record.file)
      if (includingDatafiles || isOmf(record.name)) await removeFile(host.real(record.name))
    }
  })
}

/** READ ONLY closes the files at an SCN; READ WRITE opens them again. */
export async function setReadOnly(kernel: Kernel, conId: number, name: string, readOnly: boolean): Promise<void> {
  const { control, transactions } = kernel
  const numbers = control.data.datafiles.filter((d) => d.tablespace === name && containerOf(d) === conId).map((d) => d.file)
  if (numbers.length === 0) throw ora(959, `tablespace '${name}' does not exist`)
  if (name === 'SYSTEM') throw ora(1643, 'system tablespace cannot be made read-only')
  await transactions.exclusive(async () => {
    const tx = new Transaction(kernel)
    tx.operations.push({ op: 'read-only', files: numbers, readOnly })
    await transactions.commit(tx)
    await kernel.logWriter.flush()
    if (readOnly) await restFiles(kernel, numbers)
    await control.update((d) => { for (const f of d.datafiles) if (numbers.includes(f.file)) f.enabled = readOnly ? 'READ ONLY' : 'READ WRITE' })
    if (!readOnly) await wakeFiles(kernel, numbers)
  })
}

/** Brings files to rest: written, closed cleanly, with the SCN at which they stopped in the control file. Transactions must be kept out. */
export async function restFiles(kernel: Kernel, numbers: readonly number[]): Promise<void> {
  const { control, checkpointer } = kernel
  await checkpointer.checkpoint(new Set(numbers), { clean: true })
  await control.update((d) => { for (const f of d.datafiles) if (numbers.includes(f.file)) f.stopScn = f.checkpointScn })
}

/** Files that rested are in use again, in this incarnation. Transactions must be kept out. */
export async function wakeFiles(kernel: Kernel, numbers: readonly number[]): Promise<void> {
  const { control, files, checkpointer } = kernel
  await control.update((d) => { for (const f of d.datafiles) if (numbers.includes(f.file)) f.stopScn = null })
  for (const file of numbers) {
    const record = control.data.datafiles.find((d) => d.file === file)
    if (record === undefined) continue
    const datafile = await files.open(file, record.name, 'r+')
    await datafile.writeHeader({ ...datafile.header, fuzzy: true, resetlogsScn: control.data.resetlogsScn, resetlogsId: control.data.resetlogsId })
  }
  await checkpointer.checkpoint(new Set(numbers))
}

/** @throws OraError 01113 when it is not as new as the control file says, 01541 for SYSTEM */
export async function setOnline(kernel: Kernel, file: number, online: boolean): Promise<void> {
  const { control, files, cache, checkpointer } = kernel
  const record = control.data.datafiles.find((d) => d.file === file)
  if (record === undefined) throw ora(1516, `nonexistent log file, data file, or temporary file "${file}" in the current container`)
  if (!online) {
    if (record.tablespace === 'SYSTEM') throw ora(1541, 'system tablespace cannot be brought offline; shut down if necessary')
    if (files.has(file)) await checkpointer.checkpoint(new Set([file]))
    await control.update((d) => { for (const f of d.datafiles) if (f.file === file) f.status = 'RECOVER' })
    cache.drop(file)
    await files.close(file)
    return
  }
  if (files.all.length > 0) {
    const datafile = await files.open(file, record.name, 'r+')
    if (datafile.header.checkpointScn < control.data.checkpointScn) {
      await files.close(file)
      throw ora(1113, `file ${file} needs media recovery`, [1110, `data file ${file}: '${record.name}'`])
    }
  }
  await control.update((d) => { for (const f of d.datafiles) if (f.file === file) f.status = f.tablespace === 'SYSTEM' ? 'SYSTEM' : 'ONLINE' })
}

/**
 * ALTER DATABASE RENAME FILE: the new file must exist (log members and the tracking file aside); an Oracle-managed old file
 * is deleted, as Oracle does.
 * @throws OraError 01511 with 01516 (unknown), 01121 (in use), 01141 with 27037 (new one missing)
 */
export async function renameFile(kernel: Kernel, from: string, to: string): Promise<void> {
  const { control, host, files } = kernel
  const failed = (...below: (readonly [number, string])[]): Error => ora(1511, 'error in renaming log/data files', ...below)
  const data = control.data
  const datafile = data.datafiles.find((d) => d.name === from)
  const isLog = data.logGroups.some((g) => g.members.includes(from))
  const isTemp = data.tempfiles.some((t) => t.name === from)
  const isBct = data.bct.filename === from
  if (datafile === undefined && !isLog && !isTemp && !isBct) throw failed([1516, `nonexistent log file, data file, or temporary file "${from}" in the current container`])
  if (datafile !== undefined && files.has(datafile.file)) throw failed([1121, `cannot rename database file ${datafile.file} - file is in use or recovery`], [1110, `data file ${datafile.file}: '${from}'`])
  if (isBct && files.all.length > 0) throw ora(19771, 'cannot rename change tracking file while database is open')
  if (datafile !== undefined && !(await stat(host.real(to)).then((s) => s.isFile(), () => false))) {
    throw failed([1141, `error renaming data file ${datafile.file} - new file '${to}' not found`], [1110, `data file ${datafile.file}: '${from}'`], [27037, 'unable to obtain file status\nLinux-x86_64 Error: 2: No such file or directory'])
  }
  await control.update((d) => {
    for (const f of d.datafiles) if (f.name === from) f.name = to
    for (const t of d.tempfiles) if (t.name === from) t.name = to
    for (const g of d.logGroups) g.members = g.members.map((m) => (m === from ? to : m))
    if (d.bct.filename === from) d.bct.filename = to
  })
  if (isOmf(from) && from !== to) await removeFile(host.real(from))
}

/**
 * ALTER DATABASE MOVE DATAFILE: the file is copied while nothing is written to it and goes on under its new name. Oracle lets changes go on
 * meanwhile and makes them in both files; here they wait.
 * @throws OraError 01516 (unknown in this container), 01135 (offline), 01119 with 27038 (there already) or 27040, or 17502 in a disk group
 */
export async function moveDatafile(kernel: Kernel, conId: number, reference: string | number, given: string, options: { readonly reuse: boolean; readonly keep: boolean }): Promise<void> {
  const { control, host, files, cache, checkpointer, transactions, parameters } = kernel
  const record = control.data.datafiles.find((d) => (d.file === reference || d.name === reference) && containerOf(d) === conId)
  if (record === undefined) throw ora(1516, `nonexistent log file, data file, or temporary file "${String(reference)}" in the current container`)
  const { file, name: from } = record
  if (!files.has(file) || !['SYSTEM', 'ONLINE'].includes(record.status)) throw ora(1135, `file ${file} accessed for DML/query is offline`, [1110, `data file ${file}: '${from}'`])
  if (from === given) return
  const to = newFileName(parameters, given, 'datafile', record.tablespace, guidOf(control.data, conId))
  const failed = (code: number, text: string): Error => ora(1119, `error in creating database file '${to}'`, [code, text])
  if (!options.reuse && (await stat(host.real(to)).then(() => true, () => false))) throw failed(27038, 'created file already exists')
  await transactions.exclusive(() => checkpointer.paused(async () => {
    await cache.flush(new Set([file]))
    await (await createFile(host.real(to), { parents: isOmf(to) }).catch((error: unknown) => { throw notCreated(to, error) })).close()
    await copyFile(host.real(from), host.real(to)).catch((error: unknown) => { throw notCreated(to, error) })
    await files.replace(file, to)
    await control.update((d) => { for (const f of d.datafiles) if (f.file === file) f.name = to })
  }))
  if (!options.keep) await removeFile(host.real(from))
}

/** Flashback logging: one log in the recovery area. @throws OraError 38706 with 38709 without a recovery area, 38759 when on already */
export async function setFlashback(kernel: Kernel, on: boolean): Promise<void> {
  const { control, parameters } = kernel
  const data = control.data
  if (on === data.flashbackOn && on) throw ora(38759, 'Database is already in FLASHBACK mode' )
  if (!on) {
    await control.update((d) => { d.flashbackOn = false })
    await endFlashbackLogs(kernel)
    return
  }
  if (parameters.get('db_recovery_file_dest') === '') throw ora(38706, 'Cannot turn on FLASHBACK DATABASE logging.', [38709, 'Recovery Area is not enabled.'])
  const flashbackLogs = await beginFlashbackLogs(kernel)
  await control.update((d) => { Object.assign(d, { flashbackOn: true, flashbackLogs: [...flashbackLogs] }) })
}

/** @throws OraError 19759/19758 states, 02236 without a name to take */
export async function enableTracking(kernel: Kernel, given: string | undefined, reuse: boolean): Promise<void> {
  const { control, host, parameters, tracker, scn, files } = kernel
  if (control.data.bct.status === 'ENABLED') throw ora(19760, 'error starting change tracking', [19759, 'block change tracking is already enabled'])
  if (host.lab.edition !== 'EE') throw ora(439, 'feature not enabled: Block Change Tracking')
  if (given === undefined && parameters.get('db_create_file_dest') === '') throw ora(19773, 'must specify change tracking file name')
  const name = given === undefined ? omfName(parameters, 'changetracking', '') : newFileName(parameters, given, 'changetracking', '')
  const real = host.real(name)
  if (given !== undefined && !reuse && (await stat(real).then(() => true, () => false))) throw ora(19751, 'could not create the change tracking file', [19750, `change tracking file: '${name}'`], [27038, 'created file already exists'])
  if (isOmf(name)) await (await createFile(real, { parents: true })).close()
  let bytes: number
  try {
    bytes = await tracker.create(name, files.all.length > 0 ? scn.next() : control.data.checkpointScn)
  } catch (error) {
    throw ora(19751, 'could not create the change tracking file', [19750, `change tracking file: '${name}'`], [27040, `file create error, unable to create file\n${String(error)}`])
  }
  if (files.all.length === 0) tracker.close()
  await control.update((d) => { d.bct = { status: 'ENABLED', filename: name, bytes } })
}

/** The file is deleted when it is there. @throws OraError 19759 when not enabled */
export async function disableTracking(kernel: Kernel): Promise<void> {
  const { control, host, tracker } = kernel
  const { status, filename } = control.data.bct
  if (status === 'DISABLED') throw ora(19759, 'block change tracking is not enabled')
  tracker.close()
  await control.update((d) => { d.bct = { status: 'DISABLED', filename: null, bytes: 0 } })
  if (filename !== null) await removeFile(host.real(filename))
}


/** Refuses parameter values that Oracle refuses. @throws OraError 02097 */
export function checkParameter(name: string, value: string): void {
  if (/^log_archive_dest_\d+$/.test(name) && value !== '') parseDestination(value)
  if (/^log_archive_dest_state_\d+$/.test(name) && !/^(enable|defer|alternate|reset)$/i.test(value)) throw ora(2097, 'parameter cannot be modified because specified value is invalid', [96, `invalid value ${value} for parameter ${name}, must be from among reset, alternate, defer, enable`])
}
