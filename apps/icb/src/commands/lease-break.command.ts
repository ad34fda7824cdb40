import { breakLease, readLease } from '@icb/runtime'
import { withDatabase } from '../app-context.ts'
import { flag } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { describeLease } from './lease-show.command.ts'

/** `icb lease break <db> --yes`: for a holder that is known to be gone; a live one loses the lease and stops. */
export const leaseBreak: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const path = connection.paths.areaLease
    const lease = await readLease(path)
    if (lease === undefined || lease.released) {
      app.print(`${path}: not held`)
      return { schema: 'lease-break/1', result: { broken: false } }
    }
    if (!flag(options, 'yes')) throw usageErrors.ARGUMENT(describeLease(lease), { hint: 'Make sure that this run is gone, then add --yes.' })
    await breakLease(path, { clock: app.clock, logger: app.logger })
    app.print(`${path}: broken`)
    return { schema: 'lease-break/1', result: { broken: true, was: lease } }
  })
