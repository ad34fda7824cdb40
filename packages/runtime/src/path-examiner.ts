import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from './clock.ts'

export interface PathFacts {
  /** The path with every link resolved; of a dangling link the path itself. */
  readonly realPath: string
  readonly device: bigint
  readonly inode: bigint
  readonly isDirectory: boolean
  readonly isLink: boolean
  readonly ownerUid: number
}

/** What was found out about a path. `unknown`: it could not be told, `hangs` because its file system does not answer. */
export type PathProbe = { readonly state: 'absent' } | { readonly state: 'present'; readonly facts: PathFacts } | { readonly state: 'unknown'; readonly reason: string; readonly hangs?: true }

export interface PathExaminer {
  /** Never rejects, and never takes longer than the deadline. */
  examine(path: string): Promise<PathProbe>
}

export interface PathExaminerOptions {
  readonly clock: Clock
  /** Of one path, from the moment in which it is looked at. */
  readonly deadlineMs: number
}

/**
 * The program of the child: one path a line in, one answer a line out. A dangling link is there, too: creating the file through it
 * would reach whatever it points to.
 */
const program = `
const { lstatSync, realpathSync, statSync } = require('node:fs')
const attempt = (look, otherwise) => { try { return look() } catch { return otherwise } }
function look(path) {
  try {
    const own = lstatSync(path, { bigint: true })
    const isLink = own.isSymbolicLink()
    const facts = isLink ? attempt(() => statSync(path, { bigint: true }), own) : own
    const realPath = isLink ? attempt(() => realpathSync(path), path) : realpathSync(path)
    return { facts: { realPath, device: String(facts.dev), inode: String(facts.ino), isDirectory: facts.isDirectory(), isLink, ownerUid: Number(own.uid) } }
  } catch (error) {
    return { code: error.code ?? 'unknown error' }
  }
}
let rest = ''
process.stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\\n')
  rest = lines.pop()
  for (const line of lines) process.stdout.write(JSON.stringify(look(JSON.parse(line))) + '\\n')
})
`

interface Answer {
  readonly code?: string
  readonly facts?: { readonly realPath: string; readonly device: string; readonly inode: string; readonly isDirectory: boolean; readonly isLink: boolean; readonly ownerUid: number }
}

function probeOf({ code, facts }: Answer): PathProbe {
  if (facts !== undefined) return { state: 'present', facts: { ...facts, device: BigInt(facts.device), inode: BigInt(facts.inode) } }
  return code === 'ENOENT' || code === 'ENOTDIR' ? { state: 'absent' } : { state: 'unknown', reason: code ?? 'no answer' }
}

type Child = ChildProcessByStdio<Writable & { unref?(): void; ref?(): void }, Readable & { unref?(): void; ref?(): void }, null>

/**
 * Looks at paths from a child process. A call to a file system that does not answer cannot be taken back: in this process it would
 * hold a thread for ever, and with it the end of the program. The child is killed instead. It starts with the first path, serves
 * until this process ends, and keeps nothing alive meanwhile.
 */
export function createPathExaminer({ clock, deadlineMs }: PathExaminerOptions): PathExaminer {
  let child: Child | undefined
  let buffered = ''
  let answered: ((line: string | undefined) => void) | undefined
  const hold = (held: boolean): void => {
    for (const each of [child, child?.stdin, child?.stdout]) if (held) each?.ref?.()
    else each?.unref?.()
  }
  const drop = (): void => {
    const gone = child
    child = undefined
    buffered = ''
    answered?.(undefined)
    gone?.removeAllListeners()
    gone?.on('error', () => undefined)
    gone?.kill('SIGKILL')
    gone?.stdin.destroy()
    gone?.stdout.destroy()
    gone?.unref()
  }
  const start = (): Child => {
    const started: Child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/' })
    started.once('error', drop).once('exit', drop)
    started.stdin.on('error', () => undefined)
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      buffered += text
      const end = buffered.indexOf('\n')
      if (end < 0) return
      const line = buffered.slice(0, end)
      buffered = buffered.slice(end + 1)
      answered?.(line)
    })
    return started
  }
  const ask = async (path: string): Promise<PathProbe> => {
    child ??= start()
    hold(true)
    const stop = new AbortController()
    const answer = new Promise<string | undefined>((resolve) => { answered = resolve })
    const tooLate = clock.sleep(deadlineMs, stop.signal).then(() => 'too late' as const, () => undefined)
    child.stdin.write(`${JSON.stringify(path)}\n`)
    const line = await Promise.race([answer, tooLate])
    answered = undefined
    stop.abort()
    if (line === 'too late') {
      drop()
      return { state: 'unknown', reason: 'the file system does not answer', hangs: true }
    }
    hold(false)
    return line === undefined ? { state: 'unknown', reason: 'the program that looks at it ended' } : probeOf(JSON.parse(line) as Answer)
  }
  let last: Promise<unknown> = Promise.resolve()
  return {
    // One at a time: the deadline is that of one path.
    examine: (path) => {
      const probe = last.then(() => ask(path))
      last = probe.catch(() => undefined)
      return probe
    },
  }
}
