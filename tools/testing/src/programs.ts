import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const repositoryRoot: string = resolve(fileURLToPath(new URL('../../..', import.meta.url)))

export interface ProgramResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramUser {
  readonly uid: number
  readonly gid: number
}

/** Restore tests are refused to root, so whoever runs as root starts the programs as `nobody`. */
export function unprivilegedUser(): ProgramUser | undefined {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined
}

/** The built programs and the Node that runs them, at places that the chosen user can read. */
export interface Programs {
  readonly node: string
  readonly icb: string
  readonly lab: string
  readonly user: ProgramUser | undefined
}

function pinnedNode(): string {
  const path = join(repositoryRoot, 'node_modules', '.bin', 'node')
  return existsSync(path) ? path : process.execPath
}

/**
 * Copies the built programs into `directory`, so that they run with nothing beside them and where the user can read them
 * (a clone below root's home he cannot). Node is copied only when he may not start it.
 * @throws when they are not built.
 */
export function findPrograms(directory: string): Programs {
  const place = join(directory, 'programs')
  mkdirSync(place, { recursive: true, mode: 0o755 })
  chmodSync(directory, 0o755)
  const copy = (from: string, name: string): string => {
    if (!existsSync(from)) throw new Error(`${from} is not built: run npm run setup`)
    const to = join(place, name)
    if (!existsSync(to)) copyFileSync(from, to)
    chmodSync(to, 0o755)
    return to
  }
  const icb = copy(join(repositoryRoot, 'apps', 'icb', 'dist', 'icb.mjs'), 'icb.mjs')
  const lab = copy(join(repositoryRoot, 'tools', 'lab', 'dist', 'lab.mjs'), 'lab.mjs')
  const user = unprivilegedUser()
  const node = pinnedNode()
  const startable = user === undefined || spawnSync(node, ['-e', '0'], { ...user, cwd: '/' }).status === 0
  return { node: startable ? node : copy(resolveLink(node), 'node'), icb, lab, user }
}

function resolveLink(path: string): string {
  const found = spawnSync(path, ['-p', 'process.execPath'], { encoding: 'utf8' })
  return found.stdout.trim()
}

/** Makes a directory that the programs' user owns. */
export function ownedDirectory(path: string, user: ProgramUser | undefined): string {
  mkdirSync(path, { recursive: true, mode: 0o755 })
  if (user !== undefined) chownSync(path, user.uid, user.gid)
  return path
}

export interface RunOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly user?: ProgramUser | undefined
  readonly stdin?: string
  readonly timeoutMs?: number
  /** Kills the program (SIGKILL) when aborted; the promise rejects then. */
  readonly signal?: AbortSignal
  readonly onStdout?: (text: string) => void
  readonly onStderr?: (text: string) => void
  /** Lines that the program writes to descriptor 3. */
  readonly onEvent?: (line: string) => void
  /** Called with the process id once the program runs, so that a test can watch or kill it. */
  readonly onStart?: (pid: number) => void
}

/** Runs one program and collects what it prints. */
export function runProgram(file: string, args: readonly string[], options: RunOptions): Promise<ProgramResult> {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe', ...(options.onEvent === undefined ? [] : ['pipe' as const])], timeout: options.timeoutMs ?? 300_000, killSignal: 'SIGKILL', ...(options.signal === undefined ? {} : { signal: options.signal }), ...(options.user ?? {}) })
    if (child.pid !== undefined) options.onStart?.(child.pid)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      options.onStdout?.(text)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      options.onStderr?.(text)
    })
    const events = child.stdio[3]
    if (options.onEvent !== undefined && events instanceof Readable) createInterface({ input: events }).on('line', options.onEvent)
    // A program that ends without reading its input is no error of the caller.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? '')
    child.once('error', reject)
    child.once('close', (exitCode) => { resolvePromise({ exitCode, stdout, stderr }) })
  })
}
