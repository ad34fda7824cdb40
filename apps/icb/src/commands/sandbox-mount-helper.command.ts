import { userInfo } from 'node:os'
import { posix } from 'node:path'
import { renderMountHelper, settingsOfSlot, sudoersLine } from '@icb/autorestore'
import type { MountHelperPolicy } from '@icb/autorestore'
import { connectDatabase } from '@icb/fleet'
import type { AppContext } from '../app-context.ts'
import { flag, text, texts } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { usageErrors } from '../errors.ts'

type Policy = { -readonly [Key in 'databases' | 'mountPoints' | 'exports' | 'live']: string[] } & { options: string }

/** What restore tests of this configuration have to mount: the storages are asked where their live areas are exported. */
async function policyOf(app: AppContext, names: readonly string[], exports: readonly string[]): Promise<MountHelperPolicy> {
  const config = await app.config()
  const policy: Policy = { databases: [], mountPoints: [], exports: [...exports], live: [], options: '' }
  for (const name of names) {
    await using connection = connectDatabase(config, name, app.fleet)
    const { restoreTestSettings: settings } = connection
    if (settings === undefined) continue
    policy.databases.push(name)
    policy.mountPoints.push(...settings.slots.flatMap((sid) => settingsOfSlot(settings, sid).mountPoint ?? []))
    const { mounts } = await (await connection.storage()).describe({ signal: app.signal })
    for (const [index, source] of mounts.entries()) {
      if (source.kind !== 'nfs') throw usageErrors.ARGUMENT(`the clones of ${name} are not exported: there is nothing to mount`, { hint: 'Set its mount strategy to path.' })
      policy.live.push(`${source.server}:${source.path}`)
      // Further volumes appear below the first one.
      if (index > 0) continue
      if (exports.length === 0) policy.exports.push(`${source.server}:${posix.dirname(source.path)}`)
      if (policy.options === '') policy.options = source.options
      else if (policy.options !== source.options) app.warn('ICB_AUTORESTORE_MOUNT_OPTIONS', `${name} has other mount options than those before it; the helper mounts all with ${policy.options}`)
    }
  }
  return policy
}

/** `icb sandbox mount-helper`: the program that an operator installs as root, and with `--sudoers` the line that lets the tests' user start it. */
export const sandboxMountHelper: CommandAction = async (app, _arguments, options) => {
  const config = await app.config()
  const databases = config.databases.filter(({ restoreTest }) => restoreTest.enabled && restoreTest.mount === 'sudo')
  const [first] = databases
  if (first === undefined) throw usageErrors.ARGUMENT('no database has restore tests with the mount strategy sudo', { hint: 'Set mount = sudo and autorestoremountpoint (restoreTest.mount, restoreTest.mountPoint).' })
  const { mountHelper } = first.restoreTest
  if (flag(options, 'sudoers')) {
    const line = sudoersLine(text(options, 'user') ?? first.osUser ?? userInfo().username, mountHelper)
    app.print(line)
    return { schema: 'mount-helper-sudoers/1', result: { line, file: '/etc/sudoers.d/icb-mount' } }
  }
  const script = renderMountHelper(await policyOf(app, databases.map(({ name }) => name), texts(options, 'export')))
  app.print(script.trimEnd())
  return { schema: 'mount-helper/1', result: { script, path: mountHelper, databases: databases.map(({ name }) => name) } }
}
