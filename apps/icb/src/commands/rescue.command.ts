import { abandonRescue, runRescue } from '@icb/autorestore'
import type { RescueDependencies, RescueResult } from '@icb/autorestore'
import { createManualSnapshot } from '@icb/backup'
import { restoreTestSettingsOf, withRun } from '@icb/fleet'
import type { DatabaseConnection, RunScope } from '@icb/fleet'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import { flag, text } from '../command.ts'
import type { CommandAction } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { usageErrors } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { storageDependencies } from './storage-dependencies.ts'

async function dependencies(app: AppContext, connection: DatabaseConnection, scope: RunScope, options: Readonly<Record<string, unknown>>): Promise<RescueDependencies> {
  const { context, config, paths } = connection
  // Steps of restores keep their files in a scratch directory; a rescue has one of its own in the state directory.
  const settings = restoreTestSettingsOf({ ...config, restoreTest: { ...config.restoreTest, scratch: paths.root } })
  if (settings === undefined) throw new Error('a scratch directory was given')
  return {
    settings, storage: await connection.storage(), sandboxOracle: connection.sandboxOracle, journal: scope.journal, lease: scope.lease, host: connection.hostView, stateDir: paths.database,
    ...(scope.resumed === undefined ? {} : { resume: scope.resumed }), runProcess: context.runProcess, runId: scope.runId, clock: context.clock, logger: context.logger, events: context.events, signal: scope.signal,
    tell: (line) => { app.print(line) },
    confirm: async (plan, manifest) => {
      app.print(`${config.name}: rescue in place from ${plan.snapshot}, ${plan.untilScn === undefined ? 'to the last archived log' : `to SCN ${plan.untilScn}`}`)
      app.print(`  ${String(manifest.copies.length)} data files of ${manifest.database.uniqueName} (DBID ${manifest.database.dbid}), copies refreshed ${manifest.refreshedAt ?? 'at an unknown time'}`)
      app.print('  everything newer is lost; where online logs are still readable, recover with them instead')
      return confirmed(app, options, { command: 'rescue asks before it starts', question: 'rescue now?' })
    },
    snapshotNow: async (signal) => (await createManualSnapshot({ ...(await storageDependencies(app, connection)), signal, runId: scope.runId, tool: context.tool }, { reason: 'rescue' })).snapshot,
  }
}

function print(app: AppContext, name: string, result: RescueResult): void {
  const { plan } = result
  if (result.outcome === 'planned') {
    app.print(`${name}: rescue in place from ${plan?.snapshot ?? ''}, instance ${plan?.sid ?? ''}, ${plan?.untilScn === undefined ? 'to the last archived log' : `to SCN ${plan.untilScn}`}`)
    for (const step of result.steps) app.print(`  ${step.status === 'done' ? 'done ' : '     '} ${step.title}`)
  } else if (result.outcome === 'declined') app.print('nothing was done')
  else if (result.outcome === 'held') {
    app.print(`${name}: recovered${result.scn === undefined ? '' : ` to SCN ${result.scn.toString()}`}${result.time === undefined ? '' : `, ${result.time}`}, mounted and not open`)
    app.print(`  look at it: ORACLE_SID=${plan?.sid ?? ''} sqlplus / as sysdba`)
    app.print(`  go on:      icb rescue ${name} --yes`)
    app.print(`  give up:    icb rescue ${name} --abandon`)
  } else if (result.outcome === 'rescued') {
    app.print(`${name}: OPEN in its own places${result.scn === undefined ? '' : `, as of SCN ${result.scn.toString()}`}`)
    for (const note of result.notes) app.print(`  now: ${note}`)
  }
}

/** `icb rescue <db>`: rebuilds a database whose files are gone, in place. The same command goes on with one that was interrupted. */
export const rescue: CommandAction = async (app, [name = ''], options) =>
  withDatabase(app, name, async (connection) => {
    const { config } = connection
    const sid = text(options, 'sid') ?? config.sid ?? config.name
    const until = text(options, 'until')
    if (until !== undefined && !/^\d{1,20}$/.test(until)) throw usageErrors.ARGUMENT('--until takes an SCN')
    return withRun(connection, { action: 'rescue', lease: 'area', waitMs: config.maxLockWaitMinutes * 60_000, signal: app.signal, resume: (unfinished) => unfinished.at(-1) }, async (scope) => {
      const deps = await dependencies(app, connection, scope, options)
      if (flag(options, 'abandon')) {
        const removed = await abandonRescue(deps)
        app.print(removed.length === 0 ? 'no rescue was begun' : `removed: ${removed.join(', ')}`)
        return { schema: 'rescue-abandon/1', result: { removed } }
      }
      const mount = text(options, 'mount')
      const result = await runRescue(deps, { sid, ...(until === undefined ? {} : { untilScn: BigInt(until) }), ...(mount === undefined ? {} : { mount }), hold: flag(options, 'hold'), dryRun: flag(options, 'dryRun') })
      print(app, name, result)
      for (const warning of result.warnings) app.warn('ICB_AUTORESTORE_RESCUE', warning)
      return { schema: 'rescue/1', result, ...(result.outcome === 'failed' ? { error: result.error } : {}), ...(result.outcome === 'declined' ? { exitCode: exitCodes.failed } : {}) }
    })
  })
