import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { alterSystemSet, diskGroupOf, readArchivedLogs, readDatafileCopies, readDatafileHeaders, readDatafiles, readDiskGroups, readIdentity, readLogfiles, readTempfiles } from '@icb/oracle'
import { hasErrorCode, pollUntil } from '@icb/runtime'
import type { Step } from '@icb/runtime'
import { autorestoreErrors as errors } from '../errors.ts'
import { finding } from '../findings.ts'
import { guardNotRoot, guardSourcePaths, guardWithin } from '../guards.ts'
import { mainPath, manifestOf, runRman } from '../restore-run.ts'
import { directoriesOf, diskGroupsOf, parameterFile } from '../restore-script.ts'
import { isWithin } from '../sandbox.ts'
import { sourcePathsOf } from '../steps/clone-steps.ts'
import { placesStep } from './rescue-plan.ts'
import type { RescueRun } from './rescue-run.ts'

/** A few characters of this rescue's own: the name of its directory is its run's. */
const markOf = (run: RescueRun): string => basename(run.scratch).toLowerCase().replaceAll(/[^a-z0-9]/g, '').slice(-8)

const pfile = (run: RescueRun): string => join(run.scratch, 'init.ora')

/**
 * Nothing of the database is here: no instance runs, no file of it is left. What is still there may be newer than every backup, so it is
 * never overwritten; whoever wants to give it up moves it away first.
 */
export const guardDestroyed: Step<RescueRun> = {
  name: 'guard-destroyed',
  title: 'Prove that the database is gone',
  changes: false,
  async run(run, step) {
    const { host } = run.deps
    guardNotRoot(host)
    if ((await host.runningSids()).some((sid) => sid.toLowerCase() === run.sid.toLowerCase())) throw errors.REFUSED_INSTANCE(`instance ${run.sid} runs on this host`, { hint: 'A rescue is for a database whose files are gone. If they are, end the instance with SHUTDOWN ABORT.', details: { sid: run.sid } })
    // ASM serves the database here, so what is in disk groups is asked of the instance once it has the control file.
    const count = await guardSourcePaths(sourcePathsOf(run).filter(({ path }) => !path.startsWith('+')), { host, own: run.ownFiles }).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ICB_AUTORESTORE_REFUSED_PATH')) throw error
      throw errors.REFUSED_PATH((error as Error).message, { hint: 'A file that is still there may hold newer data than every backup. Recover with it, or move it away if it is worthless.', cause: error })
    })
    const groups = diskGroupsOf(manifestOf(run))
    step.summary(`${String(count)} paths, none there${groups.length === 0 ? '' : `; files in disk groups ${groups.join(', ')} are looked for later`}`)
  },
}

/** Directories, and the parameters that the database had. Files that recovery creates go to the clone first, like all others. */
export const prepareRescue: Step<RescueRun> = {
  name: 'prepare',
  title: 'Make directories and the parameter file',
  async run(run, step) {
    const manifest = manifestOf(run)
    await mkdir(run.scratch, { recursive: true, mode: 0o750 })
    for (const directory of directoriesOf(manifest)) {
      await mkdir(directory, { recursive: true }).catch((error: unknown) => { step.warn('ICB_AUTORESTORE_DIRECTORY', `make ${directory}: ${(error as Error).message}`) })
    }
    await writeFile(join(run.scratch, 'init-final.ora'), `${parameterFile(manifest, { jobs: true, fresh: markOf(run) })}\n`, { mode: 0o640 })
    const lines = parameterFile(manifest, { jobs: false, fresh: markOf(run) }).split('\n').filter((line) => !/^\*\.db_create_file_dest=/i.test(line))
    await writeFile(pfile(run), `${[...lines, `*.db_create_file_dest='${mainPath(run)}'`].join('\n')}\n`, { mode: 0o640 })
    step.summary(run.scratch)
  },
}

/** Whether the running instance is the one that this rescue started: it alone creates files in this clone. `undefined`: none runs. */
async function isOwnInstance(run: RescueRun, signal: AbortSignal): Promise<boolean | undefined> {
  if (!(await run.deps.host.runningSids()).includes(run.sid)) return undefined
  const [row] = await run.oracle.sql.query({ name: 'v$parameter db_create_file_dest', sql: `select value from v$parameter where name = 'db_create_file_dest'`, columns: { value: 'text' } }, { signal, deadlineMs: 60_000 })
  return row?.value !== null && row?.value !== undefined && row.value.includes(run.cloneName)
}

/** Ends the instance that this rescue started before it was interrupted. @throws ICB_AUTORESTORE_REFUSED_INSTANCE when it is another one */
export async function stopRescueInstance(run: RescueRun, signal: AbortSignal): Promise<void> {
  const own = await isOwnInstance(run, signal)
  if (own === undefined) return
  if (!own) throw errors.REFUSED_INSTANCE(`instance ${run.sid} was not started by this rescue`, { hint: 'It is left running.', details: { sid: run.sid } })
  await run.oracle.instance.shutdown({ mode: 'abort', signal })
  await pollUntil({ clock: run.deps.clock, what: `the processes of instance ${run.sid} to end`, deadlineMs: 30_000, signal }, async () => ((await run.deps.host.runningSids()).includes(run.sid) ? undefined : true))
}

