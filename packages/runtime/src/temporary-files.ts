import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hostFacts, pidNamespace, processStartTicks } from './host.ts'

/** A file that is written under a name of its own first: `.<name>.<writer's place>-<its pid>-<random>.tmp`. */
export interface TemporaryFile {
  readonly path: string
  /** Nobody will ever rename or remove it. */
  readonly abandoned: boolean
  /** For people: why it is taken for abandoned, or not. */
  readonly reason: string
}

const pattern = /^\..+\.(?:([0-9a-f]{8})-)?(\d+)-[0-9a-f]{12}\.tmp$/
/** Writing one takes moments. Its writer may be on a host that cannot be asked, whose clock differs. */
const abandonedAfterMs = 86_400_000

let own: string | undefined
/** Where process ids mean the same as here: eight hex digits. */
function ownPlace(): string {
  if (own === undefined) {
    const { machineId, hostname } = hostFacts()
    own = createHash('sha256').update([machineId, hostname, pidNamespace() ?? ''].join('\n')).digest('hex').slice(0, 8)
  }
  return own
}

/** A fresh name beside `path`, which tells who writes there. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${ownPlace()}-${String(process.pid)}-${randomBytes(6).toString('hex')}.tmp`)
}

/**
 * Temporary files in a directory, sorted by name. One whose writer ran on this host is judged by that process, another one by its age.
 * @param now milliseconds, of the file server where one is asked
 */
export async function findTemporaries(directory: string, now: number): Promise<readonly TemporaryFile[]> {
  const found: TemporaryFile[] = []
  for (const name of (await readdir(directory)).sort()) {
    const [, place, pid] = pattern.exec(name) ?? []
    if (pid === undefined) continue
    const path = join(directory, name)
    const facts = await stat(path).catch(() => undefined)
    if (facts?.isFile() !== true) continue
    if (place === ownPlace() && processStartTicks(Number(pid)) === undefined) found.push({ path, abandoned: true, reason: `process ${pid}, which wrote it, has ended` })
    else if (now - facts.mtimeMs > abandonedAfterMs) found.push({ path, abandoned: true, reason: 'a write that was cut off more than a day ago' })
    else found.push({ path, abandoned: false, reason: place === ownPlace() ? `process ${pid} runs` : 'younger than a day, so it may be in the making' })
  }
  return found
}

/** Removes those that are abandoned. Best effort: they block nobody, and whoever writes there next tries again. */
export async function sweepTemporaries(directory: string, now: number): Promise<void> {
  const found = await findTemporaries(directory, now).catch(() => [])
  for (const { path, abandoned } of found) if (abandoned) await rm(path, { force: true }).catch(() => undefined)
}
