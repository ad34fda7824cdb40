import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createDatabase } from '../engine/create-database.ts'
import { openHost } from '../host/host.ts'
import { type LabDatabase, type LabFile, SIMULATOR, readLabFile, writeLabFile } from '../host/lab-file.ts'
import { NODE_OPTIONS, labProgram } from '../server/spawn.ts'

export interface InitOptions {
  readonly database: string
  readonly release: string
  readonly edition: 'EE' | 'SE'
  readonly timeZone: string
  readonly archiveDelayMs: number
  readonly fsync: boolean
  readonly smonIntervalMs: number
  readonly sizes: DatabaseSizes
}

export interface DatabaseSizes {
  readonly system: number
  readonly sysaux: number
  readonly undo: number
  readonly users: number
  readonly redo: number
}

export interface CreatedDatabase {
  readonly name: string
  readonly dbid: number
  readonly sid: string
  readonly host: string
}

const PROGRAMS = ['bin/sqlplus', 'bin/rman', 'bin/adrci', 'bin/srvctl', 'OPatch/opatch']

/** Makes a lab with the hosts prod and sandbox and one database, shut down. @throws Error when the directory holds a lab already */
export async function initLab(dir: string, options: InitOptions): Promise<CreatedDatabase> {
  const labDir = path.resolve(dir)
  await mkdir(labDir, { recursive: true })
  if (await readLabFile(labDir).then(() => true, () => false)) throw new Error(`${labDir} is a lab already`)
  const lab: LabFile = {
    simulator: SIMULATOR, version: 1, hosts: ['prod', 'sandbox'], databases: [], timeZone: options.timeZone, release: options.release, edition: options.edition,
    archiveDelayMs: options.archiveDelayMs, fsync: options.fsync, clockOffsetMs: 0, smonIntervalMs: options.smonIntervalMs,
  }
  for (const host of lab.hosts) await makeHost(labDir, host)
  await mkdir(path.join(labDir, 'nfs', 'backup'), { recursive: true })
  await mkdir(path.join(labDir, 'tns', 'wallet'), { recursive: true })
  await writeFile(path.join(labDir, 'tns', 'tnsnames.ora'), `# ${SIMULATOR}\n`)
  await writeFile(path.join(labDir, 'tns', 'sqlnet.ora'), `WALLET_LOCATION =\n  (SOURCE =\n    (METHOD = FILE)\n    (METHOD_DATA =\n      (DIRECTORY = ${path.join(labDir, 'tns', 'wallet')})\n    )\n  )\n\nSQLNET.WALLET_OVERRIDE = TRUE\n`)
  await writeFile(path.join(labDir, 'tns', 'wallet', 'lab-wallet.json'), '{}\n', { mode: 0o600 })
  await writeLabFile(labDir, lab)
  return addDatabase(labDir, options.database, options.sizes)
}

async function makeHost(labDir: string, host: string): Promise<void> {
  const dir = path.join(labDir, 'hosts', host)
  for (const part of ['root', 'home/bin', 'home/dbs', 'home/OPatch', 'home/rdbms/audit', 'run']) await mkdir(path.join(dir, part), { recursive: true })
  for (const program of PROGRAMS) {
    const file = path.join(dir, 'home', program)
    await writeFile(file, `#!/bin/sh\nexec ${[process.execPath, ...NODE_OPTIONS, labProgram(), '__program', path.basename(program), dir].map(quoted).join(' ')} "$@"\n`)
    await chmod(file, 0o755)
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** Creates one more database on the host prod, with its alias and wallet entry. */
export async function addDatabase(dir: string, name: string, sizes: DatabaseSizes): Promise<CreatedDatabase> {
  const labDir = path.resolve(dir)
  const lab = await readLabFile(labDir)
  if (!/^[a-z][a-z0-9]{0,7}$/.test(name)) throw new Error(`${name}: a database name has up to eight lower-case letters and digits and begins with a letter`)
  if (lab.databases.some((d) => d.name === name)) throw new Error(`the lab has a database ${name} already`)
  const host = openHost(labDir, 'prod')
  const dbid = await createDatabase({ host, dbName: name.toUpperCase(), uniqueName: name, sid: name, sizes, redoGroups: 3, parameters: {} })
  const entry: LabDatabase = { name, dbName: name.toUpperCase(), sid: name, host: 'prod', services: [name] }
  await writeLabFile(labDir, { ...lab, databases: [...lab.databases, entry] })
  const tns = path.join(labDir, 'tns')
  const names = await readFile(path.join(tns, 'tnsnames.ora'), 'utf8')
  await writeFile(path.join(tns, 'tnsnames.ora'), `${names}\n${name.toUpperCase()} =\n  (DESCRIPTION =\n    (ADDRESS = (PROTOCOL = TCP)(HOST = prod)(PORT = 1521))\n    (CONNECT_DATA = (SERVICE_NAME = ${name}))\n  )\n`)
  const wallet = JSON.parse(await readFile(path.join(tns, 'wallet', 'lab-wallet.json'), 'utf8')) as Record<string, string>
  await writeFile(path.join(tns, 'wallet', 'lab-wallet.json'), `${JSON.stringify({ ...wallet, [name]: 'sys' }, undefined, 2)}\n`, { mode: 0o600 })
  return { name, dbid, sid: name, host: 'prod' }
}