export const startRescueInstance: Step<RescueRun> = {
  name: 'start-instance',
  title: 'Start the instance',
  intent: (run) => ({ sid: run.sid, pfile: pfile(run) }),
  async run(run, step) {
    await run.oracle.instance.startup({ mode: 'nomount', pfile: pfile(run), signal: step.signal })
    run.instanceStarted = true
    const wanted = diskGroupsOf(manifestOf(run))
    const mounted = wanted.length === 0 ? [] : await readDiskGroups(run.oracle.sql, { signal: step.signal })
    const missing = wanted.filter((group) => !mounted.some((row) => row.name.toUpperCase() === group && row.state !== 'DISMOUNTED'))
    if (missing.length > 0) throw errors.REFUSED_PATH(`disk group ${missing.join(', ')} is not mounted on this host, so whether files are left in it cannot be told`, { hint: 'Mount it (srvctl start diskgroup -diskgroup <name>), or make it anew if its disks are lost.', details: { diskGroups: missing } })
    step.summary(run.sid)
  },
}

/** The instance again, with the control file that belongs to what was recovered so far. */
export const mountAgain: Step<RescueRun> = {
  name: 'mount-again',
  title: 'Mount the database again',
  async run(run, step) {
    if ((await run.deps.host.runningSids()).includes(run.sid)) return
    await run.oracle.instance.startup({ mode: 'mount', pfile: pfile(run), signal: step.signal })
  },
}

/** What the mounted control file names must be as absent as what the manifest names. */
export const guardControlFile: Step<RescueRun> = {
  name: 'guard-control-file',
  title: 'Prove that no file would be overwritten',
  changes: false,
  async run(run, step) {
    const { sql } = run.oracle
    const options = { signal: step.signal }
    const [datafiles, logs, tempfiles] = await Promise.all([readDatafiles(sql, { ...options, cdb: manifestOf(run).database.cdb }), readLogfiles(sql, options), readTempfiles(sql, options)])
    const paths = [...datafiles.map((row) => ({ path: row.name, what: 'data file' })), ...logs.map((row) => ({ path: row.member, what: 'online log' })), ...tempfiles.map((row) => ({ path: row.name, what: 'temp file' }))]
    const count = await guardSourcePaths(paths.filter(({ path }) => !path.startsWith('+')), { host: run.deps.host, own: [...run.ownFiles, ...run.paths] })
    const inGroups = datafiles.filter((row) => row.name.startsWith('+'))
    if (inGroups.length > 0) {
      const headers = await readDatafileHeaders(sql, options)
      for (const { file, name } of inGroups) {
        const error = headers.find((header) => header.file === file)?.error ?? ''
        if (!/^(?:FILE NOT FOUND|CANNOT OPEN FILE)$/.test(error)) throw errors.REFUSED_PATH(`data file ${name} of the source database exists on this host${error === '' ? '' : ` (${error.toLowerCase()})`}`, { hint: 'A file that is still there may hold newer data than every backup. Recover with it, or remove it if it is worthless.', details: { path: name } })
      }
      if (logs.some((row) => row.member.startsWith('+'))) step.warn('ICB_AUTORESTORE_ONLINE_LOGS', 'the database cannot tell whether online logs are left in a disk group: look with asmcmd ls, and if one is, recover with it instead (RESETLOGS makes them empty)')
    }
    step.summary(`${String(count + inGroups.length)} paths`)
  },
}

/** Copies and logs of other places are forgotten; only the clone's are used. Backup pieces stay known: they are not needed here. */
export const forgetCopies: Step<RescueRun> = {
  name: 'forget-copies',
  title: 'Forget copies and logs of other places',
  async run(run, step) {
    await runRman(run, step, { what: 'uncataloging', script: 'CHANGE ARCHIVELOG ALL UNCATALOG;\nCHANGE COPY OF DATABASE UNCATALOG;\n', fallback: 'SANDBOX_FAILED' })
  },
}

/** Where every file belongs, on disk before the first one is switched away from there. */
export const recordPlaces: Step<RescueRun> = {
  name: placesStep,
  title: 'Record where the files belong',
  async run(run, step) {
    const rows = await readDatafiles(run.oracle.sql, { signal: step.signal, cdb: manifestOf(run).database.cdb })
    run.places = rows.map(({ file, name, pdb }) => ({ file, name, pdb }))
    if (run.targetScn === undefined) throw finding('NOT_A_RECOVERY_POINT', 'the end of the archived logs is not known')
    await step.intend({ files: run.places, targetScn: run.targetScn.toString() })
    step.summary(`${String(rows.length)} files`)
  },
}

/** Where a file is made again: in a disk group ASM names it. */
export const placeAgain = (name: string): string => (name.startsWith('+') ? `+${diskGroupOf(name) ?? ''}` : name)

