import { pinSnapshot, unpinSnapshot } from '@icb/backup'
import { withDatabase } from '../app-context.ts'
import { flag, text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { storageDependencies } from './storage-dependencies.ts'

/** `icb snapshot pin <db> <snapshot> --reason …` and `--remove`. */
export const snapshotPin: CommandAction = async (app, [name = '', snapshot = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const deps = await storageDependencies(app, connection)
    if (flag(options, 'remove')) {
      await unpinSnapshot(deps, { snapshot })
      app.print(`pin removed: ${snapshot}`)
      return { schema: 'snapshot-pin/1', result: { snapshot, pinned: false } }
    }
    const reason = text(options, 'reason')
    if (reason === undefined) throw usageErrors.ARGUMENT('a pin needs a reason', { hint: 'Add --reason "…": whoever finds the pin in a year must know why.' })
    const until = text(options, 'until')
    const pin = await pinSnapshot(deps, { snapshot, reason, ...(until === undefined ? {} : { until }) })
    app.print(`pinned: ${snapshot}${pin.until === undefined ? '' : ` until ${pin.until}`} (kept in the ${pin.kept})`)
    return { schema: 'snapshot-pin/1', result: { ...pin, pinned: true } }
  })
