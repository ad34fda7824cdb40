import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** Holds the milliseconds by which the clocks of the hosts were moved; absent: not at all. */
export const clockJumpFile = (labDir: string): string => path.join(labDir, 'clock-jump')

/** How far the clocks of a lab's hosts are from this machine's; running processes see a jump at once. */
export function clockOffset(labDir: string): () => number {
  const file = clockJumpFile(labDir)
  let mtime = 0
  let offset = 0
  return () => {
    const found = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (found !== mtime) {
      mtime = found
      offset = found === 0 ? 0 : Number(readFileSync(file, 'utf8'))
    }
    return offset
  }
}