/** Whether a file lies where it belongs: under its name, or in its disk group. */
const isInPlace = (name: string, place: string): boolean => name === place || (place.startsWith('+') && diskGroupOf(name) === diskGroupOf(place))

/** Files of the seed cannot be moved online, and are small: they are copied to their place at once, the others are used where they are. */
export const switchToClone: Step<RescueRun> = {
  name: 'switch-to-clone',
  title: "Use the clone's files as the database's",
  async run(run, step) {
    const options = { signal: step.signal, cdb: manifestOf(run).database.cdb }
    const seed = run.places.filter((place) => place.pdb === 'PDB$SEED')
    const before = await readDatafiles(run.oracle.sql, options)
    const rest = before.filter((row) => !seed.some((place) => place.file === row.file) && !run.paths.some((path) => isWithin(row.name, path)))
    if (seed.length > 0) {
      const script = ['RUN {', '  ALLOCATE CHANNEL c1 DEVICE TYPE DISK;', ...seed.map((place) => `  SET NEWNAME FOR DATAFILE ${String(place.file)} TO '${placeAgain(place.name).replaceAll("'", "''")}';`), `  RESTORE DATAFILE ${seed.map((place) => String(place.file)).join(', ')};`, ...(seed.some((place) => place.name.startsWith('+')) ? ['  SWITCH DATAFILE ALL;'] : []), '}', ''].join('\n')
      await runRman(run, step, { what: 'copying the files of the seed', script, fallback: 'COPY_MISSING' })
    }
    if (rest.length > 0) await runRman(run, step, { what: 'switching to the clone', script: `SWITCH DATAFILE ${rest.map((row) => String(row.file)).join(', ')} TO COPY;\n`, fallback: 'SWITCH_INCOMPLETE' })
    const after = await readDatafiles(run.oracle.sql, options)
    const left = after.filter((row) => !run.paths.some((path) => isWithin(row.name, path)) && !seed.some((place) => place.file === row.file && isInPlace(row.name, place.name)))
    if (left.length > 0) throw finding('SWITCH_INCOMPLETE', `file ${String(left[0]?.file)} is still ${left[0]?.name ?? ''}`, { messages: left.map((row) => `${String(row.file)}: ${row.name}`) })
    step.summary(`${String(rest.length)} files${seed.length === 0 ? '' : `, ${String(seed.length)} copied`}`)
  },
}

/** Recovery reads and writes nothing of the live area. */
export const guardRescuePaths: Step<RescueRun> = {
  name: 'guard-rescue-paths',
  title: 'Prove that nothing of the live area is used',
  changes: false,
  async run(run, step) {
    const { sql } = run.oracle
    const options = { signal: step.signal }
    const [datafiles, logs, copies] = await Promise.all([readDatafiles(sql, { ...options, cdb: manifestOf(run).database.cdb }), readArchivedLogs(sql, { ...options, available: true }), readDatafileCopies(sql, options)])
    const paths = [...datafiles.map((row) => row.name), ...logs.map((row) => row.name).filter((name): name is string => name !== null)].map((path) => ({ path, what: 'file' }))
    const seedInGroups = datafiles.filter((row) => run.places.some((place) => place.file === row.file && place.pdb === 'PDB$SEED' && place.name.startsWith('+') && isInPlace(row.name, place.name))).map((row) => row.name)
    await guardWithin(paths.filter(({ path }) => !seedInGroups.includes(path)), { host: run.deps.host, own: [...run.paths, ...run.places.map((place) => place.name)], area: run.liveArea })
    const inArea = copies.find((row) => isWithin(row.name, run.liveArea))
    if (inArea !== undefined) throw errors.REFUSED_LIVE_AREA(`the copy ${inArea.name} of the live area is still known`)
    step.summary(`${String(paths.length)} paths`)
  },
}

export const openRescued: Step<RescueRun> = {
  name: 'open-resetlogs',
  title: 'Open with RESETLOGS',
  async run(run, step) {
    const options = { signal: step.signal }
    const manifest = manifestOf(run)
    const { sql } = run.oracle
    const identity = await readIdentity(sql, { ...options, release: manifest.database.release })
    if (identity.openMode === 'MOUNTED') {
      const reset = identity.resetlogsId.toString() !== manifest.database.resetlogsId
      // From now on files are made where the database makes them: temp files that are gone come back at open.
      await sql.execute([alterSystemSet('db_create_file_dest', manifest.parameters['db_create_file_dest'] ?? '', { scope: 'memory' }), reset ? 'alter database open' : 'alter database open resetlogs'], options)
    }
    if (manifest.database.cdb) await sql.execute(['alter pluggable database all open'], options)
    const after = await readIdentity(sql, { ...options, release: manifest.database.release })
    if (after.openMode !== 'READ WRITE') throw finding('OPEN_FAILED', `the database is ${after.openMode} after OPEN RESETLOGS`)
    run.openedAt = run.deps.clock.now()
    step.summary(`incarnation ${after.resetlogsId.toString()}`)
  },
}
