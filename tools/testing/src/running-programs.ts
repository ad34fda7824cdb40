import { readdirSync, readFileSync } from 'node:fs'

export interface RunningProgram {
  readonly pid: number
  readonly arguments: readonly string[]
}

/** Every process of this machine with its arguments, as anybody may read them in /proc. */
export function runningPrograms(): readonly RunningProgram[] {
  const found: RunningProgram[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const text = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      if (text !== '') found.push({ pid: Number(name), arguments: text.replace(/\0$/, '').split('\0') })
    } catch {
      // It ended meanwhile.
    }
  }
  return found
}
