import { join } from 'node:path'
import { guardNotRoot, planValidations, runRestoreTest, validationHistory, validationHorizonMs } from '@icb/autorestore'
import type { PlannedValidation, RestoreTestResult } from '@icb/autorestore'
import { findDatabase } from '@icb/config'
import type { DatabaseConfig } from '@icb/config'
import { fleetErrors, forEachDatabase, openLedger, withRun } from '@icb/fleet'
import { oldestProofFirst } from '@icb/ledger'
import type { LedgerEntry, Verdict } from '@icb/ledger'
import { hasErrorCode } from '@icb/runtime'
import { withDatabase } from '../app-context.ts'
import type { AppContext } from '../app-context.ts'
import { list, text } from '../command.ts'
import type { CommandAction, CommandOutcome } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { exitCodeOf, exitCodes, worstExitCode } from '../exit-codes.ts'
import { telling } from '../notices.ts'
import type { Ending } from '../notices.ts'

type Validate = 'always' | 'due' | 'never'
type Point = 'latest' | 'random'

function exitCodeOfTest(result: RestoreTestResult): number {
  if (result.storeError !== undefined) return exitCodes.failed
  if (result.verdict.outcome === 'passed') return exitCodes.done
  return result.verdict.outcome === 'inconclusive' && result.verdict.reasons.every((reason) => reason.code === 'GUARD_REFUSED') ? exitCodes.refused : exitCodes.failed
}

function noticeOfTest({ verdict, storeError }: RestoreTestResult): Ending {
  const stored = storeError === undefined ? [] : [(storeError as Error).message]
  const reasons = verdict.reasons.flatMap((reason) => [`${reason.code}: ${reason.text}`, ...(reason.messages ?? []).slice(0, 20)])
  const summary = `${verdict.outcome}${verdict.snapshot === undefined ? '' : ` (${verdict.snapshot})`}`
  return { ok: verdict.outcome === 'passed' && storeError === undefined, summary, details: [...stored, ...reasons], runId: verdict.runId }
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

async function testOne(app: AppContext, name: string, options: { readonly snapshot?: string; readonly point?: Point; readonly validate: Validate }): Promise<RestoreTestResult> {
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
          host: connection.hostView, slotLocks: connection.paths.slotLocks, slotWaitMs: connection.config.maxLockWaitMinutes * 60_000, runProcess: context.runProcess, runId: scope.runId, clock: context.clock, logger: context.logger, events: context.events, signal: scope.signal,
        },
        { ...options, logFile: join(connection.paths.journals, `${scope.runId}.journal`) },
      ),
    )
  })
}

/** Rows of the ledger as far back as they matter for the order and the calendar of tests; none where there is no ledger (each test then says so). */
export async function ledgerRows(app: AppContext): Promise<readonly LedgerEntry[]> {
  const config = await app.config()
  const since = new Date(app.clock.now() - validationHorizonMs(config.databases.map(({ restoreTest: rule }) => rule))).toISOString()
  return (await openLedger(config, app.fleet)?.list({ since })) ?? []
}

/** As {@link ledgerRows}; none while the ledger cannot be reached: tests go on, each on its own day for validation, and their verdicts wait in the spool. */
async function knownRows(app: AppContext): Promise<readonly LedgerEntry[]> {
  try {
    return await ledgerRows(app)
  } catch (error) {
    app.signal.throwIfAborted()
    if (!hasErrorCode(error, 'ICB_LEDGER_STORE')) throw error
    app.warn('ICB_LEDGER_UNREACHABLE', `${(error as Error).message}; who waits longest for a proof is not known`)
    return []
  }
}

/** Which databases of the configuration have all blocks validated today. */
export async function plannedValidations(app: AppContext, rows: readonly LedgerEntry[], now: number): Promise<readonly PlannedValidation[]> {
  const { databases } = await app.config()
  return planValidations(
    databases.filter((database) => database.restoreTest.enabled).map(({ name, restoreTest: { validateChance, validateModulus, validationKey } }) => ({
      database: name, validateChance, validateModulus, validationKey, ...validationHistory(rows.filter((row) => row.database === name)),
    })),
    now,
  )
}

/** What `due` means for one database today. */
function validateBy(plan: PlannedValidation | undefined): Validate {
  if (plan === undefined || plan.decision === 'by-chance') return 'due'
  return plan.decision === 'today' || plan.decision === 'catch-up' ? 'always' : 'never'
}

async function chosenDatabases(app: AppContext, names: readonly string[], exclude: readonly string[]): Promise<readonly DatabaseConfig[]> {
  const config = await app.config()
  const known = new Map(config.databases.map((database) => [database.name, database]))
  const unknown = [...names, ...exclude].find((name) => !known.has(name))
  if (unknown !== undefined) throw usageErrors.ARGUMENT(`the configuration has no database ${unknown}`, { hint: `It has: ${[...known.keys()].join(', ')}` })
  const wanted = names.length > 0 ? names.flatMap((name) => known.get(name) ?? []) : config.databases.filter((database) => database.restoreTest.enabled)
  return wanted.filter((database) => !exclude.includes(database.name))
}

/** `icb restore-test [db...]`: one failure never stops the others; the exit code is the worst one. */
export const restoreTest: CommandAction = async (app, names, options): Promise<CommandOutcome> => {
  const validate = text(options, 'validate') ?? 'due'
  if (validate !== 'always' && validate !== 'due' && validate !== 'never') throw usageErrors.ARGUMENT(`--validate ${validate}`, { hint: 'Write always, due or never.' })
  const point = text(options, 'point')
  if (point !== undefined && point !== 'latest' && point !== 'random') throw usageErrors.ARGUMENT(`--point ${point}`, { hint: 'Write latest or random.' })
  const databases = await chosenDatabases(app, names, list(options, 'exclude'))
  const slots = new Set(databases.flatMap((database) => database.restoreTest.slots)).size
  const concurrency = Number(text(options, 'concurrency') ?? Math.max(1, slots))
  if (!Number.isInteger(concurrency) || concurrency < 1) throw usageErrors.ARGUMENT('--concurrency takes a whole number from 1 on')
  const snapshot = text(options, 'snapshot')
  if (snapshot !== undefined && databases.length !== 1) throw usageErrors.ARGUMENT('--snapshot goes with exactly one database')
  const rows = databases.length > 1 || validate === 'due' ? await knownRows(app) : []
  const plans = new Map((validate === 'due' ? await plannedValidations(app, rows, app.clock.now()) : []).map((plan) => [plan.database, plan]))
  const chosen = oldestProofFirst(databases.map((database) => database.name), rows)
  const outcomes = await forEachDatabase(chosen, { concurrency, signal: app.signal }, async (name) => {
    const database = findDatabase(await app.config(), name)
    const result = await telling(app, database, 'restore-test', () => testOne(app, name, { validate: validate === 'due' ? validateBy(plans.get(name)) : validate, ...(snapshot === undefined ? {} : { snapshot }), ...(point === undefined ? {} : { point }) }), noticeOfTest)
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
