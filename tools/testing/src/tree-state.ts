import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Everything below a path as `relative path -> kind, mode, owner and checksum`, to compare before and after. Neither
 * links nor other file systems are followed; what does not exist has no entries.
 */
export function treeState(root: string): Readonly<Record<string, string>> {
  const state: Record<string, string> = {}
  const visit = (path: string): void => {
    const facts = lstatSync(path, { throwIfNoEntry: false })
    if (facts === undefined) return
    const kind = facts.isDirectory() ? 'directory' : facts.isSymbolicLink() ? `-> ${readlinkSync(path)}` : facts.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'special'
    state[relative(root, path)] = `${(facts.mode & 0o7777).toString(8)} ${String(facts.uid)} ${kind}`
    if (facts.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name))
  }
  visit(root)
  return state
}
