import { join } from 'node:path'
import { readArchivedLogs, readDatafileCopies, readDatafileHeaders, readDatafiles, readTempfiles } from '@icb/oracle'
import type { DatafileRow } from '@icb/oracle'
import { catalogScript, recoverScript, restoreMissingDatafilesScript, switchToCopyScript, switchTempfilesScript, uncatalogScript } from '@icb/rman'
import type { Step } from '@icb/runtime'
import { finding } from '../findings.ts'
import { guardSourcePaths, guardWithin } from '../guards.ts'
import type { SourcePath } from '../guards.ts'
import { mainPath, manifestOf, runRman } from '../restore-run.ts'
import type { RestoreRun } from '../restore-run.ts'
import { isWithin } from '../sandbox.ts'

const ownDirectories = (run: RestoreRun): readonly string[] => [run.scratch, ...run.paths]

/** The copy forgets every file name of the source. Metadata only: no file is touched. */
export const uncatalogSource: Step<RestoreRun> = {
  name: 'uncatalog',
  title: "Forget the source's backups and logs",
  async run(run, step) {
    const { sql } = run.oracle
    const options = { signal: step.signal }
    await runRman(run, step, { what: 'uncataloging', script: uncatalogScript(), fallback: 'SANDBOX_FAILED' })
    const [logs, copies] = await Promise.all([readArchivedLogs(sql, { ...options, available: true }), readDatafileCopies(sql, options)])
    const outside = [...logs, ...copies].map((row) => row.name).filter((name): name is string => name !== null && !ownDirectories(run).some((directory) => isWithin(name, directory)))
    if (outside.length > 0) throw finding('SANDBOX_FAILED', `${String(outside.length)} files of the source are still cataloged, e.g. ${outside[0] ?? ''}`)
  },
}

/** The clone's copies and logs become known; each one that the manifest lists must be among them. */
export const catalogClone: Step<RestoreRun> = {
  name: 'catalog-clone',
  title: "Catalog the clone's files",
  async run(run, step) {
    const { sql } = run.oracle
    const manifest = manifestOf(run)
    const options = { signal: step.signal }
    const rejected = new Map<string, string>()
    const prefixes = run.paths.flatMap((path) => [join(path, 'archivelog/'), join(path, 'data_')])
    await runRman(run, step, {
      what: 'cataloging the clone',
      script: catalogScript({ prefixes }),
      fallback: 'COPY_MISSING',
      onEvent: (event) => {
        if (event.type === 'catalog-file' && event.state === 'not-cataloged') rejected.set(event.name, event.reason ?? 'no reason given')
      },
    })
    const [copies, logs] = await Promise.all([readDatafileCopies(sql, options), readArchivedLogs(sql, { ...options, available: true })])
    const byPath = new Set(copies.map((row) => row.name))
    const missingCopies = manifest.copies.filter((copy) => !run.paths.some((path) => byPath.has(join(path, copy.path))))
    if (missingCopies.length > 0) {
      const texts = missingCopies.map((copy) => `copy of file ${String(copy.file)} (${copy.path})${rejected.has(join(mainPath(run), copy.path)) ? `: ${rejected.get(join(mainPath(run), copy.path)) ?? ''}` : ' is not in the snapshot'}`)
      throw finding('COPY_MISSING', texts[0] ?? 'a copy is missing', { messages: texts })
    }
    const logNames = new Set(logs.filter((row) => row.name !== null && run.paths.some((path) => isWithin(row.name ?? '', path))).map((row) => `${String(row.thread)}/${String(row.sequence)}/${row.resetlogsId.toString()}`))
    const missingLogs = manifest.logs.filter((log) => !logNames.has(`${String(log.thread)}/${String(log.sequence)}/${log.resetlogsId}`))
    if (missingLogs.length > 0) {
      const texts = missingLogs.map((log) => `archived log of thread ${String(log.thread)}, sequence ${String(log.sequence)} (SCN ${log.firstScn.toString()} to ${log.nextScn.toString()}) is not in the snapshot`)
      throw finding('ARCHIVED_LOG_MISSING', texts[0] ?? 'an archived log is missing', { messages: texts })
    }
    const ignored = [...rejected.keys()]
    if (ignored.length > 0) run.deps.logger.info({ files: ignored.slice(0, 20) }, 'files that the manifest does not list could not be cataloged (a log still being written is normal)')
    if (run.targetScn === undefined) run.targetScn = endOfLogs(logs.filter((row) => row.name !== null), manifest.window?.redoFrom ?? 0n)
    if (run.targetScn === undefined || run.targetScn < (manifest.window?.minScn ?? 0n)) throw finding('ARCHIVED_LOG_MISSING', 'the logs in the snapshot do not reach the SCN that its copies need')
    step.summary(`${String(manifest.copies.length)} copies, ${String(logNames.size)} logs`)
  },
}

