import { readLease } from '@icb/runtime'
import type { LeaseState } from '@icb/runtime'
import { withDatabase } from '../app-context.ts'
import type { CommandAction } from '../command.ts'

/** One lease in a sentence. */
export function describeLease(lease: LeaseState): string {
  if (lease.released) return `${lease.path}: free (last held by ${lease.owner.purpose} on ${lease.owner.host})`
  return `${lease.path}: held by ${lease.owner.purpose}, host ${lease.owner.host}, pid ${String(lease.owner.pid)}, run ${lease.owner.runId}, since ${lease.acquiredAt}, renewed ${String(lease.heartbeat)} times`
}

/** `icb lease show <db>` */
export const leaseShow: CommandAction = async (app, [name = '']) =>
  withDatabase(app, name, async (connection) => {
    const leases: LeaseState[] = []
    for (const path of [connection.paths.areaLease, connection.paths.sandboxLease]) {
      const lease = await readLease(path)
      if (lease === undefined) app.print(`${path}: never held`)
      else {
        leases.push(lease)
        app.print(describeLease(lease))
      }
    }
    return { schema: 'lease/1', result: leases }
  })
