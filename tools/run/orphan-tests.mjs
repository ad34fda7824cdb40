// Fails when a *.test.ts file exists that no test project would run.
import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root, say } from './workspace.mjs'

const all = globSync('**/*.test.{ts,mts,tsx}', { cwd: root, exclude: (path) => /(^|\/)(node_modules|dist|\.nx|coverage)(\/|$)/.test(path) }).sort()
const listed = new Set(
  JSON.parse(execFileSync(join(root, 'node_modules', '.bin', 'vitest'), ['list', '--filesOnly', '--json'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })).map((entry) => relative(root, entry.file)),
)
const orphans = all.filter((file) => !listed.has(file))
for (const file of orphans) say(`no test project runs ${file}: move it below src/ or test/ of a package`)
if (orphans.length > 0) process.exitCode = 1
else say(`${all.length} test files, each in a project`)
