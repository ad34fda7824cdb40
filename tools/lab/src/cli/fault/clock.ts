import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { clockJumpFile } from '../../host/clock.ts'
import { readLabFile } from '../../host/lab-file.ts'

/** `90s`, `-2h`, `1d`, `500ms` in milliseconds. @throws Error for anything else */
export function milliseconds(text: string): number {
  const match = /^([+-]?)(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  if (match === null) throw new Error(`${text} is no duration: write 500ms, 90s, 15m, -2h or 1d`)
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[3] as 'ms' | 's' | 'm' | 'h' | 'd']
  return (match[1] === '-' ? -1 : 1) * Number(match[2]) * unit
}

/** Moves the clocks of all hosts by so much more, or back to this machine's (`undefined`). Resolves with the whole offset. */
export async function jumpClock(dir: string, by: number | undefined): Promise<number> {
  const labDir = path.resolve(dir)
  await readLabFile(labDir)
  const file = clockJumpFile(labDir)
  if (by === undefined) {
    await rm(file, { force: true })
    return 0
  }
  const offset = Number(await readFile(file, 'utf8').catch(() => '0')) + by
  await writeFile(`${file}.new`, String(offset))
  await rename(`${file}.new`, file)
  return offset
}
