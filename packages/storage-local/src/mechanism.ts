import { randomBytes } from 'node:crypto'
import { constants, copyFile, open, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { IcbError } from '@icb/runtime'
import { storageErrors } from '@icb/storage-core'
import { btrfsMagic, isSubvolume } from './btrfs.ts'
import type { Btrfs } from './btrfs.ts'
import { reflinkFile } from './copy-file.ts'
import { isMissing, systemCode, unlessMissing } from './file-errors.ts'
import { probeName } from './layout.ts'
import type { LocalMode } from './options.ts'

export interface Mechanism {
  readonly kind: 'btrfs' | 'reflink' | 'copy'
  /** For people: `reflink copies on xfs`. */
  readonly label: string
  readonly warnings: readonly string[]
  /** Why the mode that was asked for cannot work; thrown by the calls that need it. */
  readonly problem?: IcbError
}

const fileSystemNames: Readonly<Record<number, string>> = { [btrfsMagic]: 'btrfs', 0x58465342: 'xfs', 0xef53: 'ext4', 0x6969: 'nfs', 0x01021994: 'tmpfs', 0x2fc12fc1: 'zfs', 0xca451a4e: 'bcachefs' }

const notAtomic = 'Files are copied one after another: nothing may write to the backup area meanwhile, except archived logs that are left out.'

/**
 * Finds out what the two directories allow. It only looks, but for two probe files (in the snapshot directory, without a name
 * where that is possible) where reflinks are in question. A missing area is no error here: listing snapshots must work without it.
 */
export async function chooseMechanism(mode: LocalMode, area: string, snapshotDirectory: string, btrfs: Btrfs): Promise<Mechanism> {
  const place = await nearestExisting(snapshotDirectory)
  const there = await unlessMissing(stat(area))
  if (there === undefined) {
    const kind = mode === 'auto' ? 'copy' : mode
    return { kind, label: 'unknown', warnings: [`${area} does not exist`], problem: storageErrors.NOT_FOUND(`the backup area ${area} does not exist`, { hint: 'Mount or create it.' }) }
  }
  const fileSystem = (await statfs(area)).type
  const name = fileSystemNames[fileSystem] ?? `file system 0x${fileSystem.toString(16)}`
  const bothBtrfs = fileSystem === btrfsMagic && (await statfs(place)).type === btrfsMagic
  const refused = (kind: Mechanism['kind'], why: string): Mechanism => ({ kind, label: `${kind}: not possible`, warnings: [why], problem: storageErrors.UNSUPPORTED(why, { hint: 'Use mode: auto.' }) })

  if (mode === 'btrfs' || (mode === 'auto' && bothBtrfs)) {
    const lacking = !bothBtrfs
      ? `${area} and ${snapshotDirectory} are not both on btrfs`
      : !(await isSubvolume(area))
        ? `${area} is no btrfs subvolume`
        : !(await btrfs.available())
          ? 'the program btrfs (package btrfs-progs) is not installed'
          : undefined
    if (lacking === undefined) return { kind: 'btrfs', label: 'btrfs subvolume', warnings: [] }
    if (mode === 'btrfs') return refused('btrfs', lacking)
    const fallback = await withoutSubvolume(mode)
    return { ...fallback, warnings: [`No btrfs snapshots: ${lacking}.`, ...fallback.warnings] }
  }
  return withoutSubvolume(mode)

  async function withoutSubvolume(wanted: LocalMode): Promise<Mechanism> {
    if (wanted !== 'copy') {
      const sameDevice = bothBtrfs || (await stat(place)).dev === there?.dev
      if (sameDevice && (await probeReflink(place))) return { kind: 'reflink', label: `reflink copies on ${name}`, warnings: [notAtomic] }
      if (wanted === 'reflink') return refused('reflink', sameDevice ? `${name} at ${place} cannot share blocks between files` : `${area} and ${snapshotDirectory} are on different file systems`)
    }
    return { kind: 'copy', label: `plain copies on ${name}`, warnings: [`Every snapshot and every clone takes the full size of the backup area: ${name} shares no blocks.`, notAtomic] }
  }
}

async function nearestExisting(path: string): Promise<string> {
  for (let place = path; ; place = dirname(place)) {
    try {
      if ((await stat(place)).isDirectory()) return place
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

/** Of open(2): a file without a name, which is gone with the process that opened it. Node does not name this flag. */
const nameless = 0o20000000

async function probeReflink(directory: string): Promise<boolean> {
  try {
    return await probeNameless(directory)
  } catch (error) {
    // Not every file system has such files (NFS), nor every system these flags.
    if (!['EOPNOTSUPP', 'ENOTSUP', 'EISDIR', 'EINVAL'].includes(systemCode(error) ?? '')) return false
    return probeNamed(directory)
  }
}

/** One whole block: an empty or inlined file would be "cloned" where real ones cannot. */
const probeContent = (): Buffer => randomBytes(65_536)

/** @throws what `open` throws where files need a name. */
async function probeNameless(directory: string): Promise<boolean> {
  const flags = nameless | constants.O_DIRECTORY | constants.O_RDWR
  await using source = await open(directory, flags, 0o600)
  await using target = await open(directory, flags, 0o600)
  try {
    await source.writeFile(probeContent())
    await copyFile(`/proc/self/fd/${source.fd}`, `/proc/self/fd/${target.fd}`, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch {
    return false
  }
}

async function probeNamed(directory: string): Promise<boolean> {
  const probe = join(directory, probeName())
  try {
    await writeFile(probe, probeContent(), { flag: 'wx', mode: 0o600 })
    await reflinkFile(probe, `${probe}.copy`, undefined)
    return true
  } catch {
    return false
  } finally {
    await rm(probe, { force: true })
    await rm(`${probe}.copy`, { force: true })
  }
}
