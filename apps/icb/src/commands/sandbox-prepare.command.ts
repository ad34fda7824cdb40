import { prepareSandbox, systemHostView } from '@icb/autorestore'
import type { HostView } from '@icb/autorestore'
import type { AppContext } from '../app-context.ts'
import type { CommandAction } from '../command.ts'
import { resolve } from 'node:path'

/** This host, for the sandbox guards. */
export function hostViewOf(app: AppContext): HostView {
  const { host, uid, homeDirectory } = app.fleet
  return systemHostView({ hostname: host.hostname, hostId: host.hostId, uid, homeDirectory, clock: app.clock })
}

/** Areas and mount points of the configuration, where there is one: a scratch directory must not overlap them. */
export async function keepAwayOf(app: AppContext): Promise<readonly string[]> {
  try {
    app.configPath()
  } catch {
    // The marker can be made before there is a configuration; the restore test proves the place again.
    return []
  }
  const config = await app.config()
  return config.databases.flatMap((database) => [database.areaPath, ...(database.restoreTest.mountPoint === undefined ? [] : [database.restoreTest.mountPoint])])
}

/** `icb sandbox prepare <dir>` */
export const sandboxPrepare: CommandAction = async (app, [directory = '']) => {
  const result = await prepareSandbox(resolve(directory), { host: hostViewOf(app), clock: app.clock, bounds: { keepAway: await keepAwayOf(app) } })
  app.print(`${result.directory} ${result.created ? 'is marked as' : 'already was'} a scratch directory of this host; restore tests may empty it`)
  return { schema: 'sandbox/1', result }
}
