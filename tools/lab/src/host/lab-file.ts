import { readFile, rename, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** A database of the lab as its registry (the listener's knowledge) has it. */
export interface LabDatabase {
  /** db_unique_name, and the name used on the command line. */
  readonly name: string
  readonly dbName: string
  readonly sid: string
  readonly host: string
  readonly services: readonly string[]
}

/** `<lab>/lab.json`. */
export interface LabFile {
  readonly simulator: string
  readonly version: 1
  readonly hosts: readonly string[]
  readonly databases: readonly LabDatabase[]
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
