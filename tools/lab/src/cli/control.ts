import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { openHost, socketPath } from '../host/host.ts'
import { type LabDatabase, readLabFile } from '../host/lab-file.ts'
import { OraError } from '../engine/ora-error.ts'
import { type InstanceConnection, connectInstance } from '../server/client.ts'
import { canConnect } from '../server/socket.ts'
import { spawnInstance } from '../server/spawn.ts'

/** The databases meant: one by name, or all. */
async function chosen(labDir: string, name: string | undefined): Promise<readonly LabDatabase[]> {
  const { databases } = await readLabFile(labDir)
  if (name === undefined) return databases
  const found = databases.find((d) => d.name === name)
  if (found === undefined) throw new Error(`the lab has no database ${name} (it has ${databases.map((d) => d.name).join(', ')})`)
  return [found]
}

async function connect(labDir: string, host: string, sid: string): Promise<InstanceConnection> {
  const connection = await connectInstance(socketPath(openHost(labDir, host), sid))
  await connection.call({ kind: 'logon', program: 'sqlplus', as: 'sysdba', username: 'SYS' })
  return connection
}

/** Runs a body with a session on an instance of the lab. */
export async function withInstance<T>(dir: string, host: string, sid: string, body: (connection: InstanceConnection) => Promise<T>): Promise<T> {
  const connection = await connect(path.resolve(dir), host, sid)
  try {
    return await body(connection)
  } finally {
    connection.close()
  }
}

/** Session on the database's own instance. */
export async function withDatabase<T>(dir: string, name: string | undefined, body: (connection: InstanceConnection, database: LabDatabase) => Promise<T>): Promise<T> {
  const labDir = path.resolve(dir)
  const [database] = await chosen(labDir, name)
  if (database === undefined) throw new Error('the lab has no database')
  return withInstance(labDir, database.host, database.sid, (connection) => body(connection, database))
}

/** STARTUP of the chosen databases; running ones are left alone. */
export async function startDatabases(dir: string, name: string | undefined): Promise<{ readonly name: string; readonly pid: number | null }[]> {
  const labDir = path.resolve(dir)
  const started = []
  for (const database of await chosen(labDir, name)) {
    const host = openHost(labDir, database.host)
    if (await canConnect(socketPath(host, database.sid))) {
      started.push({ name: database.name, pid: null })
      continue
    }
    const { pid } = await spawnInstance(host, database.sid)
    await withInstance(labDir, database.host, database.sid, async (connection) => {
      await connection.call({ kind: 'mount' })
      await connection.call({ kind: 'open', mode: 'READ WRITE', resetlogs: false })
    })
    started.push({ name: database.name, pid })
  }
  return started
}

/** SHUTDOWN; an instance that does not run is fine. */
export async function stopInstance(labDir: string, host: string, sid: string, mode: 'immediate' | 'abort'): Promise<boolean> {
  try {
    await withInstance(labDir, host, sid, (connection) => connection.call({ kind: 'shutdown', mode }))
  } catch (error) {
    if (error instanceof OraError && /ORA-01034|ORA-03113/.test(error.message)) return error.message.includes('ORA-03113')
    throw error
  }
  return true
}

export async function stopDatabases(dir: string, name: string | undefined, mode: 'immediate' | 'abort'): Promise<string[]> {
  const labDir = path.resolve(dir)
  const stopped = []
  for (const database of await chosen(labDir, name)) if (await stopInstance(labDir, database.host, database.sid, mode)) stopped.push(database.name)
  return stopped
}

/** What runs on all hosts. */
export async function labStatus(dir: string): Promise<unknown> {
  const labDir = path.resolve(dir)
  const lab = await readLabFile(labDir)
  const instances = []
  for (const name of lab.hosts) {
    const host = openHost(labDir, name)
    for (const file of await readdir(host.run).catch(() => [])) {
      if (!file.endsWith('.sock') || !(await canConnect(path.join(host.run, file)))) continue
      const status = await withInstance(labDir, name, file.slice(0, -'.sock'.length), (connection) => connection.call({ kind: 'lab', action: 'status', args: {} }))
      instances.push({ host: name, ...(status as object) })
    }
  }
  return { lab: labDir, simulator: lab.simulator, release: lab.release, timeZone: lab.timeZone, databases: lab.databases, instances }
}

/** Ends every instance of every host and removes the directory. */
export async function destroyLab(dir: string): Promise<void> {
  const labDir = path.resolve(dir)
  const lab = await readLabFile(labDir)
  for (const name of lab.hosts) {
    const host = openHost(labDir, name)
    for (const file of await readdir(host.run).catch(() => [])) if (file.endsWith('.sock')) await stopInstance(labDir, name, file.slice(0, -'.sock'.length), 'abort')
  }
  // lab.json goes first: an instance that is still there ends itself when it misses it.
  await rm(path.join(labDir, 'lab.json'), { force: true })
  await rm(labDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}
