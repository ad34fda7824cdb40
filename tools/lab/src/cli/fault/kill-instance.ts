import path from 'node:path'
import { instancesOf, readLabFile } from '../../host/lab-file.ts'
import { openHost, socketPath } from '../../host/host.ts'
import { canConnect } from '../../server/socket.ts'
import { withInstance } from '../control.ts'

/** Ends the process of an instance as `kill -9` does: nothing is written, its lock file and socket stay. @throws Error when it does not run */
export async function killInstance(dir: string, name: string, sid?: string): Promise<{ readonly sid: string; readonly pid: number }> {
  const labDir = path.resolve(dir)
  const { databases } = await readLabFile(labDir)
  const database = databases.find((one) => one.name === name)
  if (database === undefined) throw new Error(`the lab has no database ${name} (it has ${databases.map((one) => one.name).join(', ')})`)
  const place = instancesOf(database).find((one) => sid === undefined || one.sid === sid)
  if (place === undefined) throw new Error(`${name} has no instance ${sid ?? ''}`)
  if (!(await canConnect(socketPath(openHost(labDir, place.host), place.sid)))) throw new Error(`instance ${place.sid} does not run`)
  const status = (await withInstance(labDir, place.host, place.sid, (connection) => connection.call({ kind: 'lab', action: 'status', args: {} }))) as { readonly pid: number }
  process.kill(status.pid, 'SIGKILL')
  return { sid: place.sid, pid: status.pid }
}
