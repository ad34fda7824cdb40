import { createHash } from 'node:crypto'
import { lstat, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import type { CheckResult, Clock } from '@icb/runtime'
import { isoNow } from '@icb/runtime'
import { autorestoreErrors as errors } from './errors.ts'
import type { HostView } from './host-view.ts'

/** The marker that makes a directory a sandbox scratch directory. */
export const sandboxMarkerName = '.icb-sandbox'

interface Marker {
  readonly version: 1
  readonly directory: string
  readonly hostId: string
  readonly preparedAt: string
  readonly digest: string
}

function digestOf(directory: string, hostId: string): string {
  return createHash('sha256').update(`icb-sandbox\0${directory}\0${hostId}`).digest('hex')
}

/** True when `inner` is `outer` or lies below it. Both absolute and resolved. */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)
}

export interface SandboxBounds {
  /** Directories that must neither contain nor lie in the scratch directory: backup areas, mount points. */
  readonly keepAway: readonly string[]
}

/**
 * Refuses a directory that must never be emptied: not absolute, `/`, a home, a mount point, a link, reached through a
 * link, somebody else's, or overlapping one of `keepAway`.
 * @throws ICB_AUTORESTORE_REFUSED_SCRATCH
 */
export async function guardScratchLocation(directory: string, host: HostView, bounds: SandboxBounds): Promise<string> {
  const refuse = (why: string, hint = 'Choose an empty directory of its own on a local disk and run: icb sandbox prepare <dir>'): never => {
    throw errors.REFUSED_SCRATCH(`${directory} ${why}`, { hint, details: { directory } })
  }
  if (!isAbsolute(directory)) refuse('is not an absolute path')
  const path = resolve(directory)
  if (path === '/' || dirname(path) === '/') refuse('is the root or a directory directly below it')
  if (path === resolve(host.homeDirectory) || isWithin(resolve(host.homeDirectory), path)) refuse('is or contains the home directory')
  const probe = await host.probe(path)
  if (probe.state === 'absent') refuse('does not exist')
  if (probe.state === 'unknown') refuse(`cannot be examined: ${probe.reason}`)
  if (probe.state === 'present') {
    if (probe.facts.isLink) refuse('is a symbolic link')
    if (!probe.facts.isDirectory) refuse('is not a directory')
    if (probe.facts.realPath !== path) refuse(`is reached through a link; it really is ${probe.facts.realPath}`, `Use ${probe.facts.realPath} if that is what you mean.`)
    if (probe.facts.ownerUid !== host.uid) refuse('belongs to another user')
  }
  const mounts = await host.mounts()
  if (mounts.some((mount) => mount.mountPoint === path)) refuse('is a mount point')
  const below = mounts.find((mount) => mount.mountPoint !== path && isWithin(mount.mountPoint, path))
  if (below !== undefined) refuse(`has ${below.mountPoint} mounted below it`)
  for (const other of bounds.keepAway) {
    const otherProbe = await host.probe(resolve(other))
    const real = otherProbe.state === 'present' ? otherProbe.facts.realPath : resolve(other)
    if (isWithin(path, real) || isWithin(real, path)) refuse(`overlaps ${other}`)
  }
  return path
}

async function readMarker(directory: string): Promise<Marker | undefined> {
  const path = join(directory, sandboxMarkerName)
  const facts = await lstat(path).catch(() => undefined)
  if (facts?.isFile() !== true) return undefined
  try {
    const marker = JSON.parse(await readFile(path, 'utf8')) as Partial<Marker>
    return marker.version === 1 && typeof marker.directory === 'string' && typeof marker.hostId === 'string' && marker.digest === digestOf(marker.directory, marker.hostId) ? (marker as Marker) : undefined
  } catch {
    return undefined
  }
}

/**
 * Makes the scratch directory if it is missing and marks it for this host. Idempotent. A directory that has files but no
 * marker is refused: somebody may need them.
 * @throws ICB_AUTORESTORE_REFUSED_SCRATCH
 */
