import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { VolumeEngine } from '../volume-engine/volume-engine.ts'

/** An error of the API: its number and text. */
export class DoradoError extends Error {
  readonly code: number
  constructor(code: number, description: string) {
    super(description)
    this.name = 'DoradoError'
    this.code = code
  }
}

export const doradoErrors = {
  unauthorized: (): DoradoError => new DoradoError(-401, 'This operation fails to be performed because of the unauthorized REST.'),
  wrongLogin: (): DoradoError => new DoradoError(1077949061, 'The User name or password is incorrect.'),
  exists: (what: string): DoradoError => new DoradoError(1077948993, `The name or path already exists: ${what}`),
  noFileSystem: (id: string): DoradoError => new DoradoError(1073752065, `The file system does not exist: ${id}`),
  noSnapshot: (id: string): DoradoError => new DoradoError(1073754118, `The snapshot does not exist: ${id}`),
  noParent: (id: string): DoradoError => new DoradoError(1073754136, `The parent file system of the snapshot does not exist: ${id}`),
  noShare: (id: string): DoradoError => new DoradoError(1077939717, `The share does not exist: ${id}`),
  hasClones: (): DoradoError => new DoradoError(1073844244, 'The object has clone file systems.'),
  shared: (): DoradoError => new DoradoError(1077948995, 'The file system is shared.'),
  parameter: (what: string): DoradoError => new DoradoError(50331651, `The entered parameter is incorrect: ${what}`),
  busy: (): DoradoError => new DoradoError(1077949006, 'The system is busy.'),
}

export interface DoradoFileSystem {
  readonly id: string
  readonly name: string
  readonly vstore: string
  readonly sectors: bigint
  description: string
  readonly parent: { readonly fileSystem: string; readonly snapshot: string } | undefined
}

export interface DoradoSnapshot {
  readonly id: string
  readonly name: string
  readonly fileSystem: string
  readonly seconds: number
  readonly description: string
}

export interface DoradoShare {
  readonly id: string
  readonly fileSystem: string
  readonly path: string
  readonly vstore: string
}

export interface DoradoShareClient {
  readonly id: string
  readonly share: string
  readonly name: string
  readonly access: string
}

/** What a simulated array holds. */
export class DoradoArray {
  readonly engine: VolumeEngine
  readonly vstores: readonly { readonly id: string; readonly name: string }[]
  readonly pool: { readonly id: string; readonly name: string } = { id: '0', name: 'StoragePool001' }
  readonly fileSystems: Map<string, DoradoFileSystem> = new Map()
  readonly snapshots: Map<string, DoradoSnapshot> = new Map()
  readonly shares: Map<string, DoradoShare> = new Map()
  readonly clients: Map<string, DoradoShareClient> = new Map()
  readonly deviceId: string = '2102353GTH10L8000001'
  readonly #users: ReadonlyMap<string, string>
  readonly #sessions = new Map<string, string>()
  readonly #now: () => number
  #numbers = 0

  constructor(options: { readonly engine: VolumeEngine; readonly users: ReadonlyMap<string, string>; readonly vstore: string; readonly now?: () => number }) {
    this.engine = options.engine
    this.#users = options.users
    this.vstores = [{ id: '0', name: 'System_vStore' }, { id: '1', name: options.vstore }]
    this.#now = options.now ?? (() => Math.floor(Date.now() / 1000))
  }

  nextId(): string {
    return String(++this.#numbers)
  }

  logIn(name: string, password: string): { readonly token: string; readonly cookie: string } {
    const [given, right] = [Buffer.from(password), Buffer.from(this.#users.get(name) ?? '')]
    if (!this.#users.has(name) || given.length !== right.length || !timingSafeEqual(given, right)) throw doradoErrors.wrongLogin()
    const [token, cookie] = [randomBytes(24).toString('hex').toUpperCase(), randomBytes(24).toString('hex')]
    this.#sessions.set(token, cookie)
    return { token, cookie }
  }

  /** A session is a token in a header and a cookie that belongs to it. */
  checkSession(token: string | undefined, cookie: string | undefined): void {
    const known = token === undefined ? undefined : this.#sessions.get(token)
    if (known === undefined || cookie?.includes(`session=${known}`) !== true) throw doradoErrors.unauthorized()
  }

  endSession(token: string | undefined): void {
    if (token !== undefined) this.#sessions.delete(token)
  }

  endAllSessions(): void {
    this.#sessions.clear()
  }

  createFileSystem(wanted: { readonly name: string; readonly vstore: string; readonly sectors: bigint; readonly description: string }): DoradoFileSystem {
    return this.#addFileSystem(wanted, undefined, (id) => { this.engine.create(id) })
  }

  cloneFileSystem(parent: string, snapshot: string, wanted: { readonly name: string; readonly vstore: string; readonly description: string }): DoradoFileSystem {
    const origin = this.snapshots.get(snapshot)
    const source = this.fileSystems.get(parent)
    if (source === undefined) throw doradoErrors.noFileSystem(parent)
    if (origin?.fileSystem !== parent) throw doradoErrors.noSnapshot(snapshot)
    return this.#addFileSystem({ ...wanted, sectors: source.sectors }, { fileSystem: parent, snapshot }, (id) => { this.engine.clone(parent, snapshot, id) })
  }

  #addFileSystem(wanted: Omit<DoradoFileSystem, 'id' | 'parent'>, parent: DoradoFileSystem['parent'], make: (id: string) => void): DoradoFileSystem {
    if (!/^[\w.-]{1,255}$/.test(wanted.name)) throw doradoErrors.parameter('NAME')
    if ([...this.fileSystems.values()].some(({ name, vstore }) => name === wanted.name && vstore === wanted.vstore)) throw doradoErrors.exists(wanted.name)
    const made: DoradoFileSystem = { ...wanted, id: this.nextId(), parent }
    make(made.id)
    this.fileSystems.set(made.id, made)
    return made
  }

  removeFileSystem(id: string): void {
    if (!this.fileSystems.has(id)) throw doradoErrors.noFileSystem(id)
    if ([...this.shares.values()].some(({ fileSystem }) => fileSystem === id)) throw doradoErrors.shared()
    if ([...this.fileSystems.values()].some(({ parent }) => parent?.fileSystem === id)) throw doradoErrors.hasClones()
    for (const snapshot of [...this.snapshots.values()]) if (snapshot.fileSystem === id) this.snapshots.delete(snapshot.id)
    this.fileSystems.delete(id)
    this.engine.removeVolume(id)
  }

  createSnapshot(fileSystem: string, name: string, description: string): DoradoSnapshot {
    if (!this.fileSystems.has(fileSystem)) throw doradoErrors.noParent(fileSystem)
    if (!/^[\w.-]{1,255}$/.test(name)) throw doradoErrors.parameter('NAME')
    if ([...this.snapshots.values()].some((each) => each.fileSystem === fileSystem && each.name === name)) throw doradoErrors.exists(name)
    const made: DoradoSnapshot = { id: `${fileSystem}@${this.nextId()}`, name, fileSystem, seconds: this.#now(), description }
    this.engine.snapshot(fileSystem, made.id)
    this.snapshots.set(made.id, made)
    return made
  }

  removeSnapshot(id: string): void {
    const found = this.snapshots.get(id)
    if (found === undefined) throw doradoErrors.noSnapshot(id)
    if ([...this.fileSystems.values()].some(({ parent }) => parent?.snapshot === id)) throw doradoErrors.hasClones()
    this.engine.removeSnapshot(found.fileSystem, id)
    this.snapshots.delete(id)
  }
}
