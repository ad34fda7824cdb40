import { access, writeFile } from 'node:fs/promises'
import { decodeControlFile, encodeControlFile, readControlFile, writeControlFile } from '../storage/control-file.ts'
import { type PieceHeader, PieceWriter, readPiece, readPieceHeader } from '../storage/backup-piece.ts'
import { outOfReach } from '../storage/disk-groups.ts'
import { createFile, isMissing } from '../storage/file-io.ts'
import { isSystemName } from './asm-names.ts'
import type { PieceTarget } from './instance-api.ts'
import type { Kernel } from './kernel.ts'
import { isOmf, newFileName, remadeName } from './omf.ts'
import { OraError, linesOf, ora, rmanError } from './ora-error.ts'
import { createFailed, readError, writeError } from './os-error.ts'
import { encodeSpfile } from './parameter-file.ts'
import type { ControlFileData } from './records.ts'

/** A piece with the control file as it is now, and the spfile with it if asked and there is one. Returns its bytes. @throws OraError 19504 */
export async function writeControlFileBackup(kernel: Kernel, piece: PieceTarget, options: { readonly spfile: boolean }): Promise<number> {
  const spfile = options.spfile ? kernel.parameters.spfileSettings : undefined
  await kernel.control.settle()
  const image = encodeControlFile(asBackup(kernel))
  return writePiece(kernel, piece, spfile === undefined ? ['controlfile'] : ['controlfile', 'spfile'], async (writer) => {
    await writer.add({ kind: 'controlfile', bytes: image })
    if (spfile !== undefined) await writer.add({ kind: 'spfile', bytes: encodeSpfile(spfile) })
  })
}

/** @throws OraError 19504; 27037 without an spfile */
export async function writeSpfileBackup(kernel: Kernel, piece: PieceTarget): Promise<number> {
  const spfile = kernel.parameters.spfileSettings
  if (spfile === undefined) throw rmanError(6062, 'can not backup SPFILE because the instance was not started with SPFILE')
  return writePiece(kernel, piece, ['spfile'], (writer) => writer.add({ kind: 'spfile', bytes: encodeSpfile(spfile) }))
}

/** A control file that could be mounted as it is, of type BACKUP. @throws OraError 01580 */
export async function writeControlFileCopy(kernel: Kernel, path: string): Promise<void> {
  await kernel.control.settle()
  try {
    await writeControlFile(kernel.host.real(path), asBackup(kernel), { create: true, sync: kernel.host.lab.fsync })
  } catch (error) {
    throw ora(1580, `error creating control backup file ${path}`, [27040, `file create error, unable to create file\n${String(error)}`])
  }
}

function asBackup(kernel: Kernel): ControlFileData {
  const data = kernel.control.data
  return { ...data, type: 'BACKUP', openMode: null, cleanShutdown: true }
}

async function writePiece(kernel: Kernel, { path, tag, setCount, setStamp, piece }: PieceTarget, contains: PieceHeader['contains'], fill: (writer: PieceWriter) => Promise<void>): Promise<number> {
  const { control, host } = kernel
  let writer: PieceWriter
  try {
    writer = await PieceWriter.create(host.real(path), { parents: isOmf(path) })
  } catch (error) {
    throw createFailed(path, error)
  }
  try {
    await fill(writer)
    return await writer.finish({
      dbid: control.data.dbid, dbName: control.data.name, release: control.data.release, setCount, setStamp, piece, tag, created: host.now(), contains, datafiles: [], logs: [],
    }, host.lab.fsync)
  } catch (error) {
    await writer.abandon()
    throw writeError(error, path)
  }
}

/** Writes the control file of a piece or copy to every path of `control_files`, as type BACKUP. @throws OraError RMAN-06172, ORA-00205 without `control_files` */
export async function restoreControlFile(kernel: Kernel, from: string): Promise<readonly string[]> {
  const data = await controlFileIn(kernel, from)
  const { paths } = kernel.control
  if (paths.length === 0) throw ora(205, 'error in identifying control file, check alert log for more info')
  const places: string[] = []
  for (const path of paths) places.push(await nameForControlFile(kernel, path))
  for (const place of places) await writeTo(kernel, place, data)
  if (places.some((place, index) => place !== paths[index])) {
    kernel.control.moveTo(places)
    const value = places.join(', ')
    kernel.parameters.setMemory('control_files', value, true)
    await kernel.parameters.setSpfile('control_files', value)
  }
  return places
}

/**
 * A control file that ASM had named is made again under another number, and the server parameter file is told. Without one nobody would
 * find it at the next MOUNT.
 * @throws OraError 19504 with 17502, 15046 for such a name in an instance without server parameter file
 */
async function nameForControlFile({ host, parameters }: Kernel, path: string): Promise<string> {
  if (!path.startsWith('+')) return path
  const there = await access(host.real(path)).then(() => true, () => false)
  if (there) return path
  try {
    return parameters.spfile === null ? newFileName(parameters, path, 'controlfile', '') : remadeName(parameters, path, 'controlfile', '')
  } catch (error) {
    throw error instanceof OraError ? ora(19504, `failed to create file "${path}"`, [17502, `ksfdcre:4 Failed to create file ${path}`], ...linesOf(error)) : error
  }
}

/** Writes the control file of a piece or copy to one path, as type BACKUP. @throws OraError RMAN-06172, ORA-19504 */
export async function restoreControlFileTo(kernel: Kernel, from: string, to: string): Promise<void> {
  await writeTo(kernel, to, await controlFileIn(kernel, from))
}

/** What a piece or copy holds of the control file. @throws OraError RMAN-06172 when it is none */
export async function controlFileIn(kernel: Kernel, from: string): Promise<ControlFileData> {
  const data = await findControlFile(kernel.host.real(from), from)
  if (data === undefined) throw rmanError(6172, 'no AUTOBACKUP found or specified handle is not a valid copy or piece')
  return data
}

async function writeTo({ host }: Kernel, path: string, data: ControlFileData): Promise<void> {
  try {
    if (isSystemName(path)) await (await createFile(host.real(path), { parents: true })).close()
    await writeControlFile(host.real(path), { ...data, type: 'BACKUP', openMode: null, cleanShutdown: true }, { create: true, sync: host.lab.fsync })
  } catch (error) {
    throw createFailed(path, error)
  }
}

async function findControlFile(real: string, from: string): Promise<ControlFileData | undefined> {
  try {
    const header = await readPieceHeader(real)
    if (header === undefined) return await readControlFile(real)
    for await (const frame of readPiece(real)) if (frame.kind === 'controlfile') return decodeControlFile(frame.bytes)
    return undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    if (outOfReach(real) !== undefined) throw readError(error, from)
    throw ora(19870, `error while restoring backup piece ${from}`, [19587, String(error)])
  }
}

/** @throws OraError RMAN-06172 */
export async function restoreSpfile(kernel: Kernel, from: string, to: string): Promise<void> {
  const real = kernel.host.real(from)
  const header = await readPieceHeader(real).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (header?.contains.includes('spfile') !== true) throw rmanError(6172, 'no AUTOBACKUP found or specified handle is not a valid copy or piece')
  for await (const frame of readPiece(real)) {
    if (frame.kind !== 'spfile') continue
    try {
      if (isSystemName(to)) throw ora(15046, `ASM file name '${to}' is not in single-file creation form`)
      await (await createFile(kernel.host.real(to))).close()
      await writeFile(kernel.host.real(to), frame.bytes)
    } catch (error) {
      throw error instanceof OraError ? error : createFailed(to, error)
    }
  }
}
