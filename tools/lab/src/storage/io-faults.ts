import { readFileSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { outOfReach } from './disk-groups.ts'

/** What is wrong with the storage below a path: `<lab>/io-faults.json` holds a list of these. */
export interface StorageFault {
  /** Absolute path on this machine; the fault concerns it and everything below. */
  readonly path: string
  /** Error of every write: EIO, ENOSPC, EROFS, ESTALE, EACCES … */
  readonly fail?: string
  /** Every access waits until the fault is cleared. */
  readonly hang?: boolean
  /** Milliseconds that each access takes longer. */
  readonly slowMs?: number
  /** Bytes that fit below the path, as in a quota; beyond them a write is ENOSPC. */
  readonly capacity?: number
  /** Mount options of the NFS file system, `rw,bg,hard,rsize=32768,…`: Oracle creates no file under wrong ones. */
  readonly mountOptions?: string
}

/** `<lab>/io-faults.json` */
export const storageFaultsFile = (labDir: string): string => path.join(labDir, 'io-faults.json')

const POLL_MS = 50
const labs = new Map<string, { faults: readonly StorageFault[]; mtime: number }>()

/** From now on files of this process suffer what the lab's faults say. */
export function sufferFaultsOf(labDir: string): void {
  if (!labs.has(labDir)) labs.set(labDir, { faults: [], mtime: -1 })
}

function faultsOf(labDir: string): readonly StorageFault[] {
  const known = labs.get(labDir)
  if (known === undefined) return []
  const file = storageFaultsFile(labDir)
  const mtime = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (mtime !== known.mtime) {
    known.mtime = mtime
    known.faults = mtime === 0 ? [] : (JSON.parse(readFileSync(file, 'utf8')) as StorageFault[])
  }
  return known.faults
}

const covers = (fault: StorageFault, file: string): boolean => file === fault.path || file.startsWith(fault.path.endsWith('/') ? fault.path : `${fault.path}/`)

function faultsAt(file: string): readonly StorageFault[] {
  if (labs.size === 0) return []
  const absolute = path.resolve(file)
  return [...labs.keys()].flatMap((labDir) => faultsOf(labDir).filter((fault) => covers(fault, absolute)))
}

/** Names of faults in errors that are no error of the operating system. */
export const WRONG_MOUNT_OPTIONS = 'WRONG_MOUNT_OPTIONS'

/** A path in a disk group (`+DATA/…`) where no ASM is reached. */
export const NO_DISK_GROUP = 'NO_DISK_GROUP'
/** A path in a disk group that is not mounted on this host. */
export const GROUP_NOT_MOUNTED = 'GROUP_NOT_MOUNTED'

function systemError(code: string, file: string): Error {
  return Object.assign(new Error(`${code}: fault of the lab at '${file}'`), { code })
}

/** What Oracle wants of an NFS mount for its files: hard, and transfers of at least 32 KiB. */
function acceptable(options: string): boolean {
  const words = options.toLowerCase().split(',').map((word) => word.trim())
  const size = (name: string): number => Number(words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? 0)
  return words.includes('hard') && !words.includes('soft') && size('rsize') >= 32_768 && size('wsize') >= 32_768
}

/** Waits, or rejects, as the faults of the place want it. `growsTo`: the size that the file has after a write. */
export async function sufferFaults(file: string, access: 'read' | 'write' | 'create', growsTo?: number): Promise<void> {
  const unreachable = outOfReach(file)
  if (unreachable !== undefined) throw systemError(unreachable === 'without-asm' ? NO_DISK_GROUP : GROUP_NOT_MOUNTED, file)
  let faults = faultsAt(file)
  while (faults.some((fault) => fault.hang === true)) {
    await sleep(POLL_MS)
    faults = faultsAt(file)
  }
  for (const fault of faults) {
    if (fault.slowMs !== undefined) await sleep(fault.slowMs)
    if (access === 'read') continue
    if (fault.fail !== undefined) throw systemError(fault.fail, file)
    if (access === 'create' && fault.mountOptions !== undefined && !acceptable(fault.mountOptions)) throw systemError(WRONG_MOUNT_OPTIONS, file)
    if (fault.capacity === undefined || growsTo === undefined) continue
    const before = await stat(file).then((info) => info.size, () => 0)
    if (growsTo > before && (await bytesBelow(fault.path)) + growsTo - before > fault.capacity) throw systemError('ENOSPC', file)
  }
}

/** Bytes of all files below a directory. */
export async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => [])) {
    if (entry.isFile()) bytes += await stat(path.join(entry.parentPath, entry.name)).then((info) => info.size, () => 0)
  }
  return bytes
}
