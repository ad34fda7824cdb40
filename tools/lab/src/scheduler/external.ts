import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import type { Instance } from '../engine/instance-api.ts'
import { ora } from '../engine/ora-error.ts'

/** Bytes of a program's output that are kept. */
const keptOutput = 4000

export interface ExternalResult {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
  readonly pid: number
}

interface OsUser {
  readonly uid: number
  readonly gid: number
}

function osUser(name: string): OsUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((text) => text.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

/**
 * What extjob and jssu do: runs a program without a shell, with an empty environment in `/`, as the user of a credential.
 * @throws OraError 27369 when it cannot be started
 */
export async function runExternal(instance: Instance, program: { readonly file: string; readonly args: readonly string[]; readonly script: string | undefined; readonly username: string | undefined; readonly signal: AbortSignal }): Promise<ExternalResult> {
  const failed = (reason: string) => ora(27369, `job of type ${program.script === undefined ? 'EXECUTABLE' : 'EXTERNAL_SCRIPT'} failed with exit code: ${reason}`)
  const own = os.userInfo()
  let identity: OsUser | undefined
  if (program.username !== undefined && program.username !== own.username) {
    identity = osUser(program.username)
    if (identity === undefined || own.uid !== 0) throw failed('Operation not permitted')
  }
  return new Promise((resolve, reject) => {
    const child = spawn(instance.host.real(program.file), [...program.args], { cwd: '/', env: {}, detached: true, stdio: ['pipe', 'pipe', 'pipe'], ...(identity ?? {}) })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => { output = (output + chunk.toString()).slice(0, keptOutput) })
    child.stderr.on('data', (chunk: Buffer) => { errors = (errors + chunk.toString()).slice(0, keptOutput) })
    // A program that reads nothing closes its input.
    child.stdin.on('error', () => undefined)
    child.stdin.end(program.script ?? '')
    const stop = (): void => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGTERM')
      } catch {
        // It ended by itself.
      }
    }
    program.signal.addEventListener('abort', stop, { once: true })
    child.once('error', (error) => {
      program.signal.removeEventListener('abort', stop)
      reject(failed(reasonOf(error)))
    })
    child.once('close', (code, signal) => {
      program.signal.removeEventListener('abort', stop)
      resolve({ exitCode: code ?? 128 + os.constants.signals[signal ?? 'SIGTERM'], output, errors, pid: child.pid ?? 0 })
    })
  })
}

function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : ''
  return { ENOENT: 'No such file or directory', EACCES: 'Permission denied', EPERM: 'Operation not permitted' }[code] ?? error.message
}
