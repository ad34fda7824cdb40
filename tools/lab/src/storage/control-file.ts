import type { ControlFileData } from '../engine/records.ts'
import { decodeJson, encodeJson } from './json.ts'
import { readSlotFile, writeSlotFile } from './slot-file.ts'

export const CONTROL_MAGIC = 'ICBLAB CONTROL'

/** The control file at a real path, undefined when the file is not one. Rejects when it cannot be opened. */
export async function readControlFile(path: string): Promise<ControlFileData | undefined> {
  const slot = await readSlotFile(path, CONTROL_MAGIC)
  return slot === undefined ? undefined : decodeControlFile(slot.bytes)
}

/** Writes `data` under its own `sequence`. */
export async function writeControlFile(path: string, data: ControlFileData, options: { readonly create?: boolean; readonly sync?: boolean } = {}): Promise<void> {
  await writeSlotFile(path, CONTROL_MAGIC, BigInt(data.sequence), encodeJson(data), options)
}

export const encodeControlFile = (data: ControlFileData): Buffer => encodeJson(data)
export const decodeControlFile = (bytes: Buffer): ControlFileData => decodeJson(bytes) as ControlFileData
