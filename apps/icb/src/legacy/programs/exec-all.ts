import { usage, usualConfig } from '../legacy-call.ts'
import type { LegacyAction } from '../legacy-call.ts'
import { backupAction, backupActions } from './backup.ts'

/** `exec_all <action> [exclude,list]`: one after the other. A database that fails does not keep the others from their turn. */
export const execAll: LegacyAction = async (call) => {
  const [action, excluded = '', ...rest] = call.args
  if (action === undefined || rest.length > 0 || !backupActions.includes(action)) return usage(call, '<action of backup> [comma separated exclude list]', `Actions: ${backupActions.join(', ')}`)
  const exclude = new Set(excluded.split(',').map((name) => name.trim()))
  const app = await call.open(usualConfig(call))
  const failed: string[] = []
  for (const { name } of (await app.config()).databases.filter((database) => !exclude.has(database.name))) {
    app.signal.throwIfAborted()
    call.say(`### ${name}`)
    if ((await backupAction(call, app, name, action)) !== 0) failed.push(name)
  }
  if (failed.length > 0) call.complain(`${action} failed for: ${failed.join(', ')}`)
  return failed.length > 0 ? 1 : 0
}
