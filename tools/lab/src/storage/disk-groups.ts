import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A disk group of the lab's ASM. */
export interface DiskGroup {
  /** Upper case, without the `+`. */
  readonly name: string
  readonly type: 'EXTERN' | 'NORMAL' | 'HIGH'
  /** Raw size: a group that mirrors holds half or a third of it. */
  readonly totalMb: number
  /** Hosts where it is mounted. */
  readonly mountedOn: readonly string[]
}

/** `<lab>/asm/diskgroups.json` */
export interface DiskGroups {
  /** Hosts whose instances reach ASM. */
  readonly hosts: readonly string[]
  readonly groups: readonly DiskGroup[]
}

const none: DiskGroups = { hosts: [], groups: [] }
const asmDirectory = (labDir: string): string => path.join(labDir, 'asm')
const registry = (labDir: string): string => path.join(asmDirectory(labDir), 'diskgroups.json')
const read = new Map<string, { readonly mtime: number; readonly groups: DiskGroups }>()

/** What the lab has of ASM now; a lab without it has no groups. */
export function readDiskGroups(labDir: string): DiskGroups {
  const file = registry(labDir)
  const mtime = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (mtime === undefined) return none
  const known = read.get(file)
  if (known?.mtime === mtime) return known.groups
  const groups = JSON.parse(readFileSync(file, 'utf8')) as DiskGroups
  read.set(file, { mtime, groups })
  return groups
}

/** Takes effect at once in everything that runs. */
export function writeDiskGroups(labDir: string, groups: DiskGroups): void {
  for (const { name } of groups.groups) mkdirSync(groupDirectory(labDir, name), { recursive: true })
  const file = registry(labDir)
  writeFileSync(`${file}.new`, `${JSON.stringify(groups, undefined, 2)}\n`)
  renameSync(`${file}.new`, file)
}

/** Where the files of a group are. */
export const groupDirectory = (labDir: string, group: string): string => path.join(asmDirectory(labDir), 'disks', group.toLowerCase())

/** `DATA` of `+DATA/orcl/datafile/users.259.1`. */
export const groupOf = (file: string): string => /^\+([^/]*)/.exec(file)?.[1]?.toUpperCase() ?? ''

// No path of any file system: what lies below a device is never there, and nothing can be made there.
const OUT_OF_REACH = '/dev/null'
const WITHOUT_ASM = `${OUT_OF_REACH}/without-asm/`
const NOT_MOUNTED = `${OUT_OF_REACH}/not-mounted/`

/** The file behind a name in a disk group, as one host sees it. Names have no case. */
export function realInDiskGroup(labDir: string, host: string, file: string): string {
  const { hosts, groups } = readDiskGroups(labDir)
  if (!hosts.includes(host)) return `${WITHOUT_ASM}${file}`
  const group = groups.find((each) => each.name === groupOf(file))
  if (group?.mountedOn.includes(host) !== true) return `${NOT_MOUNTED}${file}`
  return path.join(groupDirectory(labDir, group.name), path.posix.normalize(`/${file.slice(group.name.length + 1).toLowerCase()}`))
}

/** Why a path that {@link realInDiskGroup} gave leads nowhere; undefined: it may be opened. */
export function outOfReach(real: string): 'without-asm' | 'not-mounted' | undefined {
  return real.startsWith(WITHOUT_ASM) || real.startsWith('+') ? 'without-asm' : real.startsWith(NOT_MOUNTED) ? 'not-mounted' : undefined
}

const FIRST_NUMBER = 256
const lastTaken = new Map<string, number>()

/** The number of a new file in a group: no other process gets the same one. */
export function takeFileNumber(labDir: string, group: string): number {
  const directory = path.join(asmDirectory(labDir), 'numbers', group.toLowerCase())
  mkdirSync(directory, { recursive: true })
  for (let number = (lastTaken.get(directory) ?? FIRST_NUMBER - 1) + 1; ; number += 1) {
    try {
      closeSync(openSync(path.join(directory, String(number)), 'wx'))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue
      throw error
    }
    lastTaken.set(directory, number)
    return number
  }
}
