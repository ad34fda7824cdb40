import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isoNow, writeFileDurably } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import type { BackupRun } from './backup-run.ts'

/** Lies in the area, so that every snapshot says what the database needs around it. */
export const environmentFileName = 'environment.json'

const dayMs = 86_400_000

/** Patches and services change seldom and OPatch is slow: asked once a day, after everything else, and never a reason to fail. */
export const environmentStep: Step<BackupRun> = {
  name: 'environment', title: 'Record patches and services',
  async run(run, step) {
    const { deps, settings } = run
    if (deps.environment === undefined) {
      step.summary('not asked')
      return
    }
    const path = join(settings.areaPath, environmentFileName)
    try {
      const recorded = await stat(path).then((facts) => facts.mtimeMs, () => 0)
      // A clock that went back must not keep an old record for long.
      if (Math.abs(deps.clock.now() - recorded) < dayMs) {
        step.summary('recorded today')
        return
      }
      const found = await deps.environment(step.signal)
      await writeFileDurably(path, `${JSON.stringify({ recordedAt: isoNow(deps.clock), runId: deps.runId, ...found }, null, 2)}\n`)
      for (const problem of found.problems) deps.logger.info({ database: settings.name, problem }, 'part of the environment could not be asked')
      step.summary(`${String(found.patches.length)} patches, ${String(found.services.length)} services${found.problems.length === 0 ? '' : `; ${String(found.problems.length)} not answered`}`)
    } catch (error) {
      step.signal.throwIfAborted()
      deps.logger.warn({ database: settings.name, err: error }, 'the environment was not recorded')
      step.summary('not recorded')
    }
  },
}
