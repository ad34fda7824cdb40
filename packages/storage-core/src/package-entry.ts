import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** Conditions under which this process imports a package, in no order: the package's own order decides. */
const conditions: ReadonlySet<string> = new Set(['import', 'node', 'module-sync', 'default'])

/**
 * The directories in which Node would look for `name` when a file in `from` imports it, nearest first.
 * `import.meta.resolve` cannot be asked: it has no parent argument, and inside a bundled program it would look beside the program.
 */
export function packageDirectories(name: string, from: string): readonly string[] {
  const found: string[] = []
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    found.push(join(directory, 'node_modules', name))
    if (directory === dirname(directory)) return found
  }
}

/** The file that `import` of a package directory loads; `undefined` when there is no package or it has no entry. */
export async function packageEntry(directory: string): Promise<string | undefined> {
  let manifest: Record<string, unknown>
  try {
    manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Record<string, unknown>
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
  const { exports, main } = manifest
  const target = exports === undefined ? (typeof main === 'string' ? main : 'index.js') : exportTarget(isSubpathMap(exports) ? exports['.'] : exports)
  if (target === undefined) return undefined
  const file = join(directory, target)
  return (await isFile(file)) ? file : undefined
}

export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

function isSubpathMap(exports: unknown): exports is Record<string, unknown> {
  return typeof exports === 'object' && exports !== null && '.' in exports
}

function exportTarget(target: unknown): string | undefined {
  if (typeof target === 'string') return target.startsWith('./') ? target : undefined
  if (Array.isArray(target)) return target.map(exportTarget).find((found) => found !== undefined)
  if (typeof target !== 'object' || target === null) return undefined
  for (const [condition, value] of Object.entries(target)) {
    if (!conditions.has(condition)) continue
    const found = exportTarget(value)
    if (found !== undefined) return found
  }
  return undefined
}

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}
