import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
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
  dispose(): Promise<void>
}

export interface OntapFilerOptions {
  readonly release?: string
  readonly jobMs?: number
}

const password = 'Filer-password-1'

/** Starts the simulator from its source; it ends with this process at the latest. */
export async function startOntapFiler({ release = '9.16', jobMs = 20 }: OntapFilerOptions = {}): Promise<OntapFiler> {
  const directory = mkdtempSync(join(tmpdir(), 'icb-filer-'))
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
    control: async (request) => {
      const answer = await fetch(address.control, { method: 'POST', body: JSON.stringify(request) })
      if (!answer.ok) throw new Error(`the filer's control: ${await answer.text()}`)
      return answer.json()
    },
    dispose: async () => {
      child.stdin.end()
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
