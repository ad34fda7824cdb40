// Runs the tests whose names carry a row of the original and says what became of each row. `--write` makes docs/parity.md instead.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPrograms, install } from './install.mjs'
import { installSystemPackages } from './system-packages.mjs'
import { capture, pinnedNode, run, say, toolEnvironment } from './workspace.mjs'

const program = ['--conditions=@icb/source', '--disable-warning=ExperimentalWarning', 'tools/parity/src/main.ts']
await install()
if (process.argv.includes('--write')) process.exitCode = await run(pinnedNode, [...program, 'write'])
else {
  await installSystemPackages()
  await buildPrograms()
  const files = (await capture(pinnedNode, [...program, 'files'])).output.trim().split('\n')
  const directory = mkdtempSync(join(tmpdir(), 'icb-parity-'))
  const report = join(directory, 'report.json')
  say(`\n── tests with a row's id in ${files.length} files`)
  const tests = await run('vitest', ['run', '--reporter=default', '--reporter=./tools/run/report.mjs', '-t', '\\[(M:|K:|H[1-9])', ...files], { env: toolEnvironment({ ICB_TEST_REPORT: report }) })
  say('')
  const judged = await run(pinnedNode, [...program, 'judge', report])
  rmSync(directory, { recursive: true, force: true })
  process.exitCode = tests === 0 ? judged : 1
}
