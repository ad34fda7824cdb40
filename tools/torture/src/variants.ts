import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { makeOwnedPlace, repositoryRoot } from '@icb/testing'

/** A source patch that breaks one guarantee of the product. Kept in `patches/`, each with what it breaks on top. */
export interface BrokenGuarantee {
  readonly name: string
  readonly file: string
  /** The sentence that does not hold any more. */
  readonly guarantee: string
  /** Plans that read like this are tried before the others of the seed. */
  readonly first: string
}

export const patchDirectory: string = join(repositoryRoot, 'tools', 'torture', 'patches')

export function readPatches(): readonly BrokenGuarantee[] {
  return readdirSync(patchDirectory).filter((name) => name.endsWith('.patch')).sort().map((name) => {
    const file = join(patchDirectory, name)
    const text = readFileSync(file, 'utf8')
    const line = (key: string): string => new RegExp(`^${key}: ?(.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
    if (line('Guarantee') === '') throw new Error(`${file} does not say which guarantee it breaks`)
    return { name: basename(name, '.patch'), file, guarantee: line('Guarantee'), first: line('First') }
  })
}

/** The product built from a copy of its sources with a patch applied. */
export interface Variant extends Disposable {
  readonly icb: string
  readonly builtDirectory: string
}

/** What the programs are built from. */
const sources = ['packages', 'apps', 'tools/torture', 'tools/testing', 'tools/lab', 'tools/build', 'tsconfig.base.json', 'package.json']

/** @throws when the patch does not apply to the sources as they are, or the result does not build. */
export function buildVariant(patch: BrokenGuarantee): Variant {
  const directory = makeOwnedPlace('icb-variant-')
  try {
    for (const source of sources) cpSync(join(repositoryRoot, source), join(directory, source), { recursive: true, filter: (path) => !/\/(?:dist|node_modules|coverage|test)$/.test(path) })
    linkModules(directory)
    // Not `--unsafe-paths`, no fuzz: a patch whose place has moved says nothing any more and has to be looked at.
    execFileSync('git', ['apply', '--whitespace=nowarn', patch.file], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() } })
    const tsup = join(repositoryRoot, 'node_modules', '.bin', 'tsup')
    for (const program of ['apps/icb', 'tools/torture']) execFileSync(tsup, { cwd: join(directory, program), stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    const { stderr } = error as { stderr?: Buffer }
    throw new Error(`${patch.name}: ${stderr?.toString().trim() ?? ''} ${error instanceof Error ? error.message : ''}`, { cause: error })
  }
  return {
    icb: join(directory, 'apps', 'icb', 'dist', 'icb.mjs'),
    builtDirectory: join(directory, 'tools', 'torture', 'dist'),
    [Symbol.dispose]: () => { rmSync(directory, { recursive: true, force: true }) },
  }
}

/** The same dependencies, but the workspace's own packages are those of the copy. */
function linkModules(directory: string): void {
  const from = join(repositoryRoot, 'node_modules')
  const to = join(directory, 'node_modules')
  mkdirSync(join(to, '@icb'), { recursive: true })
  for (const name of readdirSync(from)) if (name !== '@icb') symlinkSync(join(from, name), join(to, name))
  for (const name of readdirSync(join(directory, 'packages'))) symlinkSync(join('..', '..', 'packages', name), join(to, '@icb', name))
}
