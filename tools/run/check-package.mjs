// One package as it would be published: what is in the tarball, then publint and attw on that very tarball. Runs in the package's directory.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { say, toolEnvironment } from './workspace.mjs'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const directory = mkdtempSync(join(tmpdir(), 'icb-pack-'))
try {
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', directory], { encoding: 'utf8', env: toolEnvironment() }))
  const tarball = join(directory, packed.filename)
  const files = packed.files.map((file) => file.path)
  const wanted = ['package.json', 'README.md', 'LICENSE', 'NOTICE']
  const problems = [
    ...wanted.filter((name) => !files.includes(name)).map((name) => `${name} is missing`),
    ...files.filter((name) => !/^(dist|bin)\//.test(name) && ![...wanted, 'CHANGELOG.md'].includes(name)).map((name) => `${name} does not belong into it`),
    ...files.filter((name) => /\.test\./.test(name)).map((name) => `${name} is a test`),
  ]
  for (const problem of problems) say(`${manifest.name}: ${problem}`)
  const typed = Object.values(manifest.exports).some((entry) => entry.types !== undefined)
  const tools = [['publint', '--strict', tarball], ...(typed ? [['attw', tarball, '--profile', 'esm-only', '--quiet']] : [])]
  const codes = tools.map(([name, ...args]) => spawnSync(name, args, { stdio: 'inherit', env: toolEnvironment() }).status)
  if (problems.length > 0 || codes.some((code) => code !== 0)) process.exitCode = 1
  else say(`${manifest.name}: ${files.length} files, ${Math.round(packed.size / 1024)} KiB packed, ${Math.round(packed.unpackedSize / 1024)} KiB unpacked`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
