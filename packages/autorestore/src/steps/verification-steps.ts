import { DateTime } from 'luxon'
import { readBlockCorruption, readDatafiles } from '@icb/oracle'
import type { BlockCorruptionRow, TypedQuery } from '@icb/oracle'
import type { ManifestCopy } from '@icb/recovery-point'
import { validateDatabaseScript } from '@icb/rman'
import { hasErrorCode } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import { assertionQuery, judgeAssertion } from '../assertions.ts'
import type { Assertion } from '../assertions.ts'
import { heartbeatQuery } from '../heartbeat.ts'
import { manifestOf, runRman } from '../restore-run.ts'
import type { RestoreRun } from '../restore-run.ts'
import type { AcceptedCorruption } from '../settings.ts'

/** The database's local time as a number that differences can be taken of; the zone does not matter for those. */
function localMillis(text: string): number {
  return DateTime.fromFormat(text, 'yyyy-MM-dd HH:mm:ss', { zone: 'utc' }).toMillis()
}

/** Runs the configured query for one DATE. The text is the DBA's own; it is only given a name. */
function verificationQuery(sql: string): TypedQuery<{ readonly value: 'date' }> {
  return { name: 'verification query', sql: sql.trim().replace(/;\s*$/, ''), columns: { value: 'date' } }
}

/** An assertion that Oracle refuses to answer (a table is not there) is not met; a lost instance ends the test. */
async function judge(run: RestoreRun, assertion: Assertion, signal: AbortSignal): Promise<string | undefined> {
  try {
    return judgeAssertion(assertion, await run.oracle.sql.query(assertionQuery(assertion), { signal }))
  } catch (error) {
    if (!hasErrorCode(error, 'ICB_ORACLE_SQL')) throw error
    return `${assertion.name}: ${(error as Error).message}`
  }
}

/** Compares what was restored with what was recorded: time in both directions, state of every file. Findings are collected, so that a validation still runs. */
export const verify: Step<RestoreRun> = {
  name: 'verify',
  title: 'Verify the restored data',
  changes: false,
  async run(run, step) {
    const { settings } = run.deps
    const options = { signal: step.signal }
    const manifest = manifestOf(run)
    // Where a point between two log ends is restored, only its headers tell its time.
    const expected = run.targetTime ?? run.verified?.time
    const compareTime = (what: string, time: string): void => {
      if (run.verified !== undefined) run.verified.time = time
      if (expected === undefined) return
      const difference = Math.round((localMillis(expected) - localMillis(time)) / 1000)
      if (run.timeDifferenceSeconds === undefined || Math.abs(difference) > Math.abs(run.timeDifferenceSeconds)) run.timeDifferenceSeconds = difference
      if (Math.abs(difference) <= settings.toleranceMinutes * 60) return
      const direction = difference > 0 ? 'older' : 'newer'
      run.findings.push({ code: 'TIME_OUT_OF_TOLERANCE', text: `${what} is ${String(Math.abs(difference))} s ${direction} than ${expected}; tolerated are ${String(settings.toleranceMinutes)} min` })
    }
    const headerTime = run.verified?.time
    const queries = [
      ...(settings.verifyQuery === undefined ? [] : [{ what: 'the verification query', sql: settings.verifyQuery }]),
      ...(settings.heartbeat ? [{ what: 'the heartbeat', sql: heartbeatQuery({ cdb: manifest.database.cdb }) }] : []),
    ]
    if (queries.length === 0 && headerTime !== undefined) compareTime('the restored data', headerTime)
    for (const { what, sql } of queries) {
      const [row] = await run.oracle.sql.query(verificationQuery(sql), options)
      if (row?.value === undefined || row.value === null) run.findings.push({ code: 'VERIFICATION_FAILED', text: `${what} returned no date` })
      else compareTime(`${what}: the restored data`, row.value)
    }
    for (const assertion of settings.assertions) {
      const wrong = await judge(run, assertion, step.signal)
      if (wrong !== undefined) run.findings.push({ code: 'ASSERTION_FAILED', text: wrong })
    }
    const recorded = new Map(manifest.copies.map((copy) => [copy.file, copy]))
    const usable = new Set(['SYSTEM', 'ONLINE'])
    for (const file of await readDatafiles(run.oracle.sql, { ...options, cdb: manifest.database.cdb })) {
      const before = recorded.get(file.file)
      if (!usable.has(file.status) && (before === undefined || usable.has(before.status))) {
        run.findings.push({ code: 'DATAFILE_STATE', text: `file ${String(file.file)} (${file.tablespace}) is ${file.status}, it was ${before?.status ?? 'not there'} when it was backed up` })
      }
    }
    const asserted = settings.assertions.length === 0 ? '' : `, ${String(settings.assertions.length)} assertions`
    step.summary(`${run.timeDifferenceSeconds === undefined ? `SCN ${run.verified?.scn.toString() ?? 'unknown'}` : `time difference ${String(run.timeDifferenceSeconds)} s`}${asserted}`)
  },
}

