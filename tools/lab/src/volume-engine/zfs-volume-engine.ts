import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ZfsPool } from '../appliance-zfssa/zfs-fuse.ts'
import type { VolumeEngine } from './volume-engine.ts'

/** zfs-fuse answers "busy" to the first destruction of a mounted dataset. */
const longestBusyMs = 5000

/** Volumes, snapshots and clones of a real ZFS. */
export function createZfsVolumeEngine(pool: ZfsPool): VolumeEngine {
  const zfs = (...args: readonly string[]): string => {
    for (let pause = 25; ; pause *= 2) {
      try {
        return execFileSync(pool.zfs, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      } catch (error) {
        const text = String((error as { stderr?: unknown }).stderr ?? error)
        if (!text.includes('is busy') || pause > longestBusyMs) throw new Error(text.trim(), { cause: error })
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause)
      }
    }
  }
  const dataset = (id: string): string => `${pool.name}/${id}`
  const number = (property: string, name: string): number => Number(zfs('get', '-H', '-p', '-o', 'value', property, name).trim()) || 0
  const root = pool.pathOf(zfs('get', '-H', '-o', 'value', 'mountpoint', pool.name).trim())
  const volume = (id: string): string => `${root}/${id}`
  return {
    description: 'a real ZFS (zfs-fuse, pool in a file)',
    volume,
    create: (id) => { zfs('create', dataset(id)) },
    snapshot: (id, snapshot) => { zfs('snapshot', `${dataset(id)}@${snapshot}`) },
    clone: (parent, snapshot, id) => { zfs('clone', `${dataset(parent)}@${snapshot}`, dataset(id)) },
    split: (id) => {
      // A mounted dataset cannot take another's place, so the files wait outside.
      const aside = mkdtempSync(join(tmpdir(), 'icb-split-'))
      try {
        cpSync(volume(id), aside, { recursive: true, preserveTimestamps: true })
        zfs('destroy', '-r', dataset(id))
        zfs('create', dataset(id))
        cpSync(aside, volume(id), { recursive: true, preserveTimestamps: true })
      } finally {
        rmSync(aside, { recursive: true, force: true })
      }
    },
    restore: (id, snapshot) => { zfs('rollback', '-r', `${dataset(id)}@${snapshot}`) },
    removeSnapshot: (id, snapshot) => { zfs('destroy', `${dataset(id)}@${snapshot}`) },
    removeVolume: (id) => { zfs('destroy', '-r', dataset(id)) },
    bytes: (id) => number('referenced', dataset(id)),
    // What several have in common counts for none of them, unless all go.
    freedBy: (id, snapshots) => {
      const present = zfs('list', '-H', '-r', '-t', 'snapshot', '-o', 'name', dataset(id)).split('\n').map((name) => name.split('@')[1] ?? '').filter((name) => name !== '')
      const gone = present.filter((name) => snapshots.has(name))
      return gone.length === present.length ? number('usedbysnapshots', dataset(id)) : gone.reduce((sum, name) => sum + number('used', `${dataset(id)}@${name}`), 0)
    },
  }
}
