import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { hostIdOf } from './run-id.ts'

export interface HostFacts {
  readonly hostname: string
  /** `/etc/machine-id`, else D-Bus's, else the host name. Container images that share a machine id share this too. */
  readonly machineId: string
  /** The kernel's boot id; `undefined` where it cannot be read. */
  readonly bootId: string | undefined
  /** Eight hex digits; the first part of every run id. */
  readonly hostId: string
}

function firstLine(path: string): string | undefined {
  try {
    const line = readFileSync(path, 'utf8').split('\n', 1)[0]?.trim()
    return line === '' ? undefined : line
  } catch {
    return undefined
  }
}

/** What identifies this host and its present boot. */
export function hostFacts(): HostFacts {
  const name = hostname()
  const machineId = firstLine('/etc/machine-id') ?? firstLine('/var/lib/dbus/machine-id') ?? name
  return { hostname: name, machineId, bootId: firstLine('/proc/sys/kernel/random/boot_id'), hostId: hostIdOf(machineId) }
}

/** Kernel start time of a process in clock ticks since boot; `undefined` when it does not run. Tells a process from a later one with its pid. */
export function processStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    // Field 2 is the program name in parentheses and may contain anything; field 22 is the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Name of this process's pid namespace; process ids of another one mean nothing here. */
export function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined
  }
}

/** What tells one process from every other, also from a later one with its number and from one on another host. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** The kernel's boot id. */
  readonly bootId?: string | undefined
  /** When it started, clock ticks since boot. */
  readonly startTicks?: string | undefined
  readonly pidNamespace?: string | undefined
}

/** Parts that the system does not tell are absent. */
export function ownProcess(): ProcessIdentity {
  const { hostname: host, bootId } = hostFacts()
  return { host, pid: process.pid, bootId, startTicks: processStartTicks(process.pid), pidNamespace: pidNamespace() }
}
