import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { repositoryRoot } from '@icb/testing'
import { mutants } from './mutants.ts'
import type { Mutant } from './mutants.ts'
import { idsIn } from './scan.ts'

/** @throws when the place of the change is not there exactly once: then the mutant says nothing any more and has to be looked at. */
export function mutatedText(mutant: Mutant, text: string): string {
  const places = text.split(mutant.find).length - 1
  if (places !== 1) throw new Error(`${mutant.hazard} (${mutant.does}): its place stands ${String(places)} times in ${mutant.file}`)
  return text.replace(mutant.find, () => mutant.replace)
}

/** The sources, linked to the same dependencies; the workspace's own packages are those of the copy. */
function copySources(directory: string): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: repositoryRoot, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n').filter((file) => file !== '' && existsSync(join(repositoryRoot, file)))
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    cpSync(join(repositoryRoot, file), join(directory, file))
  }
  const from = join(repositoryRoot, 'node_modules')
  const to = join(directory, 'node_modules')
  mkdirSync(join(to, '@icb'), { recursive: true })
  for (const name of readdirSync(from)) if (name !== '@icb' && name !== '.cache' && name !== '.vite') symlinkSync(join(from, name), join(to, name))
  const own = [...readdirSync(join(directory, 'packages')).map((name) => [name, join('packages', name)]), ['lab', join('tools', 'lab')], ['testing', join('tools', 'testing')]] as const
  for (const [name = '', place = ''] of own) symlinkSync(join(directory, place), join(to, '@icb', name))
  // A package may have a dependency in a version of its own.
  for (const place of ['packages', 'apps']) for (const name of readdirSync(join(repositoryRoot, place))) {
    const nested = join(repositoryRoot, place, name, 'node_modules')
    if (existsSync(nested)) symlinkSync(nested, join(directory, place, name, 'node_modules'))
  }
}

interface Found {
  readonly passed: number
  readonly failed: number
  readonly broken: boolean
}

function runTests(directory: string, hazards: readonly string[], tests: readonly string[]): (mutant: Mutant) => Found {
  const report = join(directory, 'mutant-report.json')
  rmSync(report, { force: true })
  spawnSync(join(repositoryRoot, 'node_modules', '.bin', 'vitest'), ['run', '--reporter=./tools/run/report.mjs', '-t', `\\[(${hazards.join('|')})\\]`, ...tests], { cwd: directory, env: { ...process.env, ICB_TEST_REPORT: report }, stdio: 'ignore', timeout: 600_000 })
  if (!existsSync(report)) return () => ({ passed: 0, failed: 0, broken: true })
  const { files } = JSON.parse(readFileSync(report, 'utf8')) as { readonly files: readonly { readonly file: string; readonly broken: boolean; readonly tests: readonly { readonly name: string; readonly state: string }[] }[] }
  return ({ hazard, test }) => {
    const file = files.find((each) => each.file.endsWith(`/${test}`))
    const own = (file?.tests ?? []).filter(({ name }) => idsIn(name).includes(hazard))
    return { passed: own.filter(({ state }) => state === 'passed').length, failed: own.filter(({ state }) => state === 'failed').length, broken: file?.broken ?? true }
  }
}

/** Ends what a mutant left running: one of them kills too little. Its programs are known by the copy's path in their command line. */
function endPrograms(directory: string): void {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || entry === String(process.pid)) continue
    try {
      if (readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(`${directory}/`)) process.kill(Number(entry), 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

/** Each mutant in turn in one copy. Answers how many were not noticed. */
export function runMutants(only: readonly string[]): number {
  const directory = mkdtempSync(join(tmpdir(), 'icb-mutants-'))
  let unnoticed = 0
  try {
    copySources(directory)
    const chosen = mutants.filter(({ hazard }) => only.length === 0 || only.includes(hazard))
    const unchanged = runTests(directory, [...new Set(chosen.map(({ hazard }) => hazard))], [...new Set(chosen.map(({ test }) => test))])
    for (const mutant of chosen) {
      const path = join(directory, mutant.file)
      const text = readFileSync(path, 'utf8')
      const tell = (mark: string, what: string): void => { console.log(`${mark} ${mutant.hazard.padEnd(4)} ${mutant.does}: ${what}`) }
      const sound = unchanged(mutant)
      if (sound.passed === 0 || sound.failed > 0 || sound.broken) {
        unnoticed++
        tell('✗', 'its tests do not pass without the change')
        continue
      }
      writeFileSync(path, mutatedText(mutant, text))
      const { failed, broken } = runTests(directory, [mutant.hazard], [mutant.test])(mutant)
      writeFileSync(path, text)
      if (failed === 0) unnoticed++
      tell(failed > 0 ? '✓' : '✗', failed > 0 ? `${String(failed)} ${failed === 1 ? 'test fails' : 'tests fail'}` : broken ? 'the changed sources do not load' : 'nobody noticed')
    }
  } finally {
    endPrograms(directory)
    rmSync(directory, { recursive: true, force: true })
  }
  return unnoticed
}
