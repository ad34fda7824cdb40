import { readDatafileCopies } from '@icb/oracle'
import { forgetDatafileCopiesScript } from '@icb/rman'
import { below } from './area-path.ts'
import { backupErrors } from './errors.ts'
import type { CopyCensus } from './preflight.ts'
import { callRman } from './rman-call.ts'
import type { RmanDependencies } from './rman-call.ts'
import { completeSettings } from './settings.ts'

/**
 * Takes copies whose files are gone out of the repository, so that RMAN makes new ones instead of merging into nothing. Answers how many.
 * @throws ICB_BACKUP_RMAN_FAILED, ICB_BACKUP_COPY_UNREADABLE when they are still listed.
 */
export async function forgetLostCopies(deps: RmanDependencies, census: Pick<CopyCensus, 'gone'>, warn: (code: string, message: string) => void): Promise<number> {
  const settings = completeSettings(deps.settings)
  const names = census.gone.filter((c) => below(settings.areaPath, c.name)).map((c) => c.name)
  if (names.length === 0) return 0
  await callRman(deps, { what: 'taking lost copies out of the repository', script: forgetDatafileCopiesScript({ names }), deadlineMs: settings.rmanDeadlineMs, warn })
  const [first] = (await readDatafileCopies(deps.sql, { tag: settings.tag, signal: deps.signal })).filter((c) => names.includes(c.name))
  if (first === undefined) return names.length
  throw backupErrors.COPY_UNREADABLE(`${first.name} is not on disk and RMAN keeps it in the repository`, { hint: 'Take it out with CHANGE DATAFILECOPY … UNCATALOG, then back up with --allow-full again.' })
}
