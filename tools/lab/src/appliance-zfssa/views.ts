import type { EngineScan, ProjectFacts, ShareFacts, SnapshotFacts } from './engine.ts'
import { fixedProperties, inheritable, shareProperties } from './share-properties.ts'
import type { PropertyValues } from './share-properties.ts'

/** How one request wants its answer. */
export interface ViewStyle {
  readonly version: 1 | 2
  readonly pool: string
}

/** v1: `20150803T13:31:42`; v2: ISO. Both UTC. */
export function timeText(seconds: number, version: 1 | 2): string {
  const iso = new Date(seconds * 1000).toISOString().slice(0, 19)
  return version === 1 ? iso.replaceAll('-', '') : `${iso}Z`
}

export function projectsHref({ version, pool }: ViewStyle): string {
  return `/api/storage/v${String(version)}/pools/${encodeURIComponent(pool)}/projects`
}

export function shareHref(style: ViewStyle, project: string, share: string): string {
  return `${projectsHref(style)}/${encodeURIComponent(project)}/filesystems/${encodeURIComponent(share)}`
}

export interface NodeFacts {
  readonly nodename: string
  readonly asn: string
}

export function poolView({ pool, shares }: EngineScan, style: ViewStyle, owner: NodeFacts, peer: NodeFacts | undefined, here: boolean): object {
  const base = {
    status: here ? 'online' : 'exported', profile: 'mirror', name: style.pool, owner: owner.nodename, peer: peer?.asn ?? '00000000-0000-0000-0000-000000000000', asn: owner.asn,
    href: `/api/storage/v${String(style.version)}/pools/${encodeURIComponent(style.pool)}`,
  }
  if (!here) return base
  const snapshots = shares.reduce((sum, share) => sum + share.spaceSnapshots, 0n)
  return {
    ...base,
    usage: {
      available: pool.available, free: pool.available, used: pool.used, total: pool.total, usage_data: pool.used > snapshots ? pool.used - snapshots : 0n, usage_snapshots: snapshots, usage_total: pool.used,
      usage_metasize: 0, usage_metaused: 0, usage_reservation: 0, usage_replication: 0, compression: 100, dedupratio: 100,
    },
  }
}

export function projectView(project: ProjectFacts, own: PropertyValues, scan: EngineScan, style: ViewStyle): object {
  const shares = scan.shares.filter((share) => share.project === project.project)
  const sum = (pick: (share: ShareFacts) => bigint): bigint => shares.reduce((total, share) => total + pick(share), 0n)
  const source = Object.fromEntries([...inheritable].map((name) => [name, name in own || name === 'mountpoint' ? 'local' : 'default']))
  return {
    name: project.project, pool: style.pool, collection: 'local', canonical_name: `${style.pool}/local/${project.project}`, creation: timeText(project.createdAt, style.version), id: project.id,
    space_available: scan.pool.available, space_data: sum((share) => share.spaceData), space_snapshots: sum((share) => share.spaceSnapshots), space_total: sum((share) => share.spaceTotal), space_unused_res: 0, space_unused_res_shares: 0,
    quota: 0, reservation: 0, default_user: 'nobody', default_group: 'other', default_permissions: '700',
    ...Object.fromEntries([...inheritable].map((name) => [name, shareProperties[name]?.initial])), ...own, mountpoint: projectMountpoint(project.project, own),
    source,
    href: `${projectsHref(style)}/${encodeURIComponent(project.project)}`,
  }
}

function projectMountpoint(project: string, own: PropertyValues): string {
  return pathIn(own) ?? `/export/${project}`
}

function pathIn(values: PropertyValues): string | undefined {
  const path = values['mountpoint']
  return typeof path === 'string' && path !== '' ? path : undefined
}

/** What a share has of its own, and what its project gives it. */
export interface ShareValues {
  readonly own: PropertyValues
  readonly project: PropertyValues
}

export function mountpointOf(share: Pick<ShareFacts, 'project' | 'share'>, { own, project }: ShareValues): string {
  return pathIn(own) ?? `${projectMountpoint(share.project, project)}/${share.share}`
}

export function shareView(share: ShareFacts, values: ShareValues, style: ViewStyle): object {
  const { own, project } = values
  const initial = Object.fromEntries(Object.entries(shareProperties).map(([name, rule]) => [name, rule.initial]))
  const inherited = Object.fromEntries(Object.entries(project).filter(([name]) => inheritable.has(name)))
  // The owner of a new share's root is what its project says.
  const root = Object.fromEntries(['user', 'group', 'permissions'].flatMap((part) => (project[`default_${part}`] === undefined ? [] : [[`root_${part}`, project[`default_${part}`]]])))
  const source = Object.fromEntries(Object.keys(shareProperties).map((name) => [name, name in own || !inheritable.has(name) ? 'local' : 'inherited']))
  return {
    name: share.share, project: share.project, pool: style.pool, collection: 'local', id: share.id, href: shareHref(style, share.project, share.share),
    canonical_name: `${style.pool}/local/${share.project}/${share.share}`, creation: timeText(share.createdAt, style.version),
    ...fixedProperties, ...initial, ...inherited, ...root, ...own,
    mountpoint: mountpointOf(share, values), compressratio: share.compressratio, quota: share.quota, reservation: share.reservation,
    space_data: share.spaceData, space_snapshots: share.spaceSnapshots, space_total: share.spaceTotal, space_available: share.spaceAvailable, space_unused_res: 0,
    source,
    ...(share.origin === undefined ? {} : { origin: { pool: style.pool, collection: 'local', ...share.origin } }),
  }
}

export function snapshotView(snapshot: SnapshotFacts, style: ViewStyle): object {
  return {
    name: snapshot.name, creation: timeText(snapshot.createdAt, style.version), numclones: snapshot.clones, space_data: snapshot.spaceData, space_unique: snapshot.spaceUnique,
    type: 'snapshot', id: snapshot.id, pool: style.pool, project: snapshot.project, share: snapshot.share, collection: 'local',
    canonical_name: `${style.pool}/local/${snapshot.project}/${snapshot.share}@${snapshot.name}`,
    href: `${shareHref(style, snapshot.project, snapshot.share)}/snapshots/${encodeURIComponent(snapshot.name)}`,
  }
}
