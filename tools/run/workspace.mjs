// Plain JavaScript for any Node from 20 on: these files run before anything is installed.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The pinned Node, installed as a package. */
export const pinnedNode = join(root, 'node_modules', '.bin', 'node')

/** Says what is being done, on standard error so that `--json` output stays clean. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/** The environment of every child: pinned tools first, no daemon, no terminal tricks. */
export function toolEnvironment(extra = {}) {
  return { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true', ...extra }
}

/** Runs a program to its end and answers its exit code (128 + n after signal n). */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: toolEnvironment(), ...options })
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}

/** Runs a program to its end without showing what it prints. */
export async function capture(file, args, options = {}) {
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: toolEnvironment(), ...options })
  const chunks = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.stderr.on('data', (chunk) => chunks.push(chunk))
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, output: Buffer.concat(chunks).toString() }
}

/** Runs a program quietly; its output is shown only when it fails. Throws then. */
export async function runQuietly(file, args, options = {}) {
  const { code, output } = await capture(file, args, options)
  if (code === 0) return
  process.stderr.write(output)
  throw new Error(`${file} ${args.join(' ')} ended with exit code ${code}`)
}
