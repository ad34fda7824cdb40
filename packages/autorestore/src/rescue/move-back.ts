import { dirname, join } from 'node:path'
import { alterSystemSet, isAtLeast, quoteIdentifier, quoteSqlString, readArchivedLogs, readDatafileCopies, readDatafiles, readEdition, readTempfiles } from '@icb/oracle'
import type { DatafileRow } from '@icb/oracle'
import type { Step, StepRun } from '@icb/runtime'
import { autorestoreErrors as errors } from '../errors.ts'
import { finding } from '../findings.ts'
import { manifestOf, runRman } from '../restore-run.ts'
import { isWithin } from '../sandbox.ts'
import type { RescueRun } from './rescue-run.ts'
import { placeAgain } from './rescue-steps.ts'

interface Move {
  readonly row: DatafileRow
  readonly to: string
}

/** Files that still lie in the clone, with the place they belong to; those that recovery created go beside the others. */
async function movesOf(run: RescueRun, signal: AbortSignal): Promise<readonly Move[]> {
  const rows = await readDatafiles(run.oracle.sql, { signal, cdb: manifestOf(run).database.cdb })
  const [first] = run.places
  const placeOf = (row: DatafileRow): string => {
    const known = run.places.find((place) => place.file === row.file)
    if (known !== undefined) return placeAgain(known.name)
    return first?.name.startsWith('+') === true ? placeAgain(first.name) : join(dirname(first?.name ?? '/'), `${row.tablespace.toLowerCase()}_${String(row.file)}.dbf`)
  }
  return rows.filter((row) => run.paths.some((path) => isWithin(row.name, path))).map((row) => ({ row, to: placeOf(row) }))
}

/**
 * The files go back to their places while the database is in use: ALTER DATABASE MOVE DATAFILE, from 12.1 on in Enterprise Edition. Else
 * each is copied while it is used, and one short stop switches all of them.
 */
export const moveBack: Step<RescueRun> = {
  name: 'move-back',
  title: 'Move the files back to their places',
  async run(run, step) {
    const moves = await movesOf(run, step.signal)
    const { enterprise } = await readEdition(run.oracle.sql, { signal: step.signal })
    const online = enterprise && isAtLeast(manifestOf(run).database.release, 12, 1)
    if (online) await moveOnline(run, moves, step)
    else if (moves.length > 0) await copyAndSwitch(run, moves, step)
    const left = await movesOf(run, step.signal)
    if (left.length > 0) throw finding('SWITCH_INCOMPLETE', `file ${String(left[0]?.row.file)} is still in the clone`, { messages: left.map(({ row }) => row.name) })
    step.summary(`${String(moves.length)} files${online ? '' : ', with one stop'}`)
  },
}

async function moveOnline(run: RescueRun, moves: readonly Move[], step: StepRun): Promise<void> {
  for (const [index, { row, to }] of moves.entries()) {
    step.progress({ fraction: index / moves.length, text: `file ${String(row.file)} to ${to}` })
    // REUSE: a file of a move that was interrupted may lie there; in a disk group each attempt gets a name of its own. KEEP: the clone goes as a whole, and an interrupted move may still need it.
    const move = `alter database move datafile ${quoteSqlString(row.name)} to ${quoteSqlString(to)}${to.startsWith('+') ? '' : ' reuse'} keep`
    await run.oracle.sql.execute(row.pdb !== null && row.pdb !== 'CDB$ROOT' ? [`alter session set container = ${/^[A-Z][A-Z0-9_$#]*$/.test(row.pdb) ? row.pdb : quoteIdentifier(row.pdb)}`, move] : [move], { signal: step.signal, deadlineMs: run.deps.settings.deadlineMs })
  }
}

