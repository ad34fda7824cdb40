import { copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ControlFileData } from '../engine/records.ts'
import { readParameterFile, writeSpfile } from '../engine/parameter-file.ts'
import { openHost } from '../host/host.ts'
import { instancesOf, readLabFile, writeLabFile } from '../host/lab-file.ts'
import { writePasswordFile } from '../net/password-file.ts'
import { readControlFile, writeControlFile } from '../storage/control-file.ts'
import { makeHost, registerDatabase, sysPasswordFile } from './init.ts'

const HOST = 'standby'

/** A physical standby that was made. */
export interface CreatedStandby {
  /** db_unique_name and alias. */
  readonly name: string
  readonly sid: string
  readonly host: string
}

/**
 * Makes a physical standby of a database that is shut down, on a host of its own, and lets the primary send its redo there.
 * @throws Error when there is no such database, it was not shut down cleanly, or it has a standby already
 */
export async function addStandby(dir: string, database: string, options: { readonly applyLagMs?: number } = {}): Promise<CreatedStandby> {
  const labDir = path.resolve(dir)
  const lab = await readLabFile(labDir)
  const primary = lab.databases.find((d) => d.name === database)
  if (primary === undefined || primary.role === 'standby') throw new Error(`the lab has no primary database ${database}`)
  const name = `${primary.name}sb`
  if (lab.databases.some((d) => d.name === name)) throw new Error(`${database} has a standby already`)
  const from = openHost(labDir, primary.host)
  const [place] = instancesOf(primary)
  const dbs = path.join(from.home, 'dbs')
  const clustered = primary.instances !== undefined
  const sid = place?.sid ?? primary.sid
  const file = path.join(dbs, clustered ? `init${sid}.ora` : `spfile${sid}.ora`)
  const { settings, spfile } = await readParameterFile(file, sid, from)
  const controlFiles = (settings.get('control_files') ?? '').split(/,\s*/).filter((p) => p !== '')
  const data = await readControlFile(from.real(controlFiles[0] ?? ''))
  if (data === undefined || spfile === undefined) throw new Error(`${database} has no control file or no server parameter file`)
  if (!data.cleanShutdown) throw new Error(`${database} must be shut down first`)

  if (!lab.hosts.includes(HOST)) {
    await writeLabFile(labDir, { ...lab, hosts: [...lab.hosts, HOST] })
    await makeHost(labDir, HOST)
  }
  const host = openHost(labDir, HOST)
  const renamed = (file: string): string => file.replaceAll(`/${primary.name.toUpperCase()}/`, `/${name.toUpperCase()}/`).replaceAll(`/admin/${primary.name}/`, `/admin/${name}/`)
  const placeOf = async (file: string): Promise<string> => {
    const real = host.real(renamed(file))
    await mkdir(path.dirname(real), { recursive: true })
    return real
  }
  for (const file of [...data.datafiles, ...data.tempfiles]) await copyFile(from.real(file.name), await placeOf(file.name))
  // Online logs of a standby are there for its first day as a primary; they have no redo.
  for (const group of data.logGroups) for (const member of group.members) {
    const real = await placeOf(member)
    await writeFile(real, '')
    await truncate(real, group.sizeBytes)
  }
  const standby: ControlFileData = {
    ...data, type: 'STANDBY', forceLogging: true, openMode: null, bct: { status: 'DISABLED', filename: null, bytes: 0 }, archivedLogs: [], datafileCopies: [], backupSets: [], backupPieces: [], backupDatafiles: [], backupRedologs: [],
    datafiles: data.datafiles.map((d) => ({ ...d, name: renamed(d.name) })), tempfiles: data.tempfiles.map((t) => ({ ...t, name: renamed(t.name) })),
    logGroups: data.logGroups.map((g) => ({ ...g, members: g.members.map(renamed) })),
    // The threads are those of the primary, which is open as far as a standby knows.
    threads: data.threads.map((t) => ({ ...t, status: 'OPEN' as const })),
  }
  for (const file of controlFiles) await writeControlFile(await placeOf(file), standby, { create: true })
  for (const file of controlFiles) await writeControlFile(from.real(file), { ...data, forceLogging: true, sequence: data.sequence + 1 }, {})

  const config = `DG_CONFIG=(${primary.name},${name})`
  const own = new Map([...spfile.entries].filter(([key]) => !key.includes('.') && key !== 'cluster_database').map(([key, value]) => [key, key === 'control_files' || key === 'audit_file_dest' ? renamed(value) : value]))
  for (const [key, value] of Object.entries({
    db_unique_name: name, undo_tablespace: settings.get('undo_tablespace') ?? 'UNDOTBS1', log_archive_config: config, fal_server: primary.name, standby_file_management: 'AUTO', log_archive_dest_1: 'LOCATION=USE_DB_RECOVERY_FILE_DEST', log_archive_dest_2: `SERVICE=${primary.name} ASYNC VALID_FOR=(ONLINE_LOGFILES,PRIMARY_ROLE) DB_UNIQUE_NAME=${primary.name}`,
    ...(options.applyLagMs === undefined ? {} : { _lab_apply_lag_ms: String(options.applyLagMs) }),
  })) own.set(key, value)
  await mkdir(host.real(own.get('audit_file_dest') ?? '/u01/app/oracle/admin'), { recursive: true })
  await writeSpfile(path.join(host.home, 'dbs', `spfile${name}.ora`), own)
  await writePasswordFile(host.home, name, (await readFile(sysPasswordFile(labDir), 'utf8')).trim())

  for (const [key, value] of Object.entries({
    log_archive_config: config, fal_server: name, standby_file_management: 'AUTO', log_archive_dest_1: 'LOCATION=USE_DB_RECOVERY_FILE_DEST MANDATORY', log_archive_dest_2: `SERVICE=${name} ASYNC VALID_FOR=(ONLINE_LOGFILES,PRIMARY_ROLE) DB_UNIQUE_NAME=${name}`,
  })) spfile.entries.set(key, value)
  await writeSpfile(from.real(spfile.path), spfile.entries)
  await registerDatabase(labDir, { name, dbName: primary.dbName, sid: name, host: HOST, services: [name], role: 'standby' })
  return { name, sid: name, host: HOST }
}
