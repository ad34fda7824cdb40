import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the product's process did to files, in the order of doing. */
export type PowerNote =
  /** A sync has brought this many bytes to disk. */
  | { readonly synced: string; readonly bytes: number }
  /** The name was not there before. */
  | { readonly created: string }
  /** The name stood for something else, which is kept in `backup`. */
  | { readonly replaced: string; readonly backup: string }
  /** A file got another name; its bytes are as durable as they were. */
  | { readonly moved: string; readonly to: string }
  /** The names in a directory are on disk. */
  | { readonly directory: string }

/**
 * Takes away what no sync had brought to disk: bytes behind the last sync of a file, and names whose directory was not
 * synced since. The worst that may happen, which is not what always happens. Answers what was undone.
 */
export function undoUnsynced(notesDirectory: string): readonly string[] {
  const file = join(notesDirectory, 'notes.jsonl')
  if (!existsSync(file)) return []
  const synced = new Map<string, number>()
  const written = new Set<string>()
  let names: PowerNote[] = []
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    const entry = JSON.parse(line) as PowerNote
    if ('synced' in entry) {
      synced.set(entry.synced, entry.bytes)
      written.add(entry.synced)
    } else if ('created' in entry) {
      written.add(entry.created)
      names.push(entry)
    } else if ('replaced' in entry) names.push(entry)
    else if ('moved' in entry) {
      const bytes = synced.get(entry.moved)
      synced.delete(entry.to)
      if (bytes !== undefined) synced.set(entry.to, bytes)
      written.add(entry.to)
    } else names = names.filter((name) => dirname(nameOf(name)) !== entry.directory)
  }
  const undone: string[] = []
  for (const path of written) {
    const size = statSync(path, { throwIfNoEntry: false })?.size
    const durable = synced.get(path) ?? 0
    if (size === undefined || size <= durable) continue
    truncateSync(path, durable)
    undone.push(`${path}: ${String(size - durable)} bytes`)
  }
  for (const entry of names.reverse()) {
    if ('replaced' in entry) {
      copyFileSync(entry.backup, entry.replaced)
      undone.push(`${entry.replaced}: its new content`)
    } else if ('created' in entry && existsSync(entry.created)) {
      rmSync(entry.created, { force: true })
      undone.push(`${entry.created}: its name`)
    }
  }
  return undone
}

function nameOf(entry: PowerNote): string {
  return 'replaced' in entry ? entry.replaced : 'created' in entry ? entry.created : ''
}
