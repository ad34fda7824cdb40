import { askedOf, describeWindow, guardNotRoot, planOf, removeRestore, runRestore, standingRestores } from '@icb/autorestore'
import type { RestoreOpening, RestorePlan, RestoreRequest, RestoreResult } from '@icb/autorestore'
import { createManualSnapshot } from '@icb/backup'
import { fleetErrors, withLease, withRun } from '@icb/fleet'
import type { DatabaseConnection } from '@icb/fleet'
import { readJournals } from '@icb/runtime'
import type { JournalRun } from '@icb/runtime'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import { flag, text } from '../command.ts'
import type { CommandAction, CommandOutcome } from '../command.ts'
import { confirmed } from '../confirm.ts'
import { usageErrors } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { storageDependencies } from './storage-dependencies.ts'

type Options = Readonly<Record<string, unknown>>

function targetOf(options: Options): RestoreRequest['target'] {
  const to = text(options, 'to')
  if (to === undefined) throw usageErrors.ARGUMENT('where to restore to is missing', { hint: 'Add --to <SCN>, --to <ISO time with zone> or --to latest.' })
  if (to === 'latest') return { kind: 'latest' }
  return /^\d+$/.test(to) ? { kind: 'scn', scn: BigInt(to) } : { kind: 'time', time: to.replace(' ', 'T') }
}

function openingOf(options: Options): RestoreOpening {
  const uniqueName = text(options, 'name')
  if (!flag(options, 'resetlogs')) {
    if (uniqueName !== undefined) throw usageErrors.ARGUMENT('--name goes with --resetlogs: a read-only copy keeps its name')
    return { mode: 'read-only' }
  }
  if (uniqueName === undefined) throw usageErrors.ARGUMENT('--resetlogs makes a database of its own, which needs a name', { hint: 'Add --name <db_unique_name>.' })
  return { mode: 'resetlogs', uniqueName }
}

function requestOf(options: Options): RestoreRequest {
  const sid = text(options, 'sid')
  if (sid === undefined) throw usageErrors.ARGUMENT('the SID of the restored instance is missing', { hint: 'Add --sid <name>; no instance of this host may have it.' })
  const mount = text(options, 'mount')
  return { target: targetOf(options), sid, ...(mount === undefined ? {} : { mount }), open: openingOf(options), dryRun: flag(options, 'dryRun') }
}

function printPlan(app: AppContext, name: string, plan: RestorePlan): void {
  const window = (point: RestorePlan['copies']): string => `${point.snapshot}${point.entry === undefined ? '' : ` (${describeWindow(point.entry)})`}`
  app.print(`${name}: restore ${plan.goal === undefined ? 'behind the newest recovery point' : plan.goal.kind === 'scn' ? `to SCN ${plan.goal.scn.toString()}` : `up to ${plan.goal.time}, not including that second`}`)
  app.print(`  copies     ${window(plan.copies)}`)
  if (plan.logs !== undefined) app.print(`  logs       also of ${window(plan.logs)}${plan.chainKnown ? '' : '; whether they are whole shows when both are mounted'}`)
  if (plan.kind === 'live') app.print('  logs       of a snapshot of the live area that is taken now, after a log switch')
  app.print(`  instance   ${plan.sid}, ${plan.open.mode === 'read-only' ? 'opened read only' : `opened with RESETLOGS as ${plan.open.uniqueName}`}`)
  app.print(`  files      ${plan.scratch}${plan.mount === undefined ? '' : `; clone at ${plan.mount}`}`)
}

