import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { createDatabase } from '../engine/create-database.ts'
import { openHost } from '../host/host.ts'
import { type LabDatabase, type LabFile, type LabListener, SIMULATOR, instancesOf, readLabFile, writeLabFile } from '../host/lab-file.ts'
import { writePasswordFile } from '../net/password-file.ts'
import { readDiskGroups, writeDiskGroups } from '../storage/disk-groups.ts'
import { makeTlsFiles } from '../net/tls-files.ts'
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
  /** A CDB with these PDBs. */
  readonly pdbs?: readonly string[] | undefined
  /** A second port of the listener, with TLS. */
  readonly tls?: boolean
  /** Its files are in disk groups, `+DATA` and `+RECO`, that the hosts of its instances have mounted. */
  readonly asm?: boolean | undefined
  /** Instances of the database, each on a host of its own: more than one make a cluster. Default 1. */
  readonly instances?: number | undefined
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

const PROGRAMS = ['bin/sqlplus', 'bin/rman', 'bin/adrci', 'bin/srvctl', 'bin/lsnrctl', 'bin/sqlldr', 'OPatch/opatch']

/** Makes a lab with the hosts prod and sandbox and one database, shut down. @throws Error when the directory holds a lab already */
export async function initLab(dir: string, options: InitOptions): Promise<CreatedDatabase> {
  const labDir = path.resolve(dir)
  await mkdir(labDir, { recursive: true })
  if (await readLabFile(labDir).then(() => true, () => false)) throw new Error(`${labDir} is a lab already`)
  const nodes = Array.from({ length: options.instances ?? 1 }, (_, i) => (i === 0 ? 'prod' : `prod${i + 1}`))
  const lab: LabFile = {
    simulator: SIMULATOR, version: 1, hosts: [...nodes, 'sandbox'], sharedRoots: Object.fromEntries(nodes.slice(1).map((node) => [node, 'prod'])), databases: [], timeZone: options.timeZone, release: options.release, edition: options.edition,
    archiveDelayMs: options.archiveDelayMs, fsync: options.fsync, clockOffsetMs: 0, smonIntervalMs: options.smonIntervalMs,
    listeners: [{ host: 'prod', port: await freePort(), ...(options.tls === true ? { securePort: await freePort() } : {}) }],
  }
  for (const host of lab.hosts) await makeHost(labDir, host)
  await mkdir(path.join(labDir, 'nfs', 'backup'), { recursive: true })
  await mkdir(path.join(labDir, 'tns', 'wallet'), { recursive: true })
  await writeFile(path.join(labDir, 'tns', 'tnsnames.ora'), `# ${SIMULATOR}\n`)
  await writeFile(path.join(labDir, 'tns', 'sqlnet.ora'), `WALLET_LOCATION =\n  (SOURCE =\n    (METHOD = FILE)\n    (METHOD_DATA =\n      (DIRECTORY = ${path.join(labDir, 'tns', 'wallet')})\n    )\n  )\n\nSQLNET.WALLET_OVERRIDE = TRUE\n`)
  await writeFile(path.join(labDir, 'tns', 'wallet', 'lab-wallet.json'), '{}\n', { mode: 0o600 })
  // Where an auto-login wallet has its file, for who looks whether there is one.
  await writeFile(path.join(labDir, 'tns', 'wallet', 'cwallet.sso'), 'simulated wallet of a lab; its entries are in lab-wallet.json\n', { mode: 0o600 })
  // The password of SYS over the net: nobody else on this machine may know it.
  await writeFile(sysPasswordFile(labDir), `${randomBytes(12).toString('hex')}\n`, { mode: 0o600 })
  if (options.tls === true) await makeTlsFiles(labDir)
  await writeLabFile(labDir, lab)
  if (options.asm === true) writeDiskGroups(labDir, { hosts: nodes, groups: [{ name: 'DATA', type: 'NORMAL', totalMb: 20_480, mountedOn: nodes }, { name: 'RECO', type: 'EXTERN', totalMb: 10_240, mountedOn: nodes }] })
  return addDatabase(labDir, options.database, options.sizes, { pdbs: options.pdbs, nodes, asm: options.asm })
}

/** Where the password of SYS stands. */
export const sysPasswordFile = (labDir: string): string => path.join(labDir, 'tns', 'wallet', 'sys-password')

/** The directories and programs of a host. */
export async function makeHost(labDir: string, host: string): Promise<void> {
  const dir = path.join(labDir, 'hosts', host)
  for (const part of ['root', 'home/bin', 'home/dbs', 'home/OPatch', 'home/rdbms/audit', 'run']) await mkdir(path.join(dir, part), { recursive: true })
  for (const program of PROGRAMS) {
    const file = path.join(dir, 'home', program)
    await writeFile(file, `#!/bin/sh\nNODE_COMPILE_CACHE=${quoted(path.join(path.dirname(path.dirname(dir)), 'cache'))} exec ${[process.execPath, ...NODE_OPTIONS, labProgram(), '__program', path.basename(program), dir].map(quoted).join(' ')} "$@"\n`)
    await chmod(file, 0o755)
  }
}

