import path from 'node:path'
import type { LabHost } from '../engine/instance-api.ts'
import { realInDiskGroup } from '../storage/disk-groups.ts'
import { clockOffset } from './clock.ts'
import { type LabFile, readLabFileSync } from './lab-file.ts'

/** A lab host with its directories. */
export interface Host extends LabHost {
  readonly lab: LabFile
  /** ORACLE_HOME. */
  readonly home: string
  /** Sockets of the running instances. */
  readonly run: string
}

/**
 * Opens a host of a lab. Paths whose first component is `/u01` … `/u09` belong to the host's private root; every other
 * path is the same file on every host, as backup storage mounted everywhere would be. Names of disk groups lead to the lab's ASM
 * where the host reaches it.
 */
export function openHost(labDir: string, name: string): Host {
  const root = path.resolve(labDir)
  const lab = readLabFileSync(root)
  if (!lab.hosts.includes(name)) throw new Error(`lab ${root} has no host ${name} (it has ${lab.hosts.join(', ')})`)
  const jumped = clockOffset(root)
  const dir = path.join(root, 'hosts', name)
  const disks = path.join(root, 'hosts', lab.sharedRoots?.[name] ?? name, 'root')
  return {
    name,
    labDir: root,
    lab,
    home: path.join(dir, 'home'),
    run: path.join(dir, 'run'),
    timeZone: lab.timeZone,
    real: (file) => (file.startsWith('+') ? realInDiskGroup(root, name, file) : /^\/u0[1-9](\/|$)/.test(file) ? path.join(disks, file) : file),
    now: () => Date.now() + lab.clockOffsetMs + jumped(),
  }
}

/** The host whose directory is `<lab>/hosts/<name>`: what the programs of a home are started with. */
export function openHostDir(hostDir: string): Host {
  const dir = path.resolve(hostDir)
  return openHost(path.dirname(path.dirname(dir)), path.basename(dir))
}

/** Socket of an instance on this host. */
export function socketPath(host: LabHost, sid: string): string {
  return path.join(host.labDir, 'hosts', host.name, 'run', `${sid}.sock`)
}
