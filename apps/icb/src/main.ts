import { runCli } from './cli.ts'
import { calledAs } from './legacy/called-as.ts'

const args = process.argv.slice(2)
const io = { env: process.env, stdout: process.stdout, stderr: process.stderr, onSignal: (name: 'SIGINT' | 'SIGTERM', handler: () => void) => { process.once(name, handler) } }
const called = calledAs(process.argv[1])
const run = called === undefined ? runCli(args, io) : import('./legacy/run-legacy.ts').then(({ runLegacy }) => runLegacy(called, args, { ...io, stdin: process.stdin }))

void run.then((exitCode) => { process.exitCode = exitCode })
