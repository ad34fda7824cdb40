import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

export interface RootServiceAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Lets programs of an unprivileged user ask this process (root) for one kind of work, as a setuid program or a rule of sudo does on a real host. */
export interface RootService {
  /** Writes a program at `path` that hands its name for this purpose and its arguments to the service. */
  writeProgram(path: string, purpose: string): void
  close(): void
}

export async function startRootService(place: { readonly directory: string; readonly name: string; readonly node: string }, serve: (purpose: string, args: readonly string[]) => Promise<RootServiceAnswer>): Promise<RootService> {
  const socket = join(place.directory, `${place.name}.sock`)
  const client = join(place.directory, `${place.name}-client.mjs`)
  const door = createServer({ allowHalfOpen: true }, (connection) => {
    let request = ''
    connection.setEncoding('utf8').on('data', (text: string) => { request += text }).once('end', () => {
      const [purpose = '', ...args] = JSON.parse(request) as string[]
      const failed = (error: unknown): RootServiceAnswer => ({ exitCode: 1, stdout: '', stderr: `${error instanceof Error ? error.message : String(error)}\n` })
      void serve(purpose, args).catch(failed).then((answer) => { connection.end(JSON.stringify(answer)) })
    })
    connection.on('error', () => undefined)
  })
  await new Promise<void>((resolve, reject) => {
    door.once('error', reject)
    door.listen(socket, resolve)
  })
  chmodSync(socket, 0o777)
  writeFileSync(client, [
    "import { connect } from 'node:net'",
    'const socket = connect(process.argv[2], () => socket.end(JSON.stringify(process.argv.slice(3))))',
    "let text = ''",
    "socket.on('data', (chunk) => { text += chunk }).once('end', () => { const { exitCode, stdout, stderr } = JSON.parse(text); process.stdout.write(stdout); process.stderr.write(stderr); process.exitCode = exitCode })",
    '',
  ].join('\n'))
  return {
    writeProgram: (path, purpose) => {
      writeFileSync(path, `#!/bin/sh\nexec '${place.node}' '${client}' '${socket}' '${purpose}' "$@"\n`)
      chmodSync(path, 0o755)
    },
    close: () => { door.close() },
  }
}
