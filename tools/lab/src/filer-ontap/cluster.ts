import { randomUUID } from 'node:crypto'
import type { VolumeEngine } from '../volume-engine/volume-engine.ts'
import type { Jobs } from './jobs.ts'

/** 9.6 is 906, 9.16 is 916. */
export type Release = number

export interface FilerSnapshot {
  readonly uuid: string
  readonly sequence: number
  name: string
  readonly createdAt: number
  readonly visibleAt: number
  readonly size: number
  comment: string | undefined
  label: string | undefined
  /** Milliseconds; a snapshot that has not expired is not deleted. */
  expiry: number | undefined
  /** By the compliance clock; it can only be moved to later. */
  snaplockExpiry: number | undefined
}

export interface FilerVolume {
  readonly uuid: string
  readonly sequence: number
  name: string
  readonly svm: string
  readonly aggregate: string
  readonly createdAt: number
  visibleAt: number
  size: number
  state: 'online' | 'offline'
  comment: string | undefined
  path: string | undefined
  exportPolicy: string
  snapshotPolicy: string
  snapshotDirectory: boolean
  uid: number
  gid: number
  permissions: number
  autosize: { mode: string; maximum: number; grow_threshold: number }
  guarantee: string
  securityStyle: string
  snapshotLocking: boolean
  parent: { readonly volume: string; readonly snapshot: string } | undefined
  /** Work in the background until then: an unmount is refused meanwhile. */
  busyUntil: number
  /** In the recovery queue: hidden from all lists, still there. */
  queued: boolean
  readonly snapshots: Map<string, FilerSnapshot>
}

export interface GroupSnapshot {
  readonly uuid: string
  readonly sequence: number
  readonly name: string
  readonly createdAt: number
  readonly comment: string | undefined
  readonly consistencyType: string
  readonly label: string | undefined
  /** Volume and snapshot UUIDs. */
  readonly members: readonly { readonly volume: string; readonly snapshot: string }[]
}

export interface ConsistencyGroup {
  readonly uuid: string
  readonly sequence: number
  readonly name: string
  readonly svm: string
  readonly volumes: string[]
  readonly snapshots: Map<string, GroupSnapshot>
  /** A snapshot that was begun in two phases: all writes stand still until it is committed or its time is up. */
  pending: { readonly uuid: string; readonly name: string; readonly until: number; readonly commit: () => void } | undefined
}

export interface ExportPolicy {
  readonly id: number
  readonly name: string
  readonly rules: readonly Readonly<Record<string, unknown>>[]
}

export interface Svm {
  readonly uuid: string
  readonly sequence: number
  readonly name: string
  readonly policies: ExportPolicy[]
  readonly lifs: readonly { readonly uuid: string; readonly name: string; readonly address: string; readonly services: readonly string[] }[]
}

export interface FilerSettings {
  release: Release
  /** How long a job runs, milliseconds. */
  jobMs: number
  /** How long a finished job can be asked for. */
  jobKeepMs: number
  /** How long a new object stays invisible after its job succeeded. */
  visibilityMs: number
  /** How long a new clone has work in the background. */
  cloneBusyMs: number
  /** Records per page unless asked for fewer. */
  pageSize: number
  maxSnapshots: number
  /** Without the licence a field of SnapLock is refused. */
  snaplock: boolean
  /** A consistency group's snapshots lack their last volume. */
  partialGroups: boolean
  flexClone: boolean
  /** Deleting needs the approval of a second administrator. */
  multiAdmin: boolean
}

/** What the filer holds: one cluster with its SVMs. */
export interface Cluster {
  readonly uuid: string
  readonly settings: FilerSettings
  readonly engine: VolumeEngine
  readonly jobs: Jobs
  readonly svms: Map<string, Svm>
  readonly aggregates: readonly { readonly uuid: string; readonly name: string; readonly size: number }[]
  readonly volumes: Map<string, FilerVolume>
  readonly groups: Map<string, ConsistencyGroup>
  /** Names whose creation runs: `svm/name`. */
  readonly creating: Set<string>
  /** Milliseconds; the compliance clock can be turned on. */
  complianceOffset: number
  now(): number
  nextSequence(): number
  /** A time no other object has. */
  stamp(): number
}

export const defaultSettings: FilerSettings = {
  release: 916,
  jobMs: 20,
  jobKeepMs: 300_000,
  visibilityMs: 0,
  cloneBusyMs: 0,
  pageSize: 10_000,
  maxSnapshots: 1023,
  snaplock: false,
  partialGroups: false,
  flexClone: true,
  multiAdmin: false,
}

export function createCluster(engine: VolumeEngine, jobs: Jobs, settings: FilerSettings): Cluster {
  let sequence = 0
  let lastStamp = 0
  return {
    uuid: randomUUID(),
    settings,
    engine,
    jobs,
    svms: new Map(),
    aggregates: ['aggr1', 'aggr2'].map((name) => ({ uuid: randomUUID(), name, size: 100 * 2 ** 40 })),
    volumes: new Map(),
    groups: new Map(),
    creating: new Set(),
    complianceOffset: 0,
    now: () => Date.now(),
    nextSequence: () => ++sequence,
    // Snapshots of one second apart in life; here a millisecond keeps their order.
    stamp: () => (lastStamp = Math.max(lastStamp + 1, Date.now())),
  }
}

export function addSvm(cluster: Cluster, name: string, address: string): Svm {
  const services = ['data_core', 'data_nfs']
  const sequence = cluster.nextSequence()
  const svm: Svm = {
    uuid: randomUUID(),
    sequence,
    name,
    policies: ['default', 'icb'].map((policy, index) => ({ id: sequence * 100 + index, name: policy, rules: [] })),
    lifs: [
      { uuid: randomUUID(), name: `${name}_nfs1`, address, services },
      { uuid: randomUUID(), name: `${name}_mgmt`, address, services: ['management_https'] },
    ],
  }
  cluster.svms.set(name, svm)
  return svm
}

export const visibleVolumes = (cluster: Cluster): FilerVolume[] => [...cluster.volumes.values()].filter((volume) => !volume.queued && volume.visibleAt <= cluster.now())

export function volumeNamed(cluster: Cluster, svm: string, name: string): FilerVolume | undefined {
  return [...cluster.volumes.values()].find((volume) => volume.svm === svm && volume.name === name)
}

/** Clones of this snapshot, those in the recovery queue too: they lock it as well. */
export function clonesOf(cluster: Cluster, snapshot: string): FilerVolume[] {
  return [...cluster.volumes.values()].filter((volume) => volume.parent?.snapshot === snapshot)
}

/** UUIDs of all snapshots and of all volumes that have clones. */
export function cloned(cluster: Cluster): ReadonlySet<string> {
  return new Set([...cluster.volumes.values()].flatMap(({ parent }) => (parent === undefined ? [] : [parent.snapshot, parent.volume])))
}

export function iso(ms: number): string {
  // An array reports the time of its own zone.
  return `${new Date(ms + 2 * 3_600_000).toISOString().slice(0, -1)}+02:00`
}
