/**
 * Loaded into the product's process before anything else (`node --import`). It notes which bytes and names below some
 * directories a sync has brought to disk, so that after a kill the harness can take away the rest: what a power cut does.
 *
 * Told by the environment: ICB_TORTURE_ROOTS (directories, joined by `:`) and ICB_TORTURE_NOTES (a directory for the notes).
 * Notes are one JSON line each: `{synced: path, bytes}`, `{created: path}`, `{replaced: path, backup}`, `{directory: path}`.
 */
import { appendFileSync, copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import type * as FsPromises from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { PowerNote } from './power-notes.ts'

const roots = (process.env['ICB_TORTURE_ROOTS'] ?? '').split(':').filter((root) => root !== '')
const notes = process.env['ICB_TORTURE_NOTES'] ?? ''
const watched = (path: string): boolean => roots.some((root) => path === root || path.startsWith(`${root}/`))
let backups = 0

function note(entry: PowerNote): void {
  appendFileSync(join(notes, 'notes.jsonl'), `${JSON.stringify(entry)}\n`)
}

/** What a name stood for before it is given to something else; small files only, as the product's own are. */
function backUp(path: string): void {
  if (!existsSync(path)) {
    note({ created: path })
    return
  }
  if (!statSync(path).isFile()) return
  mkdirSync(notes, { recursive: true })
  const backup = join(notes, `before-${String(process.pid)}-${String((backups += 1))}`)
  copyFileSync(path, backup)
  note({ replaced: path, backup })
}

type Promises = typeof FsPromises
type Handle = Awaited<ReturnType<Promises['open']>>

const promises = process.getBuiltinModule('node:fs/promises') as { -readonly [K in keyof Promises]: Promises[K] }
const { open, rename, link } = promises
const paths = new WeakMap<object, string>()
let wrapped = false

/** Handles have no constructor that could be imported; the first one shows their prototype. */
function wrapHandles(handle: Handle): void {
  if (wrapped) return
  wrapped = true
  const prototype = Object.getPrototypeOf(handle) as { sync: Handle['sync']; datasync: Handle['datasync'] }
  for (const name of ['sync', 'datasync'] as const) {
    const real = prototype[name]
    prototype[name] = async function sync(this: Handle): Promise<void> {
      const path = paths.get(this)
      // Measured before: what is written meanwhile may or may not be on disk.
      const facts = path === undefined ? undefined : await this.stat()
      await real.call(this)
      if (path === undefined || facts === undefined) return
      if (facts.isDirectory()) note({ directory: path })
      else note({ synced: path, bytes: facts.size })
    }
  }
}

promises.open = async (path, flags, mode) => {
  const name = typeof path === 'string' ? resolve(path) : undefined
  const isNew = name !== undefined && watched(name) && typeof flags === 'string' && /[wa]/.test(flags) && !existsSync(name)
  const handle = await open(path, flags, mode)
  wrapHandles(handle)
  if (name !== undefined && watched(name)) paths.set(handle, name)
  if (isNew) note({ created: name })
  // What was there before has been on disk for long.
  else if (name !== undefined && watched(name) && typeof flags === 'string' && /[a+]/.test(flags)) note({ synced: name, bytes: (await handle.stat()).size })
  return handle
}
promises.rename = async (from, to) => {
  const name = typeof to === 'string' ? resolve(to) : undefined
  const fromName = typeof from === 'string' ? resolve(from) : undefined
  // A directory that is renamed into place is the storage's own business, on another machine in life.
  if (name !== undefined && fromName !== undefined && watched(name) && statSync(fromName, { throwIfNoEntry: false })?.isFile() === true) {
    backUp(name)
    note({ moved: fromName, to: name })
  }
  await rename(from, to)
}
promises.link = async (from, to) => {
  const name = typeof to === 'string' ? resolve(to) : undefined
  if (name !== undefined && watched(dirname(name)) && !existsSync(name)) note({ created: name })
  await link(from, to)
  if (name !== undefined && typeof from === 'string') note({ moved: resolve(from), to: name })
}