async function copyAndSwitch(run: RescueRun, moves: readonly Move[], step: StepRun): Promise<void> {
  const copies = moves.map(({ row, to }) => `  BACKUP AS COPY REUSE DATAFILE ${String(row.file)} FORMAT '${to.replaceAll("'", "''")}' TAG 'ICB_RESCUE';`)
  await runRman(run, step, { what: 'copying the files back', script: ['RUN {', '  ALLOCATE CHANNEL c1 DEVICE TYPE DISK;', ...copies, '}', ''].join('\n'), fallback: 'SANDBOX_FAILED' })
  await run.oracle.instance.shutdown({ mode: 'immediate', signal: step.signal })
  await run.oracle.instance.startup({ mode: 'mount', pfile: join(run.scratch, 'init.ora'), signal: step.signal })
  await runRman(run, step, { what: 'switching to the files in their places', script: ['RUN {', '  ALLOCATE CHANNEL c1 DEVICE TYPE DISK;', `  SWITCH DATAFILE ${moves.map(({ row }) => String(row.file)).join(', ')} TO COPY;`, '  RECOVER DATABASE;', '}', ''].join('\n'), fallback: 'SWITCH_INCOMPLETE' })
  await run.oracle.sql.execute(['alter database open', ...(manifestOf(run).database.cdb ? ['alter pluggable database all open'] : [])], { signal: step.signal })
}

/** The database's own parameters, and nothing of the clone is known any more; the copies in the area are. */
export const settleIn: Step<RescueRun> = {
  name: 'settle-in',
  title: 'Own parameters; forget the clone, know the area',
  async run(run, step) {
    const options = { signal: step.signal }
    const { sql } = run.oracle
    const { parameters } = manifestOf(run)
    const own = parameters['db_create_file_dest'] ?? ''
    await sql.execute([alterSystemSet('db_create_file_dest', own, { scope: 'memory' }), ...(parameters['job_queue_processes'] === undefined ? [] : [alterSystemSet('job_queue_processes', Number(parameters['job_queue_processes']), { scope: 'memory' })])], options)
    const [logs, copies] = await Promise.all([readArchivedLogs(sql, { ...options, available: true }), readDatafileCopies(sql, options)])
    const inClone = (name: string | null): boolean => name !== null && [...run.paths, ...(run.logs?.paths ?? [])].some((path) => isWithin(name, path))
    const script = [
      ...(logs.some((row) => inClone(row.name)) ? run.paths.map((path) => `CHANGE ARCHIVELOG LIKE '${path.replaceAll("'", "''")}/%' UNCATALOG;`) : []),
      ...copies.filter((row) => inClone(row.name)).map((row) => `CHANGE DATAFILECOPY '${row.name.replaceAll("'", "''")}' UNCATALOG;`),
      `CATALOG START WITH '${join(run.liveArea, 'data_').replaceAll("'", "''")}' NOPROMPT;`,
      `CATALOG START WITH '${join(run.liveArea, 'archivelog/').replaceAll("'", "''")}' NOPROMPT;`,
    ]
    await runRman(run, step, { what: 'forgetting the clone', script: `${script.join('\n')}\n`, fallback: 'SANDBOX_FAILED' })
  },
}

/** The clone goes when the database names no file of it. */
export const releaseClone: Step<RescueRun> = {
  name: 'release-clone',
  title: 'Remove the clone',
  async run(run, step) {
    const { sql } = run.oracle
    const options = { signal: step.signal }
    const [datafiles, tempfiles] = await Promise.all([readDatafiles(sql, { ...options, cdb: manifestOf(run).database.cdb }), readTempfiles(sql, options)])
    const inUse = [...datafiles, ...tempfiles].find((row) => run.paths.some((path) => isWithin(row.name, path)))
    if (inUse !== undefined) throw errors.CLEANUP(`the database still uses ${inUse.name}`)
    await dropRescueClone(run, step.signal)
  },
}

/** Unmounts and deletes the clone of a rescue. */
export async function dropRescueClone(run: Pick<RescueRun, 'mounter' | 'cloneName' | 'deps'>, signal: AbortSignal): Promise<void> {
  await run.mounter.unmount({ signal })
  const { storage } = run.deps
  for await (const clone of storage.listClones({ signal })) if (clone.name === run.cloneName) await storage.deleteClone(clone.id, { signal })
}
