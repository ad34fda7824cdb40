import { DateTime } from 'luxon'
import { readBlockCorruption, readDatafiles } from '@icb/oracle'
import type { BlockCorruptionRow, TypedQuery } from '@icb/oracle'
import { validateDatabaseScript } from '@icb/rman'
import type { Step } from '@icb/runtime'
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

/** Compares what was restored with what was recorded: time in both directions, state of every file. Findings are collected, so that a validation still runs. */
export const verify: Step<RestoreRun> = {
  name: 'verify',
  title: 'Verify the restored data',
  changes: false,
  async run(run, step) {
    const { settings } = run.deps
    const options = { signal: step.signal }
    const manifest = manifestOf(run)
    let time = run.verified?.time
    if (settings.verifyQuery !== undefined) {
      const [row] = await run.oracle.sql.query(verificationQuery(settings.verifyQuery), options)
      if (row?.value === undefined || row.value === null) run.findings.push({ code: 'VERIFICATION_FAILED', text: 'the verification query returned no date' })
      else time = row.value
    }
    if (time !== undefined) {
      if (run.verified !== undefined) run.verified.time = time
      if (run.targetTime !== undefined) {
        run.timeDifferenceSeconds = Math.round((localMillis(run.targetTime) - localMillis(time)) / 1000)
        if (Math.abs(run.timeDifferenceSeconds) > settings.toleranceMinutes * 60) {
          const direction = run.timeDifferenceSeconds > 0 ? 'older' : 'newer'
          run.findings.push({ code: 'TIME_OUT_OF_TOLERANCE', text: `the restored data is ${String(Math.abs(run.timeDifferenceSeconds))} s ${direction} than ${run.targetTime}; tolerated are ${String(settings.toleranceMinutes)} min` })
        }
      }
    }
    const recorded = new Map(manifest.copies.map((copy) => [copy.file, copy]))
    const usable = new Set(['SYSTEM', 'ONLINE'])
    for (const file of await readDatafiles(run.oracle.sql, { ...options, cdb: manifest.database.cdb })) {
      const before = recorded.get(file.file)
      if (!usable.has(file.status) && (before === undefined || usable.has(before.status))) {
        run.findings.push({ code: 'DATAFILE_STATE', text: `file ${String(file.file)} (${file.tablespace}) is ${file.status}, it was ${before?.status ?? 'not there'} when it was backed up` })
      }
    }
    step.summary(run.timeDifferenceSeconds === undefined ? `SCN ${run.verified?.scn.toString() ?? 'unknown'}` : `time difference ${String(run.timeDifferenceSeconds)} s`)
  },
}

function isAccepted(row: BlockCorruptionRow, accepted: readonly AcceptedCorruption[], today: string): boolean {
  return accepted.some((entry) => entry.file === row.file && entry.expires >= today && row.block >= entry.firstBlock && row.block + row.blocks <= entry.firstBlock + entry.blocks)
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
    const rows = await readBlockCorruption(run.oracle.sql, { signal: step.signal })
    // Unlogged operations leave blocks that cannot be recovered by design; they are reported, FORCE LOGGING prevents them.
    const unlogged = rows.filter((row) => row.type === 'NOLOGGING')
    if (unlogged.length > 0) run.warnings.push(`${String(unlogged.length)} ranges of blocks were written without logging and are not recoverable`)
    const accepted = rows.filter((row) => row.type !== 'NOLOGGING' && isAccepted(row, settings.acceptedCorruption, today))
    if (accepted.length > 0) run.warnings.push(`${String(accepted.length)} ranges of corrupt blocks are accepted by configuration`)
    const corrupt = rows.filter((row) => row.type !== 'NOLOGGING' && !accepted.includes(row))
    const corruptBlocks = corrupt.reduce((sum, row) => sum + row.blocks, 0)
    run.validation = { blocksExamined, corruptBlocks }
    if (corrupt.length > 0) {
      const texts = corrupt.map((row) => `file ${String(row.file)}, block ${String(row.block)}${row.blocks > 1 ? ` to ${String(row.block + row.blocks - 1)}` : ''}: ${row.type}`)
      run.findings.push({ code: 'BLOCK_CORRUPT', text: texts[0] ?? 'corrupt blocks', messages: texts.slice(0, 100) })
    } else if ((failedFiles.length > 0 || reported) && unlogged.length + accepted.length === 0) {
      run.findings.push({ code: 'BLOCK_CORRUPT', text: `RMAN found corrupt blocks in ${failedFiles.join(', ') || 'a file'}, but V$DATABASE_BLOCK_CORRUPTION lists none` })
    }
    if (blocksExamined === 0) run.findings.push({ code: 'VERIFICATION_FAILED', text: 'RMAN reported no examined block' })
    step.summary(`${String(blocksExamined)} blocks, ${String(corruptBlocks)} corrupt`)
  },
}
