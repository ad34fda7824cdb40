import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { repositoryRoot } from './programs.ts'

/** A simulated ONTAP filer that runs as a program of its own. */
export interface OntapFiler {
  readonly url: string
  readonly caFile: string
  readonly clientCertFile: string
  readonly clientKeyFile: string
  readonly svm: string
  readonly user: string
  readonly password: string
  /** What only a test may ask: faults, the request log, settings, where files are. See tools/lab/src/filer-ontap/control.ts. */
  control(request: Readonly<Record<string, unknown>> & { readonly do: string }): Promise<unknown>
  /** A call of its REST API as the administrator; answers the body. @throws for a status of 400 or more */
  rest(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>
  dispose(): Promise<void>
}

export interface OntapFilerOptions {
  readonly release?: string
  readonly jobMs?: number
  /** For its files; default a directory of its own, which goes with it. */
  readonly directory?: string
}

const password = 'Filer-password-1'

/** Starts the simulator from its source; it ends with this process at the latest. */
export async function startOntapFiler({ release = '9.16', jobMs = 20, directory = mkdtempSync(join(tmpdir(), 'icb-filer-')) }: OntapFilerOptions = {}): Promise<OntapFiler> {
  const program = join(repositoryRoot, 'tools', 'lab', 'src', 'filer-ontap', 'main.ts')
  const child = spawn(process.execPath, [program, '--directory', directory, '--release', release, '--job-ms', String(jobMs), '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '', LAB_APPLIANCE_PASSWORD: password },
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => { resolve() }))
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    ended.then(() => { throw new Error(`the filer did not start; see ${directory}`) }),
  ])
  const address = JSON.parse(line) as Pick<OntapFiler, 'url' | 'caFile' | 'clientCertFile' | 'clientKeyFile' | 'svm' | 'user'> & { readonly control: string }
  return {
    ...address,
    password,
    control: async (command) => {
      const answer = await fetch(address.control, { method: 'POST', body: JSON.stringify(command) })
      if (!answer.ok) throw new Error(`the filer's control: ${await answer.text()}`)
      return answer.json()
    },
    rest: (method, path, body) => new Promise((resolve, reject) => {
      const outgoing = request(`${address.url}/api${path}`, { method, ca: readFileSync(address.caFile), auth: `admin:${password}`, headers: { 'Content-Type': 'application/json' } }, (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (part: string) => { text += part }).once('end', () => {
          if ((incoming.statusCode ?? 0) >= 400) reject(new Error(`${method} ${path}: ${String(incoming.statusCode)} ${text}`))
          else resolve((text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>)
        })
      })
      outgoing.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
    }),
    dispose: async () => {
      child.stdin.end()
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
