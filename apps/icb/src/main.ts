import { isatty } from 'node:tty'
import { runCli } from './cli.ts'
import { calledAs } from './legacy/called-as.ts'
import type { StopSignal } from './stop-signals.ts'

const args = process.argv.slice(2)
const io = { env: process.env, stdout: process.stdout, stderr: process.stderr, hasTerminal: [0, 1, 2].some((descriptor) => isatty(descriptor)), onSignal: (name: StopSignal, handler: () => void) => { process[name === 'SIGHUP' ? 'on' : 'once'](name, handler) } }
const called = calledAs(process.argv[1])
const run = called === undefined ? runCli(args, io) : import('./legacy/run-legacy.ts').then(({ runLegacy }) => runLegacy(called, args, { ...io, stdin: process.stdin }))

/** Who stops reading, or a terminal that goes away, does not stop a backup. */
let lost: NodeJS.ErrnoException | undefined
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') lost ??= error
  })
}

process.on('exit', (exitCode) => {
  if (lost === undefined) return
  process.stderr.write(`icb: the output could not be written: ${lost.message}\n`)
  if (exitCode === 0) process.exitCode = 1
})

void run.then((exitCode) => { process.exitCode = exitCode })
