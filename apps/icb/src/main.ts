#!/usr/bin/env node
import { version } from './version.ts'

const argv = process.argv.slice(2)
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  // Asked often and by other programs; nothing else of the bundle is evaluated for it.
  process.stdout.write(`${version}\n`)
} else {
  const { runCli } = await import('./cli.ts')
  process.exitCode = await runCli(argv, { env: process.env, stdout: process.stdout, stderr: process.stderr, onSignal: (name, handler) => { process.once(name, handler) } })
}
