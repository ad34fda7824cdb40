import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runningPrograms } from './running-programs.ts'

const ownerFile = '.owner.json'

/** The process that made a directory; its start tells it from a later one with the same id. */
interface Owner {
  readonly pid: number
  readonly startTicks: string
  readonly bootId: string
}

/** Clock ticks since boot at which a process started; `undefined`: it does not run. */
function startTicksOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    // The name of the program stands in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** Makes a temporary directory that says which process it belongs to, so that a later one can remove what a killed one left. */
export function makeOwnedPlace(prefix: string, parent: string = tmpdir()): string {
  const directory = realpathSync(mkdtempSync(join(parent, prefix)))
  writeFileSync(join(directory, ownerFile), JSON.stringify({ pid: process.pid, startTicks: startTicksOf(process.pid) ?? '', bootId: bootId() } satisfies Owner))
  return directory
}

/** Whether this user made it with {@link makeOwnedPlace} in a process that has ended. */
function isAbandoned(directory: string): boolean {
  try {
    const file = join(directory, ownerFile)
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Owner
    return statSync(file).uid === process.getuid?.() && (owner.bootId !== bootId() || startTicksOf(owner.pid) !== owner.startTicks)
  } catch {
    return false
  }
}

function isMountedBelow(directory: string): boolean {
  return readFileSync('/proc/self/mounts', 'utf8').split('\n').some((line) => (line.split(' ')[1] ?? '').startsWith(`${directory}/`))
}

/** Processes that were started with a path of the directory, or work in it. */
function processesIn(directory: string): readonly number[] {
  const isInside = (path: string): boolean => path === directory || path.startsWith(`${directory}/`)
  return runningPrograms().filter(({ pid, arguments: words }) => pid !== process.pid && (words.some(isInside) || isInside(workingDirectoryOf(pid)))).map(({ pid }) => pid)
}

function workingDirectoryOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${String(pid)}/cwd`)
  } catch {
    return ''
  }
}

/**
 * Ends the processes and removes the directories that ended processes of this user left in the temporary directory. One with a mount
 * inside stays: what is mounted there is not its own.
 * @returns what was removed
 */
export async function sweepOwnedPlaces(prefix: string): Promise<readonly string[]> {
  const parent = realpathSync(tmpdir())
  const swept: string[] = []
  for (const directory of readdirSync(parent).filter((name) => name.startsWith(prefix)).map((name) => join(parent, name))) {
    if (!isAbandoned(directory) || isMountedBelow(directory)) continue
    // Some start others as they go.
    for (let left = processesIn(directory), tries = 0; left.length > 0 && tries < 100; left = processesIn(directory), tries += 1) {
      for (const pid of left) killNow(pid)
      await sleep(20)
    }
    // The owner's mark goes last: an interrupted sweep is taken up again.
    const names = readdirOf(directory).filter((name) => name !== ownerFile)
    for (const name of names) removeTree(join(directory, name))
    rmSync(directory, { recursive: true, force: true })
    swept.push(directory)
  }
  return swept
}

function readdirOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Snapshots are read only for their owner too. Another process may be sweeping the same. */
function removeTree(path: string): void {
  spawnSync('chmod', ['-R', 'u+w', path], { stdio: 'ignore' })
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}
