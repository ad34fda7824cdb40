import { usage, usualConfig, show } from '../legacy-call.ts'
import type { LegacyAction, LegacyCall } from '../legacy-call.ts'
import type { AppContext } from '../../app-context.ts'

/** What each action of the original is here. */
const actions: Readonly<Record<string, (database: string) => readonly string[]>> = {
  config: (database) => ['configure', database, '--yes'],
  imagecopywithsnap: (database) => ['backup', database],
  backupimagecopy: (database) => ['backup', database, '--no-snapshot'],
  missingarchlog: (database) => ['archivelogs', database],
  report: (database) => ['backup-report', database],
  setschedule: (database) => ['schedule', 'install', database, '--yes'],
  validatebackup: (database) => ['validate', database],
  generaterestore: (database) => ['restore-script', database],
}

/** Names of the actions that `exec_all` takes too. */
export const backupActions: readonly string[] = Object.keys(actions)

/** One action on one database. @returns the original's exit code */
export async function backupAction(call: LegacyCall, app: AppContext, database: string, action: string): Promise<number> {
  const line = actions[action]
  return line === undefined ? usage(call, '<database> <action>', `Actions: ${backupActions.join(', ')}`) : show(call, app, line(database))
}

/** `backup <db> <action>` */
export const backup: LegacyAction = async (call) => {
  const [database, action, ...rest] = call.args
  if (database === undefined || action === undefined || rest.length > 0 || !(action in actions)) return usage(call, '<database> <action>', `Actions: ${backupActions.join(', ')}`)
  return backupAction(call, await call.open(usualConfig(call)), database, action)
}
