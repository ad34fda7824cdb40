import { findDatabase } from '@icb/config'
import { usage, usualConfig, show } from '../legacy-call.ts'
import type { LegacyAction } from '../legacy-call.ts'

/** `dbinfo <db>` */
export const dbinfo: LegacyAction = async (call) => {
  const [database, ...rest] = call.args
  if (database === undefined || rest.length > 0) return usage(call, '<database>')
  const app = await call.open(usualConfig(call))
  if (!findDatabase(await app.config(), database).gridInfrastructure) {
    call.say(`${database} is not managed by Grid Infrastructure (gimanaged).`)
    return 0
  }
  return show(call, app, ['info', database, '--environment'])
}