export async function prepareSandbox(directory: string, options: { readonly host: HostView; readonly clock: Clock; readonly bounds: SandboxBounds }): Promise<{ readonly directory: string; readonly created: boolean }> {
  const { host } = options
  if (isAbsolute(directory) && (await host.probe(resolve(directory))).state === 'absent') await mkdir(resolve(directory), { recursive: true, mode: 0o750 })
  const path = await guardScratchLocation(directory, host, options.bounds)
  const marker = await readMarker(path)
  if (marker?.directory === path && marker.hostId === host.hostId) return { directory: path, created: false }
  const content = (await readdir(path)).filter((name) => name !== sandboxMarkerName)
  if (content.length > 0) {
    throw errors.REFUSED_SCRATCH(`${path} is not empty (${content.slice(0, 3).join(', ')}${content.length > 3 ? ', …' : ''})`, { hint: 'Restore tests delete what is in their scratch directory. Choose an empty one.' })
  }
  const text: Marker = { version: 1, directory: path, hostId: host.hostId, preparedAt: isoNow(options.clock), digest: digestOf(path, host.hostId) }
  await writeFile(join(path, sandboxMarkerName), `${JSON.stringify(text, null, 2)}\n`, { mode: 0o640 })
  return { directory: path, created: true }
}

/**
 * Proves that the directory is a sandbox of this host.
 * @throws ICB_AUTORESTORE_REFUSED_SCRATCH
 */
export async function guardSandbox(directory: string, host: HostView, bounds: SandboxBounds): Promise<string> {
  const path = await guardScratchLocation(directory, host, bounds)
  const marker = await readMarker(path)
  if (marker === undefined) throw errors.REFUSED_SCRATCH(`${path} carries no sandbox marker`, { hint: `Run: icb sandbox prepare ${path}` })
  if (marker.directory !== path || marker.hostId !== host.hostId) {
    throw errors.REFUSED_SCRATCH(`the sandbox marker in ${path} was made for ${marker.directory} on host ${marker.hostId}`, { hint: `If this host is the sandbox, remove the marker and run: icb sandbox prepare ${path}` })
  }
  return path
}

/** `sandbox check` and doctor: the same proof as a check result. */
export async function checkSandbox(directory: string, host: HostView, bounds: SandboxBounds): Promise<CheckResult> {
  try {
    await guardSandbox(directory, host, bounds)
    return { status: 'ok', summary: `${directory} is a marked scratch directory of this host` }
  } catch (error) {
    const hint = (error as { hint?: string }).hint
    return { status: 'failed', summary: (error as Error).message, ...(hint === undefined ? {} : { advice: hint }), remedy: 'fix' }
  }
}

const runDirectoryPattern = /^run-[0-9a-z-]+$/

/** The directory of one test inside the scratch directory. */
export function runDirectory(scratch: string, runId: string): string {
  return join(scratch, `run-${runId}`)
}

/**
 * Removes one test's directory: only `run-…` directly below a marked scratch directory, never through a link and never
 * across a mount. Missing is fine.
 * @throws ICB_AUTORESTORE_REFUSED_SCRATCH, ICB_AUTORESTORE_CLEANUP
 */
export async function removeRunDirectory(directory: string, host: HostView): Promise<void> {
  const parent = dirname(directory)
  const name = directory.slice(parent.length + 1)
  if (!runDirectoryPattern.test(name) || (await readMarker(parent)) === undefined) {
    throw errors.REFUSED_SCRATCH(`${directory} is not a restore test's directory in a marked scratch directory`)
  }
  const facts = await lstat(directory).catch(() => undefined)
  if (facts === undefined) return
  if (!facts.isDirectory()) throw errors.REFUSED_SCRATCH(`${directory} is not a directory`)
  const below = (await host.mounts()).find((mount) => isWithin(mount.mountPoint, directory))
  if (below !== undefined) throw errors.REFUSED_SCRATCH(`${below.mountPoint} is mounted inside the scratch directory`)
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  if ((await lstat(directory).catch(() => undefined)) !== undefined) throw errors.CLEANUP(`${directory} could not be removed`)
}
