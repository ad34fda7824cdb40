import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import type { Readable } from 'node:stream'
import { type Host, openHost } from '../host/host.ts'
import { readLabFileSync } from '../host/lab-file.ts'
import { canConnect, connectSocket } from '../server/socket.ts'
import { labProgram, NODE_OPTIONS } from '../server/spawn.ts'
import { listenerSocket, type ListenerStatus } from './listener.ts'

const startMs = 60_000
const answerMs = 30_000

/** Hosts of a lab that have a listener. */
const hostsOf = (labDir: string): Host[] => (readLabFileSync(labDir).listeners ?? []).map(({ host }) => openHost(labDir, host))

/** Starts the listeners that do not run. @returns the hosts whose listener was started */
export async function startListeners(labDir: string): Promise<string[]> {
  const started = []
  for (const host of hostsOf(labDir)) {
    if (await canConnect(listenerSocket(host))) continue
    await spawnListener(host)
    started.push(host.name)
  }
  return started
}

async function spawnListener(host: Host): Promise<void> {
  mkdirSync(host.run, { recursive: true })
  const log = openSync(path.join(host.run, 'LISTENER.out'), 'a')
  const args = [...NODE_OPTIONS, '--max-old-space-size=32', '--max-semi-space-size=1', labProgram(), '__listener', host.labDir, host.name]
  const child = spawn(process.execPath, args, { argv0: 'tnslsnr', detached: true, stdio: ['ignore', log, log, 'pipe'], cwd: host.labDir, env: { PATH: '/usr/bin:/bin' } })
  closeSync(log)
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error('the listener did not start')) }, startMs)
      const done = (error?: Error): void => {
        clearTimeout(timer)
        if (error === undefined) resolve()
        else reject(error)
      }
      child.once('error', done)
      child.once('exit', (code) => { done(new Error(`the listener ended with code ${String(code)}`)) })
      readline.createInterface({ input: child.stdio[3] as Readable }).once('line', (line) => {
        const answer = JSON.parse(line) as { ok: boolean; message?: string }
        done(answer.ok ? undefined : new Error(answer.message))
      })
    })
  } finally {
    child.stdio[3]?.destroy()
    child.unref()
  }
}

/** Asks a listener; `undefined` when none runs. */
export async function askListener(host: Host, command: 'status' | 'stop'): Promise<ListenerStatus | undefined> {
  const socket = await connectSocket(listenerSocket(host)).catch(() => undefined)
  if (socket === undefined) return undefined
  return new Promise((resolve, reject) => {
    let text = ''
    socket.setTimeout(answerMs, () => { socket.destroy(new Error('the listener does not answer')) })
    socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
    socket.once('error', reject)
    socket.once('close', () => {
      if (text === '') resolve(undefined)
      else resolve(JSON.parse(text) as ListenerStatus)
    })
    socket.write(`${command}\n`)
  })
}

/** Ends the listeners; sessions go on. @returns the hosts whose listener ran */
export async function stopListeners(labDir: string): Promise<string[]> {
  const stopped = []
  for (const host of hostsOf(labDir)) if ((await askListener(host, 'stop')) !== undefined) stopped.push(host.name)
  return stopped
}

/** Every listener of a lab with what is registered there; `undefined` for one that does not run. */
export async function listenerStatus(labDir: string): Promise<readonly { readonly host: string; readonly status: ListenerStatus | undefined }[]> {
  return Promise.all(hostsOf(labDir).map(async (host) => ({ host: host.name, status: await askListener(host, 'status') })))
}
