import { readFile, rename, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** An instance and where it runs. */
export interface LabInstancePlace {
  readonly sid: string
  readonly host: string
}

/** A database of the lab as its registry (the listener's knowledge) has it. */
export interface LabDatabase {
  /** db_unique_name, and the name used on the command line. */
  readonly name: string
  readonly dbName: string
  readonly sid: string
  readonly host: string
  readonly services: readonly string[]
  /** `standby`: it is mounted at its start and applies the redo of its primary. */
  readonly role?: 'standby'
  /** Instances of a cluster; absent: the one of `sid` on `host`. */
  readonly instances?: readonly LabInstancePlace[]
}

/** The listener of a host, on this machine only. */
export interface LabListener {
  readonly host: string
  readonly port: number
  /** For TLS. */
  readonly securePort?: number
}

/** `<lab>/lab.json`. */
export interface LabFile {
  readonly simulator: string
  /** Hosts that see the private root of another one, as nodes of a cluster see its shared disks. */
  readonly sharedRoots?: Readonly<Record<string, string>>
  readonly version: 1
  readonly hosts: readonly string[]
  readonly databases: readonly LabDatabase[]
  readonly listeners?: readonly LabListener[]
  /** IANA zone of all hosts. */
  readonly timeZone: string
  readonly release: string
  readonly edition: 'EE' | 'SE'
  /** How long archiving one log to one destination takes at least, milliseconds. */
  readonly archiveDelayMs: number
  /** Sync redo and headers to the device. Without it a killed instance loses nothing, a power cut may. */
  readonly fsync: boolean
  /** Lab time minus real time, milliseconds. */
  readonly clockOffsetMs: number
  /** How often SMON writes a row of SMON_SCN_TIME, milliseconds. */
  readonly smonIntervalMs: number
}

/** The instances of a database. */
export const instancesOf = (database: LabDatabase): readonly LabInstancePlace[] => database.instances ?? [{ sid: database.sid, host: database.host }]

export const SIMULATOR = 'This is the @icb/lab simulator, not Oracle Database.'

const fileOf = (labDir: string): string => path.join(labDir, 'lab.json')

export async function readLabFile(labDir: string): Promise<LabFile> {
  return JSON.parse(await readFile(fileOf(labDir), 'utf8')) as LabFile
}

export function readLabFileSync(labDir: string): LabFile {
  return JSON.parse(readFileSync(fileOf(labDir), 'utf8')) as LabFile
}

/** Writes `lab.json` beside and renames it into place: a running instance that looks always sees a whole file. */
export async function writeLabFile(labDir: string, lab: LabFile): Promise<void> {
  const next = `${fileOf(labDir)}.${process.pid}`
  await writeFile(next, `${JSON.stringify(lab, undefined, 2)}\n`)
  await rename(next, fileOf(labDir))
}