/** The last SCN that the gapless chain of every thread covers; undefined without a log. */
function endOfLogs(logs: readonly { readonly thread: number; readonly firstScn: bigint; readonly nextScn: bigint }[], from: bigint): bigint | undefined {
  const ends: bigint[] = []
  for (const thread of new Set(logs.map((log) => log.thread))) {
    let end = from
    for (const log of logs.filter((row) => row.thread === thread && row.nextScn > from).sort((a, b) => (a.firstScn < b.firstScn ? -1 : 1))) {
      if (log.firstScn > end) break
      if (log.nextScn > end) end = log.nextScn
    }
    ends.push(end)
  }
  const last = ends.reduce<bigint | undefined>((lowest, end) => (lowest === undefined || end < lowest ? end : lowest), undefined)
  return last === undefined ? undefined : last - 1n
}

/** Datafiles that were created after the last refresh began have no copy: they start empty and redo fills them. */
export const restoreMissingFiles: Step<RestoreRun> = {
  name: 'restore-missing-files',
  title: 'Create files that have no copy yet',
  async run(run, step) {
    const options = { signal: step.signal }
    const [datafiles, copies] = await Promise.all([readDatafiles(run.oracle.sql, { ...options, cdb: manifestOf(run).database.cdb }), readDatafileCopies(run.oracle.sql, options)])
    const copied = new Set(copies.filter((row) => run.paths.some((path) => isWithin(row.name, path))).map((row) => row.file))
    const missing = datafiles.filter((row) => !copied.has(row.file)).map((row) => row.file)
    if (missing.length > 0) await runRman(run, step, { what: 'creating missing files', script: restoreMissingDatafilesScript({ files: missing }), fallback: 'COPY_MISSING' })
    step.summary(missing.length === 0 ? 'none' : `files ${missing.join(', ')}`)
  },
}

async function datafilesOf(run: RestoreRun, signal: AbortSignal): Promise<readonly DatafileRow[]> {
  return readDatafiles(run.oracle.sql, { signal, cdb: manifestOf(run).database.cdb })
}

/** Switches to the clone's files and proves by SQL that not one name of the source is left. */
export const switchToCopies: Step<RestoreRun> = {
  name: 'switch-to-copies',
  title: "Switch to the clone's files",
  async run(run, step) {
    const options = { signal: step.signal }
    await runRman(run, step, { what: 'switching to the copies', script: switchToCopyScript(), fallback: 'SWITCH_INCOMPLETE' })
    const tempfiles = await readTempfiles(run.oracle.sql, options)
    if (tempfiles.length > 0) await runRman(run, step, { what: 'switching the temp files', script: switchTempfilesScript({ files: tempfiles.map((row) => row.file) }), fallback: 'SWITCH_INCOMPLETE' })
    const datafiles = await datafilesOf(run, step.signal)
    const left = datafiles.filter((row) => !run.paths.some((path) => isWithin(row.name, path)))
    if (left.length > 0) throw finding('SWITCH_INCOMPLETE', `file ${String(left[0]?.file)} is still ${left[0]?.name ?? ''}`, { messages: left.map((row) => `${String(row.file)}: ${row.name}`) })
    step.summary(`${String(datafiles.length)} files`)
  },
}

/** Before recovery and before open: nothing that could be written to lies outside the clone and the scratch directory. */
export async function guardEveryPath(run: RestoreRun, signal: AbortSignal): Promise<number> {
  const { sql } = run.oracle
  const options = { signal }
  const named = (what: string, names: readonly (string | null)[]): SourcePath[] => names.filter((name): name is string => name !== null).map((path) => ({ path, what }))
  const [datafiles, tempfiles, logs, formerFiles] = await Promise.all([datafilesOf(run, signal), readTempfiles(sql, options), readArchivedLogs(sql, { ...options, available: true }), readDatafileCopies(sql, options)])
  const paths = [...named('data file', datafiles.map((row) => row.name)), ...named('temp file', tempfiles.map((row) => row.name)), ...named('archived log', logs.map((row) => row.name))]
  await guardWithin(paths, { host: run.deps.host, own: ownDirectories(run), area: run.liveArea })
  // The switch turns the former data files into copies under their old names: those need not be ours, but must not be here.
  const copies = named('data file copy', formerFiles.map((row) => row.name))
  await guardSourcePaths(copies, { host: run.deps.host, own: ownDirectories(run) })
  return paths.length + copies.length
}

