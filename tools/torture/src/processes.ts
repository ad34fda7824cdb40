import { readdirSync, readFileSync } from 'node:fs'
import { runningPrograms } from '@icb/testing'
import type { RunningProgram } from '@icb/testing'

/** SIGKILL; a process that has ended meanwhile is fine. */
export function killNow(pid: number): void {
  signal(pid, 'SIGKILL')
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Everything that a process has started, and what that has started; instances of databases are on their own. */
export function descendants(pid: number): readonly number[] {
  const parents = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // The name of the program stands in parentheses and may hold anything.
      const parent = Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])
      parents.set(parent, [...(parents.get(parent) ?? []), Number(name)])
    } catch {
      // It ended meanwhile.
    }
  }
  const found: number[] = []
  const visit = (parent: number): void => {
    for (const child of parents.get(parent) ?? []) {
      if (isInstance(child)) continue
      found.push(child)
      visit(child)
    }
  }
  visit(pid)
  return found
}

function isInstance(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').startsWith('ora_pmon_')
  } catch {
    return false
  }
}

/** The process of an instance, if it runs. */
export function instanceOf(sid: string): number | undefined {
  return runningPrograms().find((program) => program.arguments[0] === `ora_pmon_${sid}`)?.pid
}

/** Work with an instance that a fault may kill meanwhile; nothing comes of it then. */
export async function unlessKilled<Result>(sid: string, work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (instanceOf(sid) !== undefined) throw error
    return undefined
  }
}

/** Programs of a lab's homes that run. */
export function programsOf(labDirectory: string): readonly RunningProgram[] {
  return runningPrograms().filter((program) => program.arguments.some((argument) => argument === labDirectory || argument.startsWith(`${labDirectory}/`)))
}
