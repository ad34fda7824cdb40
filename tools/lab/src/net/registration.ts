import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Host } from '../host/host.ts'

/** What an instance tells its host's listener. */
export interface Registration {
  readonly sid: string
  readonly pid: number
  /** Lower case. */
  readonly services: readonly string[]
  /** Where the instance itself listens; the listener sends clients there. */
  readonly port: number
  /** The same with TLS. */
  readonly securePort?: number
}

/** The lab is for one machine: nobody else can connect. */
export const loopback = '127.0.0.1'

const suffix = '.net'
const fileOf = (host: Host, sid: string): string => path.join(host.run, `${sid}${suffix}`)

export function register(host: Host, registration: Registration): void {
  writeFileSync(fileOf(host, registration.sid), JSON.stringify(registration))
}

export function deregister(host: Host, sid: string): void {
  rmSync(fileOf(host, sid), { force: true })
}

/** All registrations on a host; one of an instance that died is among them. */
export function registrations(host: Host): Registration[] {
  let names: string[]
  try {
    names = readdirSync(host.run)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    if (!name.endsWith(suffix)) return []
    try {
      return [JSON.parse(readFileSync(path.join(host.run, name), 'utf8')) as Registration]
    } catch {
      return []
    }
  })
}