export const guardBeforeRecovery: Step<RestoreRun> = {
  name: 'guard-before-recovery',
  title: 'Prove that every path is in the clone',
  changes: false,
  async run(run, step) {
    step.summary(`${String(await guardEveryPath(run, step.signal))} paths`)
  },
}

export const recover: Step<RestoreRun> = {
  name: 'recover',
  title: 'Recover to the last SCN',
  async run(run, step) {
    if (run.targetScn === undefined) throw finding('NOT_A_RECOVERY_POINT', 'the recovery point has no last SCN')
    const seen = { applied: 0, complete: false }
    await runRman(run, step, {
      what: 'recovery',
      script: recoverScript({ target: { kind: 'scn', scn: run.targetScn } }),
      fallback: 'RECOVERY_FAILED',
      onEvent: (event) => {
        if (event.type === 'archived-log' && event.action === 'applied') {
          seen.applied += 1
          step.progress({ text: `log ${String(event.thread)}/${String(event.sequence)}` })
        }
        if (event.type === 'recovery-complete') seen.complete = true
      },
    })
    if (!seen.complete) throw finding('RECOVERY_FAILED', 'RMAN did not report that media recovery is complete')
    step.summary(`to SCN ${run.targetScn.toString()}, ${String(seen.applied)} logs`)
  },
}

/** What decides: the headers of all read-write files stand at the target, none is fuzzy, none unreadable. */
export const checkHeaders: Step<RestoreRun> = {
  name: 'check-headers',
  title: 'Check the file headers',
  changes: false,
  async run(run, step) {
    const target = run.targetScn ?? 0n
    const [rows, headers] = await Promise.all([datafilesOf(run, step.signal), readDatafileHeaders(run.oracle.sql, { signal: step.signal })])
    const datafiles = new Map(rows.map((row) => [row.file, row]))
    const wrong: string[] = []
    let lowest: { scn: bigint; time: string | null } | undefined
    for (const header of headers) {
      const file = datafiles.get(header.file)
      const inUse = file !== undefined && ['SYSTEM', 'ONLINE'].includes(file.status) && file.enabled === 'READ WRITE'
      if (header.error !== null && header.error !== '') wrong.push(`file ${String(header.file)}: ${header.error}`)
      else if (!inUse) continue
      else if (header.fuzzy === true) wrong.push(`file ${String(header.file)} is fuzzy at SCN ${header.checkpointScn.toString()}`)
      else if (header.checkpointScn !== target && header.checkpointScn !== target + 1n) wrong.push(`file ${String(header.file)} stands at SCN ${header.checkpointScn.toString()}, expected ${target.toString()}`)
      if (inUse && (lowest === undefined || header.checkpointScn < lowest.scn)) lowest = { scn: header.checkpointScn, time: header.checkpointTime }
    }
    if (wrong.length > 0) throw finding('SCN_MISMATCH', wrong[0] ?? '', { messages: wrong })
    if (lowest === undefined) throw finding('SCN_MISMATCH', 'no read-write data file was found')
    run.verified = { scn: lowest.scn, time: lowest.time ?? undefined }
    step.summary(`${String(headers.length)} files at SCN ${lowest.scn.toString()}`)
  },
}

export const openReadOnly: Step<RestoreRun> = {
  name: 'open-read-only',
  title: 'Open read only',
  async run(run, step) {
    await guardEveryPath(run, step.signal)
    await run.oracle.sql.execute(['alter database open read only'], { signal: step.signal })
    if (manifestOf(run).database.cdb) await run.oracle.sql.execute(['alter pluggable database all open read only'], { signal: step.signal })
    const [row] = await run.oracle.sql.query({ name: 'v$database.open_mode', sql: 'select open_mode from v$database', columns: { mode: 'text!' } }, { signal: step.signal })
    if (row?.mode !== 'READ ONLY') throw finding('OPEN_FAILED', `the database is ${row?.mode ?? 'not open'} after OPEN READ ONLY`)
    run.openedAt = run.deps.clock.now()
  },
}