function printResult(app: AppContext, name: string, result: RestoreResult): void {
  const { plan } = result
  if (result.outcome === 'opened' && plan !== undefined) {
    app.print(`${name}: OPEN as ${plan.sid}${result.scn === undefined ? '' : ` at SCN ${result.scn.toString()}`}${result.time === undefined ? '' : `, ${result.time}`}${result.seconds === undefined ? '' : ` after ${String(result.seconds)} s`}`)
    for (const path of result.paths) app.print(`  clone      ${path}`)
    app.print(`  connect    ORACLE_SID=${plan.sid} sqlplus / as sysdba`)
    if (plan.open.mode === 'resetlogs') app.print('  before it meets a recovery catalog or another host, give it a DBID of its own with nid')
    app.print(`  remove it  icb restore ${name} --cleanup ${result.runId}`)
  } else if (result.outcome === 'declined') app.print('nothing was done')
  for (const entry of result.cleanupErrors) app.warn('ICB_AUTORESTORE_CLEANUP', `clean-up of ${entry.step}: ${(entry.error as Error).message}`)
}

/** The interrupted run that is meant: the one named, or the one that asked for the same. */
function interrupted(app: AppContext, unfinished: readonly JournalRun[], request: RestoreRequest | undefined, runId: string | undefined): JournalRun | undefined {
  if (runId !== undefined) {
    const run = unfinished.find((each) => each.runId === runId)
    if (run === undefined) throw usageErrors.ARGUMENT(`${runId} is no interrupted restore of this host`, { hint: unfinished.length === 0 ? 'There is none.' : `Interrupted are: ${unfinished.map((each) => each.runId).join(', ')}` })
    return run
  }
  const same = request === undefined || request.dryRun ? undefined : unfinished.find((run) => planOf(run)?.asked === askedOf(request))
  for (const run of unfinished.filter((each) => each !== same)) app.warn('ICB_AUTORESTORE_INTERRUPTED', `the restore ${run.runId} was interrupted: go on with --resume ${run.runId}, or remove it with --cleanup ${run.runId}`)
  return same
}

/** The SID that is asked for may be that of a restore which nobody removed. */
async function warnOfStanding(app: AppContext, { config, paths }: DatabaseConnection, sid: string): Promise<void> {
  const standing = standingRestores(await readJournals(paths.journals), config.name).find((run) => run.finished && planOf(run)?.sid === sid)
  if (standing !== undefined) app.warn('ICB_AUTORESTORE_STANDS', `the restore ${standing.runId} with the SID ${sid} still stands: remove it with icb restore ${config.name} --cleanup ${standing.runId}`)
}

async function snapshotNow(app: AppContext, connection: DatabaseConnection, signal: AbortSignal): Promise<string> {
  return withLease(connection, { action: 'snapshot-create', lease: 'area', waitMs: connection.config.maxLockWaitMinutes * 60_000, signal }, async (scope) => {
    const primarySql = connection.primarySql()
    const result = await createManualSnapshot(
      { ...(await storageDependencies(app, connection)), database: { sql: connection.sql(), rman: connection.rman(), ...(primarySql === undefined ? {} : { primarySql }) }, signal: scope.signal, lease: scope.lease, runId: scope.runId, tool: connection.context.tool },
      { reason: 'restore' },
    )
    for (const warning of result.warnings) app.warn(warning.code, warning.message)
    return result.snapshot
  })
}

async function cleanup(app: AppContext, name: string, runId: string): Promise<CommandOutcome> {
  return withDatabase(app, name, async (connection) =>
    withLease(connection, { action: 'restore', lease: 'restore', waitMs: 0, signal: app.signal }, async (scope) => {
      const { context } = connection
      const ledger = connection.ledger()
      const removed = await removeRestore(
        {
          settings: settingsOf(connection), ...(ledger === undefined ? {} : { ledger }), storage: await connection.storage(), sandboxOracle: connection.sandboxOracle, lease: scope.lease, host: connection.hostView,
          runProcess: context.runProcess, runId: scope.runId, clock: context.clock, logger: context.logger, signal: scope.signal, tell: (line) => { app.print(line) },
        },
        await readJournals(connection.paths.journals),
        runId,
      )
      app.print(removed.removed.length === 0 ? `nothing of restore ${runId} is left` : `removed: ${removed.removed.map(({ kind, name: what }) => `${kind} ${what}`).join(', ')}`)
      return { schema: 'restore-cleanup/1', result: removed }
    }),
  )
}

