import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { VolumeEngine } from '../volume-engine/volume-engine.ts'

/** A refusal, with the text that the server answers. */
export class SoftnasError extends Error {
  constructor(text: string) {
    super(text)
    this.name = 'SoftnasError'
  }
}

export interface SoftnasSnapshot {
  readonly name: string
  readonly volume: string
  readonly seconds: number
}

/** What differs between releases, or is not published. */
export interface SoftnasSettings {
  /** How a call without a session is refused. */
  refusal: 'message' | 'redirect' | 'page'
  /** `creation` as seconds, or as a date for people beside `datesort`. */
  times: 'seconds' | 'text'
  /** Whether `start` and `limit` of a listing count. */
  pages: boolean
  /** Answers as softnas-cmd prints them. */
  wrapped: boolean
  /** Whether the answer to a creation names the snapshot. */
  namesTold: boolean
}

/** What a simulated SoftNAS server holds: one pool of ZFS volumes. It names snapshots by itself. */
export class SoftnasArray {
  readonly engine: VolumeEngine
  readonly pool: string
  readonly volumes: Set<string> = new Set()
  readonly snapshots: SoftnasSnapshot[] = []
  readonly settings: SoftnasSettings = { refusal: 'message', times: 'seconds', pages: true, wrapped: false, namesTold: true }
  readonly #users: ReadonlyMap<string, string>
  readonly #sessions = new Set<string>()
  readonly #now: () => number
  readonly #clones = new Map<string, { readonly volume: string; readonly snapshot: string }>()

  constructor(options: { readonly engine: VolumeEngine; readonly users: ReadonlyMap<string, string>; readonly pool: string; readonly now?: () => number }) {
    this.engine = options.engine
    this.pool = options.pool
    this.#users = options.users
    this.#now = options.now ?? (() => Math.floor(Date.now() / 1000))
  }

  /** A session's cookie, or `undefined`: refused. */
  logIn(name: string, password: string): string | undefined {
    const [given, right] = [Buffer.from(password), Buffer.from(this.#users.get(name) ?? '')]
    if (!this.#users.has(name) || given.length !== right.length || !timingSafeEqual(given, right)) return undefined
    const session = randomBytes(13).toString('hex')
    this.#sessions.add(session)
    return session
  }

  hasSession(cookie: string | undefined): boolean {
    const [, session] = /(?:^|;\s*)PHPSESSID=([^;]+)/.exec(cookie ?? '') ?? []
    return session !== undefined && this.#sessions.has(session)
  }

  endSession(cookie: string | undefined): void {
    const [, session] = /(?:^|;\s*)PHPSESSID=([^;]+)/.exec(cookie ?? '') ?? []
    if (session !== undefined) this.#sessions.delete(session)
  }

  endAllSessions(): void {
    this.#sessions.clear()
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  createVolume(name: string): void {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) throw new SoftnasError(`cannot create '${this.pool}/${name}': invalid character in name`)
    if (this.volumes.has(name)) throw new SoftnasError(`cannot create '${this.pool}/${name}': dataset already exists`)
    this.engine.create(name)
    this.volumes.add(name)
  }

  removeVolume(name: string): void {
    this.volumes.delete(name)
    this.snapshots.splice(0, this.snapshots.length, ...this.snapshots.filter(({ volume }) => volume !== name))
    this.engine.removeVolume(name)
  }

  /** Without a name: as the API makes one. */
  createSnapshot(volume: string, name: string = `manual-${stampOf(this.#now())}`): SoftnasSnapshot {
    this.needVolume(volume)
    if (this.snapshots.some((each) => each.volume === volume && each.name === name)) throw new SoftnasError(`cannot create snapshot '${this.pool}/${volume}@${name}': dataset already exists`)
    const made: SoftnasSnapshot = { name, volume, seconds: this.#now() }
    this.engine.snapshot(volume, name)
    this.snapshots.push(made)
    return made
  }

  removeSnapshot(volume: string, name: string): void {
    this.needVolume(volume)
    const index = this.snapshots.findIndex((each) => each.volume === volume && each.name === name)
    if (index < 0) throw new SoftnasError(`could not find any snapshots to destroy; check snapshot names: '${this.pool}/${volume}@${name}'`)
    if ([...this.#clones.values()].some((clone) => clone.volume === volume && clone.snapshot === name)) throw new SoftnasError(`cannot destroy '${this.pool}/${volume}@${name}': snapshot has dependent clones`)
    this.engine.removeSnapshot(volume, name)
    this.snapshots.splice(index, 1)
  }

  /** As an administrator clones a snapshot in StorageCenter. */
  cloneByHand(volume: string, snapshot: string): string {
    const name = `${volume}_clone_${stampOf(this.#now())}`
    this.engine.clone(volume, snapshot, name)
    this.volumes.add(name)
    this.#clones.set(name, { volume, snapshot })
    return name
  }

  needVolume(name: string): void {
    if (!this.volumes.has(name)) throw new SoftnasError(`cannot open '${this.pool}/${name}': dataset does not exist`)
  }
}

function stampOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
}
