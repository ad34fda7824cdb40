import { runCli } from './cli.ts'

void runCli(process.argv.slice(2), { env: process.env, stdout: process.stdout, stderr: process.stderr, onSignal: (name, handler) => { process.once(name, handler) } }).then((exitCode) => { process.exitCode = exitCode })