/** A port that is free now. The listener looks for another one should it be taken when it starts. */
async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** The entry of tnsnames.ora with an address per host, and one with TLS where a listener has it. A host without a listener goes by its name. */
function aliases({ alias, service, instance, hosts, listeners }: { readonly alias: string; readonly service: string; readonly instance?: string; readonly hosts: readonly string[]; readonly listeners: readonly LabListener[] }): string[] {
  const entry = (name: string, addresses: readonly string[]): string => `\n${name} =\n  (DESCRIPTION =\n${addresses.map((address) => `    (ADDRESS = ${address})\n`).join('')}    (CONNECT_DATA = (SERVICE_NAME = ${service})${instance === undefined ? '' : `(INSTANCE_NAME = ${instance})`})\n  )\n`
  const found = hosts.map((host) => ({ host, listener: listeners.find((one) => one.host === host) }))
  const plain = found.map(({ host, listener }) => (listener === undefined ? `(PROTOCOL = TCP)(HOST = ${host})(PORT = 1521)` : `(PROTOCOL = TCP)(HOST = 127.0.0.1)(PORT = ${String(listener.port)})`))
  const secure = found.flatMap(({ listener }) => (listener?.securePort === undefined ? [] : [`(PROTOCOL = TCPS)(HOST = 127.0.0.1)(PORT = ${String(listener.securePort)})`]))
  return [entry(alias.toUpperCase(), plain), ...(secure.length === 0 ? [] : [entry(`${alias.toUpperCase()}_TLS`, secure)])]
}

/** Creates one more database on the host prod, with its alias and wallet entry. */
export async function addDatabase(dir: string, name: string, sizes: DatabaseSizes, more: { readonly pdbs?: readonly string[] | undefined; readonly nodes?: readonly string[]; /** In the lab's disk groups. */ readonly asm?: boolean | undefined; /** Whom the wallet's entry is of; default SYS. */ readonly user?: string } = {}): Promise<CreatedDatabase> {
  const labDir = path.resolve(dir)
  const lab = await readLabFile(labDir)
  if (!/^[a-z][a-z0-9]{0,7}$/.test(name)) throw new Error(`${name}: a database name has up to eight lower-case letters and digits and begins with a letter`)
  if (lab.databases.some((d) => d.name === name)) throw new Error(`the lab has a database ${name} already`)
  const host = openHost(labDir, 'prod')
  const nodes = more.nodes ?? ['prod']
  const sids = nodes.length === 1 ? [name] : nodes.map((_, i) => `${name}${i + 1}`)
  const [sid = name, ...others] = sids
  if (more.asm === true && readDiskGroups(labDir).groups.length === 0) throw new Error(`the lab ${labDir} has no disk groups; make one with: lab init --asm`)
  const { dbid, spfile } = await createDatabase({ host, dbName: name.toUpperCase(), uniqueName: name, sids: [sid, ...others], sizes, redoGroups: 3, parameters: {}, pdbs: more.pdbs, ...(more.asm === true ? { diskGroups: { data: 'DATA', recovery: 'RECO' } } : {}) })
  const instances = nodes.map((node, i) => ({ sid: sids[i] ?? name, host: node }))
  if (spfile !== undefined) for (const place of instances) await writeFile(path.join(openHost(labDir, place.host).home, 'dbs', `init${place.sid}.ora`), `SPFILE='${spfile}'\n`)
  for (const place of instances) await writePasswordFile(openHost(labDir, place.host).home, place.sid, (await readFile(sysPasswordFile(labDir), 'utf8')).trim())
  await registerDatabase(labDir, { name, dbName: name.toUpperCase(), sid, host: 'prod', services: [name], ...(nodes.length > 1 ? { instances } : {}) }, more.user)
  return { name, dbid, sid, host: 'prod' }
}

/** Enters a database into lab.json, tnsnames.ora and the wallet: an alias of its name, and one for each instance of a cluster. */
export async function registerDatabase(labDir: string, database: LabDatabase, user = 'sys'): Promise<void> {
  const lab = await readLabFile(labDir)
  await writeLabFile(labDir, { ...lab, databases: [...lab.databases, database] })
  const tns = path.join(labDir, 'tns')
  const service = database.services[0] ?? database.name
  const places = instancesOf(database)
  const names = await readFile(path.join(tns, 'tnsnames.ora'), 'utf8')
  const made = [
    ...aliases({ alias: database.name, service, hosts: places.map((place) => place.host), listeners: lab.listeners ?? [] }),
    ...(database.instances ?? []).flatMap(({ sid, host }) => aliases({ alias: sid, service, instance: sid, hosts: [host], listeners: lab.listeners ?? [] })),
  ]
  await writeFile(path.join(tns, 'tnsnames.ora'), names + made.join(''))
  const wallet = JSON.parse(await readFile(path.join(tns, 'wallet', 'lab-wallet.json'), 'utf8')) as Record<string, string>
  await writeFile(path.join(tns, 'wallet', 'lab-wallet.json'), `${JSON.stringify({ ...wallet, ...Object.fromEntries([database.name, ...(database.instances ?? []).map((place) => place.sid)].map((alias) => [alias, user])) }, undefined, 2)}\n`, { mode: 0o600 })
}