function settingsOf(connection: DatabaseConnection): NonNullable<DatabaseConnection['restoreTestSettings']> {
  const settings = connection.restoreTestSettings
  if (settings === undefined) throw fleetErrors.NO_SCRATCH(`${connection.config.name} has no scratch directory on this host`, { hint: 'Set autorestoredestination (restoreTest.scratch) and run: icb sandbox prepare <dir>' })
  return settings
}

async function list(app: AppContext, name: string): Promise<CommandOutcome> {
  return withDatabase(app, name, async (connection) => {
    const standing = standingRestores(await readJournals(connection.paths.journals), name).map((run) => ({ runId: run.runId, startedAt: run.records[0]?.at ?? '', interrupted: !run.finished, plan: planOf(run) }))
    for (const run of standing) app.print(`${run.runId}  ${run.startedAt}  ${run.interrupted ? 'interrupted' : 'open'}  ${run.plan?.sid ?? ''}`)
    if (standing.length === 0) app.print('no restore stands on this host')
    return { schema: 'restore-list/1', result: standing }
  })
}

/** `icb restore <db>`: the plan first, one question, then a database that stays until it is removed. */
export const restore: CommandAction = async (app, [name = ''], options) => {
  const remove = text(options, 'cleanup')
  if (remove !== undefined) return cleanup(app, name, remove)
  if (flag(options, 'list')) return list(app, name)
  const resumeId = text(options, 'resume')
  const asked = resumeId === undefined ? requestOf(options) : undefined
  return withDatabase(app, name, async (connection) => {
    guardNotRoot(connection.hostView)
    const { context } = connection
    const settings = settingsOf(connection)
    const ledger = connection.ledger()
    return withRun(connection, { action: 'restore', lease: 'restore', waitMs: 0, signal: app.signal, resume: (unfinished) => interrupted(app, unfinished, asked, resumeId) }, async (scope) => {
      const plan = scope.resumed === undefined ? undefined : planOf(scope.resumed)
      // What an interrupted run asked for is in its journal; without a plan it made nothing and there is nothing to go on with.
      if (asked === undefined && plan === undefined) throw usageErrors.ARGUMENT(`the restore ${scope.runId} had no plan yet`, { hint: `Remove it with --cleanup ${scope.runId} and start anew.` })
      if (asked !== undefined && scope.resumed === undefined) await warnOfStanding(app, connection, asked.sid)
      const request: RestoreRequest = asked ?? { target: { kind: 'latest' }, sid: plan?.sid ?? '', open: plan?.open ?? { mode: 'read-only' }, dryRun: false }
      const result = await runRestore(
        {
          settings, ...(ledger === undefined ? {} : { ledger }), storage: await connection.storage(), sandboxOracle: connection.sandboxOracle, journal: scope.journal, lease: scope.lease, host: connection.hostView,
          ...(scope.resumed === undefined ? {} : { resume: scope.resumed }), runProcess: context.runProcess, runId: scope.runId, clock: context.clock, logger: context.logger, events: context.events, signal: scope.signal,
          tell: (line) => { app.print(line) },
          confirm: async (made) => {
            printPlan(app, name, made)
            return confirmed(app, options, { command: 'restore asks before it starts', question: 'restore now?' })
          },
          snapshotNow: (signal) => snapshotNow(app, connection, signal),
        },
        request,
      )
      if (result.outcome === 'planned' && result.plan !== undefined) printPlan(app, name, result.plan)
      printResult(app, name, result)
      if (result.storeError !== undefined) app.warn('ICB_LEDGER_STORE', `the restore is not in the ledger: ${(result.storeError as Error).message}`)
      const failed = result.outcome === 'failed'
      if (failed && result.resumed) app.warn('ICB_AUTORESTORE_INTERRUPTED', `the restore ${scope.runId} is still interrupted: go on with --resume ${scope.runId}, or remove it with --cleanup ${scope.runId}`)
      return { schema: 'restore/1', result, ...(failed ? { error: result.error } : {}), ...(result.outcome === 'declined' ? { exitCode: exitCodes.failed } : {}) }
    })
  })
}
