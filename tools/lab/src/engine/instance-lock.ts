import { mkdirSync, readFileSync, writeFileSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { ora } from './ora-error.ts'

/** The files an instance leaves in its home: `hc_<SID>.dat` from its start, `lk<NAME>` from mount on. */
export class InstanceLock {
  readonly #dbs: string
  #held: string | undefined

  constructor(host: Host, sid: string) {
    this.#dbs = path.join(host.home, 'dbs')
    mkdirSync(this.#dbs, { recursive: true })
    writeFileSync(path.join(this.#dbs, `hc_${sid}.dat`), Buffer.alloc(1544))
  }

  /** @throws OraError 01102 when a living instance has a database of this unique name mounted */
  acquire(uniqueName: string): void {
    const file = path.join(this.#dbs, `lk${uniqueName.toUpperCase()}`)
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        writeFileSync(file, `${process.pid}\n`, { flag: 'wx' })
        this.#held = file
        return
      } catch {
        const owner = ownerOf(file)
        if (owner === process.pid) {
          this.#held = file
          return
        }
        if (owner !== undefined && isInstance(owner)) throw ora(1102, 'cannot mount database in EXCLUSIVE mode')
        unlinkQuietly(file)
      }
    }
    throw ora(1102, 'cannot mount database in EXCLUSIVE mode')
  }

  /** The file stays, as in Oracle, but names nobody. */
  release(): void {
    if (this.#held !== undefined && ownerOf(this.#held) === process.pid) writeFileSync(this.#held, '')
    this.#held = undefined
  }
}

function ownerOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').trim())
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

function isInstance(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('ora_pmon_')
  } catch {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  }
}

function unlinkQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // Somebody else removed it first.
  }
}
