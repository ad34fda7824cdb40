import { storageErrors } from '@icb/storage-core'
import { z } from 'zod'
import { isStorageError } from './answer-errors.ts'
import type { AreaVolume } from './area-volumes.ts'
import { readSnapshotMark } from './marks.ts'
import type { OntapClient } from './ontap-client.ts'

/** The release that brought consistency groups to this API. */
export const groupsSince = 910

/** A snapshot of the group: one instant of all volumes. */
export interface GroupSnapshot {
  readonly uuid: string
  readonly name: string
  /** How many volumes it was taken of; `undefined` where somebody else took it. */
  readonly of: number | undefined
}

export interface ConsistencyGroups {
  /** UUID of the group that has exactly the area's volumes. */
  find(volumes: readonly AreaVolume[], signal?: AbortSignal): Promise<string | undefined>
  /** The same, made or completed when needed. @throws ICB_STORAGE_UNSUPPORTED when a volume belongs to a group with others */
  ensure(volumes: readonly AreaVolume[], signal?: AbortSignal): Promise<string>
  /** All snapshots of the group, by name. */
  snapshots(group: string, signal?: AbortSignal): Promise<ReadonlyMap<string, GroupSnapshot>>
  findSnapshot(group: string, name: string, signal?: AbortSignal): Promise<GroupSnapshot | undefined>
  /** Whether a volume that is in the group now lacks in this snapshot. Expensive for the filer. */
  isPartial(group: string, name: string, signal?: AbortSignal): Promise<boolean>
  createSnapshot(group: string, name: string, comment: string, signal?: AbortSignal): Promise<void>
  deleteSnapshot(group: string, snapshot: GroupSnapshot, signal?: AbortSignal): Promise<void>
}

const path = '/application/consistency-groups'
const groupRecord = z.object({ uuid: z.string(), name: z.string(), volumes: z.array(z.object({ name: z.string(), uuid: z.string().optional() })).optional() })
const snapshotRecord = z.object({ uuid: z.string(), name: z.string(), comment: z.string().optional(), is_partial: z.boolean().optional() })
type Group = z.infer<typeof groupRecord>

const snapshotFields = ['uuid', 'name', 'comment'] as const
const viewOf = ({ uuid, name, comment }: z.infer<typeof snapshotRecord>): GroupSnapshot => ({ uuid, name, of: readSnapshotMark(comment)?.of })

export function createConsistencyGroups(client: OntapClient, wantedName: string): ConsistencyGroups {
  const groupsOf = (volumes: readonly AreaVolume[], signal: AbortSignal | undefined): Promise<readonly Group[]> =>
    client.all(path, { what: 'looking for the consistency group', schema: groupRecord, fields: ['uuid', 'name', 'volumes.name'], query: { 'svm.name': volumes[0]?.svm ?? '' }, signal })

  const membersOf = (group: Group): readonly string[] => (group.volumes ?? []).map(({ name }) => name)
  const isExact = (group: Group, volumes: readonly AreaVolume[]): boolean => {
    const members = membersOf(group)
    return members.length === volumes.length && volumes.every(({ name }) => members.includes(name))
  }
  const additions = (volumes: readonly { readonly name: string }[]): readonly object[] => volumes.map(({ name }) => ({ name, provisioning_options: { action: 'add' } }))

  const find = async (volumes: readonly AreaVolume[], signal?: AbortSignal): Promise<string | undefined> => (await groupsOf(volumes, signal)).find((group) => isExact(group, volumes))?.uuid

  const ensure = async (volumes: readonly AreaVolume[], signal?: AbortSignal): Promise<string> => {
    const groups = await groupsOf(volumes, signal)
    const exact = groups.find((group) => isExact(group, volumes))
    if (exact !== undefined) return exact.uuid
    const names = volumes.map(({ name }) => name)
    const touching = groups.find((group) => membersOf(group).some((member) => names.includes(member)))
    const own = groups.find(({ name }) => name === wantedName)
    if (touching !== undefined && touching.uuid !== own?.uuid) {
      throw storageErrors.UNSUPPORTED(`the consistency group ${touching.name} has the volumes ${membersOf(touching).join(', ')}, not just those of this area (${names.join(', ')})`, {
        hint: 'A volume can be in one group only: give the area a group that has exactly its volumes.',
      })
    }
    if (own !== undefined && !membersOf(own).every((member) => names.includes(member))) {
      throw storageErrors.UNSUPPORTED(`the consistency group ${wantedName} has other volumes than this area: ${membersOf(own).join(', ')}`, { hint: 'Set "consistencyGroup" to a name that is free.' })
    }
    try {
      if (own === undefined) {
        await client.change({ method: 'POST', path, what: `creating the consistency group ${wantedName}`, body: { name: wantedName, svm: { name: volumes[0]?.svm }, volumes: additions(volumes) }, returnTimeout: 15, signal })
      } else {
        const missing = volumes.filter(({ name }) => !membersOf(own).includes(name))
        await client.change({ method: 'PATCH', path: `${path}/${own.uuid}`, what: `completing the consistency group ${wantedName}`, body: { volumes: additions(missing) }, returnTimeout: 15, signal })
      }
    } catch (error) {
      // Another run may have made it in the meantime; the look below decides.
      if (!isStorageError(error, 'EXISTS')) throw error
    }
    const made = await find(volumes, signal)
    if (made === undefined) throw storageErrors.BUSY(`the consistency group ${wantedName} is not complete yet`, { hint: 'Call again.' })
    return made
  }

  return {
    find,
    ensure,
    snapshots: async (group, signal) => {
      const records = await client.all(`${path}/${group}/snapshots`, { what: 'listing snapshots of the consistency group', schema: snapshotRecord, fields: snapshotFields, signal })
      return new Map(records.map((record) => [record.name, viewOf(record)]))
    },
    findSnapshot: async (group, name, signal) => {
      const what = `looking for snapshot ${name} of the consistency group`
      const [found] = await client.all(`${path}/${group}/snapshots`, { what, schema: snapshotRecord, fields: snapshotFields, query: { name }, signal })
      return found === undefined ? undefined : viewOf(found)
    },
    isPartial: async (group, name, signal) => {
      const what = `looking whether snapshot ${name} has all volumes`
      const [found] = await client.all(`${path}/${group}/snapshots`, { what, schema: snapshotRecord, fields: ['uuid', 'name', 'is_partial'], query: { name }, signal })
      return found?.is_partial === true
    },
    createSnapshot: (group, name, comment, signal) =>
      client.change({
        method: 'POST', path: `${path}/${group}/snapshots`, what: `creating snapshot ${name} of the consistency group`, body: { name, consistency_type: 'crash', comment }, returnTimeout: 15, signal,
      }),
    deleteSnapshot: async (group, { uuid, name }, signal) => {
      try {
        await client.change({ method: 'DELETE', path: `${path}/${group}/snapshots/${uuid}`, what: `deleting snapshot ${name} of the consistency group`, returnTimeout: 15, signal })
      } catch (error) {
        if (!isStorageError(error, 'NOT_FOUND')) throw error
      }
    },
  }
}
