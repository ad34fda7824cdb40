import { findDatabase } from '@icb/config'
import { usage, usualConfig, show } from '../legacy-call.ts'
import type { LegacyAction } from '../legacy-call.ts'

/** `zvolume <db> create`: asks a NetApp user for the size, as the original did; aggregate, namespace and export policy stand in the configuration now. */
export const zvolume: LegacyAction = async (call) => {
  const [database, action, ...rest] = call.args
  if (database === undefined || action !== 'create' || rest.length > 0) return usage(call, '<database> create')
  const app = await call.open(usualConfig(call))
  const size = findDatabase(await app.config(), database).storage.adapter === 'ontap' ? await call.ask('Volume size (for example 500G or 5T):') : ''
  return show(call, app, ['volume', 'create', database, ...(size === '' ? [] : ['--size', size])])
}
