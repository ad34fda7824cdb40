// The whole check of a clone: install, static checks, packages as they would be published, all tests. Its last line is `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { buildPrograms, install } from './install.mjs'
import { installSystemPackages } from './system-packages.mjs'
import { capture, pinnedNode, root, run, say, toolEnvironment } from './workspace.mjs'

const only = process.argv.slice(2)
await install()
await installSystemPackages()
await buildPrograms()

const check = (name, file, ...args) => ({ name, file, args })
/** Two lanes side by side; within a lane one after the other. The first one only reads, so the tests need not wait for its end. */
const lanes = [
  [
    check('every test file belongs to a project', pinnedNode, 'tools/run/orphan-tests.mjs'),
    check('lint', 'eslint', '.', '--cache', '--cache-location', 'node_modules/.cache/eslint/'),
    check('layers', 'depcruise', '--config', '.dependency-cruiser.mjs', 'packages', 'apps', 'tools'),
    check('declared dependencies are the imported ones', pinnedNode, 'tools/run/dependencies.mjs'),
  ],
  [check('types', 'nx', 'run-many', '-t', 'typecheck', '--output-style=static'), check('packages build and pack cleanly', 'nx', 'run-many', '-t', 'check:pack', '--output-style=static')],
]
const checks = lanes.flat()
const failedChecks = []

async function runLane(lane) {
  for (const { name, file, args } of lane) {
    const started = Date.now()
    const { code, output } = await capture(file, args)
    const seconds = Math.round((Date.now() - started) / 1000)
    say(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`)
    if (code === 0) continue
    failedChecks.push(name)
    say(output)
  }
}

let reading = Promise.resolve()
if (only.length === 0) {
  say('\n── checks')
  const [sources, packages] = lanes
  reading = runLane(sources)
  await runLane(packages)
}

say('\n── tests')
const directory = mkdtempSync(join(tmpdir(), 'icb-test-report-'))
const report = join(directory, 'report.json')
const vitestCode = await run('vitest', ['run', '--reporter=default', '--reporter=./tools/run/report.mjs', ...only], { env: toolEnvironment({ ICB_TEST_REPORT: report }) })
await reading
let passed = 0
let failed = 0
const skipped = []
const notOffered = []
const broken = []
const suites = []
try {
  const { files, unhandled } = JSON.parse(readFileSync(report, 'utf8'))
  failed += unhandled
  for (const { file, broken: unreadable, tests } of files) {
    const path = relative(root, file)
    const passedHere = tests.filter((test) => test.state === 'passed').length
    const failedHere = tests.filter((test) => test.state === 'failed').length + (unreadable ? 1 : 0)
    passed += passedHere
    failed += failedHere
    if (unreadable) broken.push(`${path}: the file itself`)
    for (const { name, state, note } of tests) {
      if (state === 'failed') broken.push(`${path}: ${name}`)
      if (state === 'passed' || state === 'failed') continue
      // What a storage, or the bed it is tested on, declares it cannot do is no gap of this machine.
      const list = /^the (storage declares|harness does not offer)/.test(note ?? '') ? notOffered : skipped
      list.push(`${path}: ${name}${note === undefined ? '' : ` (${note})`}`)
    }
    suites.push(`${String(passedHere).padStart(5)} passed ${String(failedHere).padStart(3)} failed  ${path}`)
  }
} catch (error) {
  say(`no test report: ${error.message}`)
  failed += 1
}
rmSync(directory, { recursive: true, force: true })

if (notOffered.length > 0) console.log(`\nrules of the storage contract that do not apply to a storage or its test bed:\n  ${notOffered.join('\n  ')}`)
console.log(`\nsuites:\n${suites.sort((a, b) => (a.slice(24) < b.slice(24) ? -1 : 1)).join('\n')}`)
if (skipped.length > 0) console.log(`\nskipped:\n  ${skipped.join('\n  ')}`)
const forbiddenSkips = process.env.CI === 'true' ? skipped.filter((name) => !name.includes('needs the reference data')) : []
for (const name of forbiddenSkips) console.log(`skipped, which is a failure with CI=true: ${name}`)
for (const name of broken) console.log(`test failed: ${name}`)
for (const name of failedChecks) console.log(`check failed: ${name}`)
passed += only.length === 0 ? checks.length - failedChecks.length : 0
failed += failedChecks.length + forbiddenSkips.length
if (vitestCode !== 0 && failed === 0) failed = 1
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