function isAccepted(row: BlockCorruptionRow, accepted: readonly AcceptedCorruption[], today: string): boolean {
  return accepted.some((entry) => entry.file === row.file && entry.expires >= today && row.block >= entry.firstBlock && row.block + row.blocks <= entry.firstBlock + entry.blocks)
}

/**
 * Whether the database knew, when it was backed up, that a file had unlogged changes as late as these blocks. An old manifest
 * that does not say is given the benefit.
 */
export function isKnownUnlogged(row: Pick<BlockCorruptionRow, 'file' | 'corruptionScn'>, copies: readonly Pick<ManifestCopy, 'file' | 'unrecoverableScn'>[]): boolean {
  const recorded = copies.find((copy) => copy.file === row.file)?.unrecoverableScn
  return recorded === undefined || (recorded > 0n && row.corruptionScn <= recorded)
}

/** Reads every block of the restored database and checks it physically and logically. */
export const validateBlocks: Step<RestoreRun> = {
  name: 'validate-blocks',
  title: 'Validate all blocks',
  changes: false,
  async run(run, step) {
    const { settings, clock } = run.deps
    const seen = { blocksExamined: 0, reported: false }
    const failedFiles: string[] = []
    await runRman(run, step, {
      what: 'block validation',
      script: validateDatabaseScript({ parallel: 2 }),
      fallback: 'VERIFICATION_FAILED',
      onEvent: (event) => {
        if (event.type === 'validated') {
          seen.blocksExamined += event.blocksExamined
          if (event.status === 'FAILED') failedFiles.push(`file ${String(event.file)}${event.name === undefined ? '' : ` (${event.name})`}`)
          step.progress({ text: `${String(seen.blocksExamined)} blocks` })
        }
        if (event.type === 'corruption-found') seen.reported = true
      },
    })
    const { blocksExamined, reported } = seen
    const today = new Date(clock.now()).toISOString().slice(0, 10)
    const rows = await readBlockCorruption(run.oracle.sql, { signal: step.signal, release: manifestOf(run).database.release })
    // Unlogged operations leave blocks that cannot be recovered by design, and production knows of them; FORCE LOGGING prevents them.
    const unlogged = rows.filter((row) => row.type === 'NOLOGGING')
    const unknown = unlogged.filter((row) => !isKnownUnlogged(row, manifestOf(run).copies))
    const known = unlogged.length - unknown.length
    if (known > 0) run.warnings.push(`${String(known)} ranges of blocks were written without logging and are not recoverable`)
    const accepted = rows.filter((row) => row.type !== 'NOLOGGING' && isAccepted(row, settings.acceptedCorruption, today))
    if (accepted.length > 0) run.warnings.push(`${String(accepted.length)} ranges of corrupt blocks are accepted by configuration`)
    const corrupt = [...rows.filter((row) => row.type !== 'NOLOGGING' && !accepted.includes(row)), ...unknown]
    const corruptBlocks = corrupt.reduce((sum, row) => sum + row.blocks, 0)
    run.validation = { blocksExamined, corruptBlocks }
    if (corrupt.length > 0) {
      const texts = corrupt.map((row) => `file ${String(row.file)}, block ${String(row.block)}${row.blocks > 1 ? ` to ${String(row.block + row.blocks - 1)}` : ''}: ${row.type}${row.type === 'NOLOGGING' ? ', though the database knew of no unlogged change of this file when it was backed up' : ''}`)
      run.findings.push({ code: 'BLOCK_CORRUPT', text: texts[0] ?? 'corrupt blocks', messages: texts.slice(0, 100) })
    } else if ((failedFiles.length > 0 || reported) && unlogged.length + accepted.length === 0) {
      run.findings.push({ code: 'BLOCK_CORRUPT', text: `RMAN found corrupt blocks in ${failedFiles.join(', ') || 'a file'}, but V$DATABASE_BLOCK_CORRUPTION lists none` })
    }
    if (blocksExamined === 0) run.findings.push({ code: 'VERIFICATION_FAILED', text: 'RMAN reported no examined block' })
    step.summary(`${String(blocksExamined)} blocks, ${String(corruptBlocks)} corrupt`)
  },
}
