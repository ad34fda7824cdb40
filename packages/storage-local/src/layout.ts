import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'

export type Kind = 'snapshots' | 'clones'

/**
 * The snapshot directory:
 *
 *     volume.json                      which database and directory it belongs to
 *     snapshots/<name>/snapshot.json   what it is; the mark of provenance
 *     snapshots/<name>/tree/           the contents
 *     clones/<name>/clone.json, tree/
 *     …/.partial-<name>-<8 hex>/       being made (owner.json says by whom); renamed into place as its last act
 *     .icb-making-<8 hex>-<pid>-<8 hex>/  becomes such a directory once its owner.json is in it; the host's digest and the process
 *     …/.deleting-<name>-<8 hex>/      being deleted; renamed away as the first act
 *     .icb-probe-<8 hex>, ….copy       asks whether blocks can be shared, where a file needs a name for that
 */
export interface Layout {
  readonly root: string
  readonly volumeFile: string
  directory(kind: Kind): string
  place(kind: Kind, name: string): string
}

export function layoutOf(root: string): Layout {
  return {
    root,
    volumeFile: join(root, 'volume.json'),
    directory: (kind) => join(root, kind),
    place: (kind, name) => join(root, kind, name),
  }
}

export const treeOf = (place: string): string => join(place, 'tree')
export const documentOf = (kind: Kind, place: string): string => join(place, kind === 'snapshots' ? 'snapshot.json' : 'clone.json')

/** 255 bytes of a file name less the longest prefix and suffix. */
export const maxNameLength = 230

const safeName = /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/

/** Names that stay inside their directory, are never hidden and never look like an option. */
export function isSafeName(name: string): boolean {
  return name.length <= maxNameLength && safeName.test(name)
}

export type Passing = 'partial' | 'deleting'

export function passingName(state: Passing, name: string): string {
  return `.${state}-${name}-${randomBytes(4).toString('hex')}`
}

export function parsePassingName(entry: string): { readonly state: Passing; readonly name: string } | undefined {
  const match = /^\.(partial|deleting)-(.+)-[0-9a-f]{8}$/.exec(entry)
  return match?.[2] === undefined ? undefined : { state: match[1] as Passing, name: match[2] }
}

const digestOf = (host: string): string => createHash('sha256').update(host).digest('hex').slice(0, 8)

/** A directory that does not hold its owner's document yet, so its name says who he is. */
export function makingName(host: string, pid: number): string {
  return `.icb-making-${digestOf(host)}-${String(pid)}-${randomBytes(4).toString('hex')}`
}

/** `pid` only where the process is one of this host. */
export function parseMakingName(entry: string, host: string): { readonly pid: number | undefined } | undefined {
  const match = /^\.icb-making-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}$/.exec(entry)
  return match === null ? undefined : { pid: match[1] === digestOf(host) ? Number(match[2]) : undefined }
}

export function probeName(): string {
  return `.icb-probe-${randomBytes(4).toString('hex')}`
}

/** It says nothing about who made it. */
export function isProbe(entry: string): boolean {
  return /^\.icb-probe-[0-9a-f]{8}(?:\.copy)?$/.test(entry)
}
