import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openHost, socketPath } from '../host/host.ts'
import { type LabDatabase, instancesOf, readLabFile } from '../host/lab-file.ts'
import { OraError } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import { type InstanceConnection, connectInstance } from '../server/client.ts'
import { startListeners, stopListeners } from '../net/listener-control.ts'
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

/** Session on the database's own instance, or on a chosen one of a cluster. */
export async function withDatabase<T>(dir: string, name: string | undefined, body: (connection: InstanceConnection, database: LabDatabase) => Promise<T>, sid?: string): Promise<T> {
  const labDir = path.resolve(dir)
  const [database] = await chosen(labDir, name)
  if (database === undefined) throw new Error('the lab has no database')
  const place = instancesOf(database).find((i) => sid === undefined || i.sid === sid)
  if (place === undefined) throw new Error(`${database.name} has no instance ${sid ?? ''}`)
  return withInstance(labDir, place.host, place.sid, (connection) => body(connection, database))
}

/** STARTUP of the chosen databases, or of one instance of a cluster; running ones are left alone. */
export async function startDatabases(dir: string, name: string | undefined, only?: string): Promise<{ readonly name: string; readonly pid: number | null }[]> {
  const labDir = path.resolve(dir)
  await startListeners(labDir)
  const started = []
  for (const database of await chosen(labDir, name)) {
    for (const { sid, host: on } of instancesOf(database)) {
      if (only !== undefined && sid !== only) continue
      const host = openHost(labDir, on)
      if (await canConnect(socketPath(host, sid))) {
        started.push({ name: database.name, pid: null })
        continue
      }
      const { pid } = await spawnInstance(host, sid)
      await withInstance(labDir, on, sid, async (connection) => {
        await connection.call({ kind: 'mount' })
        // The role is the control file's: it may have changed since the lab was made.
        const [[role] = []] = (await connection.call({ kind: 'sql', text: 'select database_role from v$database' }) as SqlResult).rows ?? []
        if (role === 'PHYSICAL STANDBY') await connection.call({ kind: 'sql', text: 'alter database recover managed standby database disconnect from session' })
        else await connection.call({ kind: 'open', mode: 'READ WRITE', resetlogs: false })
      })
      started.push({ name: database.name, pid })
    }
  }
  return started
}

/** SHUTDOWN, until the process is gone; an instance that does not run is fine. */
export async function stopInstance(labDir: string, host: string, sid: string, mode: 'immediate' | 'abort'): Promise<boolean> {
  let pid: number | undefined
  try {
    await withInstance(labDir, host, sid, async (connection) => {
      pid = ((await connection.call({ kind: 'lab', action: 'status', args: {} })) as { readonly pid: number }).pid
      await connection.call({ kind: 'shutdown', mode })
    })
  } catch (error) {
    if (!(error instanceof OraError) || !/ORA-01034|ORA-03113/.test(error.message)) throw error
    if (!error.message.includes('ORA-03113')) return false
  }
  if (pid !== undefined) await ended(pid, sid, socketPath(openHost(labDir, host), sid))
  return true
}

/**
 * As in life, nobody sees background processes after SHUTDOWN: waits until the process has neither memory nor threads. Of a cluster the engine
 * answers, which goes on for the other instances: there the instance has ended when its socket is gone.
 */
async function ended(pid: number, sid: string, socket: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const title = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '')
    if (title === '' || (title.startsWith('lab_cluster_') && !existsSync(socket))) return
    await sleep(20)
  }
  throw new Error(`the instance's process ${String(pid)} of ${sid} has been asked to end and still runs after 10 s`)
}

export async function stopDatabases(dir: string, name: string | undefined, mode: 'immediate' | 'abort', only?: string): Promise<string[]> {
  const labDir = path.resolve(dir)
  const stopped = []
  for (const database of await chosen(labDir, name)) {
    const results = []
    for (const { sid, host } of instancesOf(database)) if (only === undefined || sid === only) results.push(await stopInstance(labDir, host, sid, mode))
    if (results.some(Boolean)) stopped.push(database.name)
  }
  if (name === undefined && only === undefined) await stopListeners(labDir)
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
  await stopListeners(labDir)
  // lab.json goes first: an instance that is still there ends itself when it misses it.
  await rm(path.join(labDir, 'lab.json'), { force: true })
  await rm(labDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}
