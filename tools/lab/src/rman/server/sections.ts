import type { Instance } from '../../engine/instance-api.ts'
import type { BlockRange } from '../../engine/instance-api.ts'
import type { DatafileRecord } from '../../engine/records.ts'

/** More sections than this a file never has: they become larger instead. */
const mostSections = 256

/**
 * The sections of a file for SECTION SIZE in bytes; `null` when the file is no larger than one, or the database cannot have them: image
 * copies and level 1 in sections need COMPATIBLE 12.0.
 */
export function sectionsOf(instance: Instance, file: DatafileRecord, sectionSize: string | null, what: 'set' | 'copy'): readonly BlockRange[] | null {
  if (sectionSize === null || (what === 'copy' && Number(instance.controlFile.compatible.split('.')[0]) < 12)) return null
  const asked = Math.max(1, Number(BigInt(sectionSize) / BigInt(file.blockSize)))
  if (asked >= file.blocks) return null
  const size = Math.max(asked, Math.ceil(file.blocks / mostSections))
  const count = Math.ceil(file.blocks / size)
  return Array.from({ length: count }, (_, at) => ({ from: at * size + 1, to: Math.min(file.blocks, (at + 1) * size), ...(at + 1 === count ? { last: true as const } : {}) }))
}
