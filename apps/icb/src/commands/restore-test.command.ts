import { join } from 'node:path'
import { guardNotRoot, runRestoreTest } from '@icb/autorestore'
import type { RestoreTestResult } from '@icb/autorestore'
import { fleetErrors, forEachDatabase, withRun } from '@icb/fleet'
import type { Verdict } from '@icb/ledger'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import { text } from '../command.ts'
import type { CommandAction, CommandOutcome } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { exitCodeOf, exitCodes, worstExitCode } from '../exit-codes.ts'

type Validate = 'always' | 'due' | 'never'

function exitCodeOfTest(result: RestoreTestResult): number {
  if (result.storeError !== undefined) return exitCodes.failed
  if (result.verdict.outcome === 'passed') return exitCodes.done
  return result.verdict.outcome === 'inconclusive' && result.verdict.reasons.every((reason) => reason.code === 'GUARD_REFUSED') ? exitCodes.refused : exitCodes.failed
}

function printVerdict(app: AppContext, verdict: Verdict): void {
  app.print(`${verdict.database}: ${verdict.outcome.toUpperCase()}${verdict.snapshot === undefined ? '' : `  ${verdict.snapshot}`}`)
  if (verdict.target !== undefined) app.print(`  expected SCN ${verdict.target.scn ?? '?'}${verdict.target.time === undefined ? '' : `  ${verdict.target.time}`}`)
  if (verdict.verified !== undefined) app.print(`  verified SCN ${verdict.verified.scn ?? '?'}${verdict.verified.time === undefined ? '' : `  ${verdict.verified.time}`}`)
  if (verdict.scnDifference !== undefined) app.print(`  difference   ${verdict.scnDifference} SCNs${verdict.timeDifferenceSeconds === undefined ? '' : `, ${String(verdict.timeDifferenceSeconds)} s`}`)
  if (verdict.validation?.ran === true) app.print(`  validated    ${String(verdict.validation.blocksExamined)} blocks, ${String(verdict.validation.corruptBlocks)} corrupt`)
  if (verdict.restoreSeconds !== undefined) app.print(`  restored in  ${String(verdict.restoreSeconds)} s`)
  for (const reason of verdict.reasons) {
    app.print(`  ${reason.code}: ${reason.text}`)
    for (const message of reason.messages ?? []) app.print(`      ${message}`)
  }
}

async function testOne(app: AppContext, name: string, options: { readonly snapshot?: string; readonly validate: Validate }): Promise<RestoreTestResult> {
  return withDatabase(app, name, async (connection) => {
    // Before anything is written: files of root in the state directory would stop every later test of the right user.
    guardNotRoot(connection.hostView)
    const settings = connection.restoreTestSettings
    if (settings === undefined) throw fleetErrors.NO_SCRATCH(`${name} has no scratch directory for restore tests`, { hint: 'Set autorestoredestination (restoreTest.scratch) and run: icb sandbox prepare <dir>' })
    const ledger = connection.ledger()
    if (ledger === undefined) throw fleetErrors.NO_LEDGER('there is no ledger to store the verdict in', { hint: 'Set ledger.path in the configuration.' })
    const { context } = connection
    // Verdicts that an earlier run could not store come first; what is still left stays spooled.
    const spooled = await ledger.flushSpool()
    if (spooled.left > 0) app.warn('ICB_LEDGER_SPOOLED', `${String(spooled.left)} verdicts wait in the spool because the ledger cannot be reached`)
    return withRun(connection, { action: 'restore-test', lease: 'sandbox', waitMs: 0, signal: app.signal }, async (scope) =>
      runRestoreTest(
        {
          settings, ledger, storage: await connection.storage(), sandboxOracle: connection.sandboxOracle, journal: scope.journal, lease: scope.lease, unfinished: scope.unfinished,
          host: connection.hostView, runProcess: context.runProcess, runId: scope.runId, clock: context.clock, logger: context.logger, events: context.events, signal: scope.signal,
        },
        { ...options, logFile: join(connection.paths.journals, `${scope.runId}.journal`) },
      ),
    )
  })
}

/** `icb restore-test [db...]`: one failure never stops the others; the exit code is the worst one. */
export const restoreTest: CommandAction = async (app, names, options): Promise<CommandOutcome> => {
  const validate = text(options, 'validate') ?? 'due'
  if (validate !== 'always' && validate !== 'due' && validate !== 'never') throw usageErrors.ARGUMENT(`--validate ${validate}`, { hint: 'Write always, due or never.' })
  const concurrency = Number(text(options, 'concurrency') ?? '1')
  if (!Number.isInteger(concurrency) || concurrency < 1) throw usageErrors.ARGUMENT('--concurrency takes a whole number from 1 on')
  const config = await app.config()
  const exclude = text(options, 'exclude')
  const chosen = names.length > 0 ? names : config.databases.filter((database) => database.restoreTest.enabled && database.name !== exclude).map((database) => database.name)
  const snapshot = text(options, 'snapshot')
  if (snapshot !== undefined && chosen.length !== 1) throw usageErrors.ARGUMENT('--snapshot goes with exactly one database')
  const outcomes = await forEachDatabase(chosen, { concurrency, signal: app.signal }, async (name) => {
    const result = await testOne(app, name, { validate, ...(snapshot === undefined ? {} : { snapshot }) })
    printVerdict(app, result.verdict)
    for (const warning of result.verdict.warnings) app.warn('ICB_AUTORESTORE_WARNING', `${name}: ${warning}`)
    return result
  })
  const codes = outcomes.map((outcome) => (outcome.ok ? exitCodeOfTest(outcome.value) : exitCodeOf(outcome.error)))
  const failures = outcomes.flatMap((outcome) => (outcome.ok ? (outcome.value.storeError === undefined ? [] : [outcome.value.storeError]) : [outcome.error]))
  const tests = outcomes.map((outcome) => (outcome.ok ? { database: outcome.database, verdict: outcome.value.verdict, steps: outcome.value.steps } : { database: outcome.database, error: outcome.error }))
  if (chosen.length > 1) app.print(`${String(chosen.length)} databases, ${String(codes.filter((code) => code === 0).length)} passed`)
  return { schema: 'restore-test/1', result: { restoreTests: tests }, exitCode: worstExitCode(codes), ...(failures[0] === undefined ? {} : { error: failures[0] }) }
}
