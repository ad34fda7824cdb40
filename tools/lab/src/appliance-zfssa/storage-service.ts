import type { EngineScan, ShareFacts, ShareKey, SnapshotFacts, StorageEngine } from './engine.ts'
import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import { propertyMetadata, readProperties, shareProperties } from './share-properties.ts'
import type { PropertyValues } from './share-properties.ts'
import { requireRight } from './users.ts'
import { mountpointOf, poolView, projectView, shareHref, shareView, snapshotView } from './views.ts'
import type { NodeFacts, ViewStyle } from './views.ts'

export interface StorageServiceOptions {
  readonly engine: StorageEngine
  readonly pool: string
  /** Answers which node owns the pool now. */
  readonly owner: () => number
  readonly nodes: readonly NodeFacts[]
}

interface SchemaProperty {
  readonly property: string
  readonly description: string
  readonly type: string
}

/** What the service knows that the file system below does not: the appliance's own properties. */
interface ShareSettings {
  values: PropertyValues
}

/** The service `storage`: pools, projects, file systems, snapshots, clones, custom properties. */
export class StorageService {
  readonly #options: StorageServiceOptions
  readonly #settings = new Map<string, ShareSettings>()
  readonly #schema = new Map<string, SchemaProperty>()

  constructor(options: StorageServiceOptions) {
    this.#options = options
  }

  /** Where each share's files really lie, by the mount point that clients see. */
  async mounts(): Promise<Readonly<Record<string, string>>> {
    const { shares } = await this.#options.engine.scan()
    return Object.fromEntries(await Promise.all(shares.map(async (share) => [mountpointOf(share, this.#valuesOf(share)), await this.#options.engine.pathOf(share)] as const)))
  }

  async answer(request: RestRequest): Promise<RestAnswer> {
    const { engine, pool, owner, nodes } = this.#options
    const style: ViewStyle = { version: request.version, pool }
    const [top, name, ...rest] = request.path
    const get = request.method === 'GET'
    const owned = request.node === owner()
    if (top === 'schema') return this.#schemaAnswer(request, name, style)
    if (top === 'luns' && get) return ok({ luns: [] })
    if (top === 'pools') {
      const ownerNode = nodes[owner()]
      if (ownerNode === undefined) throw restErrors.internal('no owner')
      const view = async (): Promise<object> => poolView(await engine.scan(), style, ownerNode, nodes.length > 1 ? nodes[1 - owner()] : undefined, owned)
      if (name === undefined) return get ? list(request, 'pools', [await view()]) : notAllowed()
      if (name !== pool) throw restErrors.notFound(`pool "${name}"`)
      if (rest.length === 0) return get ? ok({ pool: await view() }) : notAllowed()
      // What a real node says of a pool that its peer serves is not documented; this one denies that anything is there.
      if (!owned) throw restErrors.notFound(`pool "${pool}" is not imported on this controller`)
      if (rest[0] !== 'projects') throw restErrors.notFound(rest.join('/'))
      return this.#projects(request, rest.slice(1), style)
    }
    if (!get || name !== undefined) throw restErrors.notFound(request.path.join('/'))
    const scan = owned ? await engine.scan() : { shares: [], snapshots: [], projects: [] }
    if (top === 'projects') return list(request, 'projects', scan.projects.map((project) => projectView(project, scan as EngineScan, style)))
    if (top === 'filesystems') return list(request, 'filesystems', scan.shares.map((share) => this.#view(share, style)))
    if (top === 'snapshots') return list(request, 'snapshots', scan.snapshots.map((snapshot) => snapshotView(snapshot, style)))
    throw restErrors.notFound(request.path.join('/'))
  }

  async #projects(request: RestRequest, [project, kind, ...rest]: readonly string[], style: ViewStyle): Promise<RestAnswer> {
    const { engine } = this.#options
    const { method, body, user } = request
    if (project === undefined) {
      if (method === 'GET') {
        const scan = await engine.scan()
        return list(request, 'projects', scan.projects.map((each) => projectView(each, scan, style)))
      }
      if (method !== 'POST') return notAllowed()
      requireRight(user, 'createProject')
      const name = nameIn(body, 'name')
      for (const key of Object.keys(body)) if (!['name', 'mountpoint'].includes(key) && shareProperties[key] === undefined && !key.startsWith('default_')) throw restErrors.unknown(key)
      await engine.createProject(name)
      return { status: 201, body: { project: await this.#projectView(name, style) } }
    }
    if (kind === undefined) {
      if (method === 'GET') return ok({ project: await this.#projectView(project, style) })
      if (method !== 'DELETE') return notAllowed()
      requireRight(user, 'destroy')
      const scan = await engine.scan()
      if (!scan.projects.some((each) => each.project === project)) throw restErrors.notFound(`project "${project}"`)
      if (scan.shares.some((share) => share.project === project) && !isConfirmed(request)) throw restErrors.confirm(`project "${project}" has shares`)
      await engine.destroyProject(project)
      return { status: 204 }
    }
    const scan = await engine.scan()
    if (!scan.projects.some((each) => each.project === project)) throw restErrors.notFound(`project "${project}"`)
    if (kind === 'luns' && method === 'GET' && rest.length === 0) return ok({ luns: [] })
    if (kind === 'snapshots') return this.#projectSnapshots(request, project, rest, scan, style)
    if (kind === 'filesystems') return this.#filesystems(request, project, rest, scan, style)
    throw restErrors.notFound(kind)
  }

  async #filesystems(request: RestRequest, project: string, [share, kind, ...rest]: readonly string[], scan: EngineScan, style: ViewStyle): Promise<RestAnswer> {
    const { engine } = this.#options
    const { method, body, user } = request
    if (share === undefined) {
      if (method === 'GET') {
        const withSnapshots = request.query.get('snaps') === 'true'
        const shares = scan.shares.filter((each) => each.project === project)
        return list(request, 'filesystems', shares.map((each) => ({ ...this.#view(each, style), ...(withSnapshots ? { snapshots: snapshotsOf(scan, each).map((snapshot) => snapshotView(snapshot, style)) } : {}) })))
      }
      if (method !== 'POST') return notAllowed()
      requireRight(user, 'createShare')
      const key = { project, share: nameIn(body, 'name') }
      const values = this.#readValues(request, ['name'])
      if (scan.shares.some((each) => same(each, key))) throw restErrors.exists(`filesystem "${key.share}"`)
      this.#refuseTakenMountpoint(scan, key, values)
      await engine.createShare(key)
      await this.#apply(key, values)
      return { status: 201, body: { filesystem: await this.#freshView(key, style) } }
    }
    const key = { project, share }
    const facts = scan.shares.find((each) => same(each, key))
    if (facts === undefined) throw restErrors.notFound(`filesystem "${share}"`)
    if (kind === 'snapshots') return this.#snapshots(request, key, rest, scan, style)
    if (kind !== undefined) throw restErrors.notFound(kind)
    if (method === 'GET') return ok({ filesystem: this.#view(facts, style), ...(request.query.get('props') === 'true' ? { props: propertyMetadata() } : {}) })
    if (method === 'PUT') {
      const values = this.#readValues(request, ['name', 'project'])
      const target = { project: optionalName(body, 'project') ?? project, share: optionalName(body, 'name') ?? share }
      this.#requireRightsFor(request, values, !same(key, target))
      if (!same(key, target)) {
        await engine.renameShare(key, target)
        const settings = this.#settings.get(settingsKey(key))
        if (settings !== undefined) this.#settings.set(settingsKey(target), settings)
        this.#settings.delete(settingsKey(key))
      }
      await this.#apply(target, values)
      return { status: 202, body: { filesystem: await this.#freshView(target, style) } }
    }
    if (method !== 'DELETE') return notAllowed()
    requireRight(user, 'destroy')
    if (this.#valuesOf(key)['nodestroy'] === true) throw restErrors.denied(`filesystem "${share}" has the property nodestroy`)
    const dependents = scan.shares.filter(({ origin }) => origin !== undefined && same(origin, key))
    if (dependents.length > 0 && !isConfirmed(request)) throw restErrors.confirm(`filesystem "${share}" has dependent clones`)
    for (const clone of dependents) await engine.destroyShare(clone)
    await engine.destroyShare(key)
    this.#settings.delete(settingsKey(key))
    return { status: 204 }
  }

  async #snapshots(request: RestRequest, key: ShareKey, [name, action, ...rest]: readonly string[], scan: EngineScan, style: ViewStyle): Promise<RestAnswer> {
    const { engine } = this.#options
    const { method, body, user } = request
    const view = async (snapshot: string): Promise<object> => {
      const found = snapshotsOf(await engine.scan(), key).find((each) => each.name === snapshot)
      if (found === undefined) throw restErrors.notFound(`snapshot "${snapshot}"`)
      return snapshotView(found, style)
    }
    if (name === undefined) {
      if (method === 'GET') return list(request, 'snapshots', snapshotsOf(scan, key).map((each) => snapshotView(each, style)))
      if (method !== 'POST') return notAllowed()
      requireRight(user, 'takeSnap')
      const made = nameIn(body, 'name')
      if (made.startsWith('.')) throw restErrors.invalid(`snapshot name "${made}" is reserved`)
      await engine.createSnapshot(key, made)
      return { status: 201, body: { snapshot: await view(made) } }
    }
    const facts = snapshotsOf(scan, key).find((each) => each.name === name)
    if (facts === undefined) throw restErrors.notFound(`snapshot "${name}"`)
    if (rest.length > 0) throw restErrors.notFound(rest.join('/'))
    const clones = scan.shares.filter(({ origin }) => origin !== undefined && same(origin, key) && origin.snapshot === name)
    if (action === undefined) {
      if (method === 'GET') return ok({ snapshot: snapshotView(facts, style) })
      if (method === 'PUT') {
        requireRight(user, 'renameSnap')
        const newName = nameIn(body, 'name')
        await engine.renameSnapshot(key, name, newName)
        return { status: 202, body: { snapshot: await view(newName) } }
      }
      if (method !== 'DELETE') return notAllowed()
      requireRight(user, 'destroySnap', 'destroy')
      if (clones.length > 0 && !isConfirmed(request)) throw restErrors.confirm(`snapshot "${name}" has dependent clones`)
      await engine.destroySnapshot(key, name, { withClones: isConfirmed(request) })
      for (const clone of clones) this.#settings.delete(settingsKey(clone))
      return { status: 204 }
    }
    if (action === 'dependents' && method === 'GET') {
      return list(request, 'dependents', clones.map((clone) => ({ project: clone.project, share: clone.share, href: shareHref(style, clone.project, clone.share) })))
    }
    if (action === 'clone' && method === 'PUT') {
      requireRight(user, 'clone')
      const target = { project: optionalName(body, 'project') ?? key.project, share: nameIn(body, 'share') }
      const pool = optionalName(body, 'pool')
      if (pool !== undefined && pool !== style.pool) throw restErrors.invalid(`clones stay in pool "${style.pool}"`)
      const values = this.#readValues(request, ['project', 'share', 'pool'])
      if (!scan.projects.some((each) => each.project === target.project)) throw restErrors.notFound(`project "${target.project}"`)
      if (scan.shares.some((each) => same(each, target))) throw restErrors.exists(`filesystem "${target.share}"`)
      this.#refuseTakenMountpoint(scan, target, values)
      await engine.clone(key, name, target)
      // A new share of its project: what was set on the origin alone stays there.
      await this.#apply(target, values)
      return { status: 201, body: { filesystem: await this.#freshView(target, style) } }
    }
    if (action === 'rollback' && method === 'PUT') {
      requireRight(user, 'rollback')
      await engine.rollback(key, name, { withNewer: isConfirmed(request) })
      return { status: 202, body: { filesystem: await this.#freshView(key, style) } }
    }
    throw restErrors.notFound(action)
  }

  /** A project's snapshot is a snapshot of the same name on each of its shares. */
  async #projectSnapshots(request: RestRequest, project: string, [name, ...rest]: readonly string[], scan: EngineScan, style: ViewStyle): Promise<RestAnswer> {
    const { engine } = this.#options
    const shares = scan.shares.filter((share) => share.project === project)
    const all = (from: EngineScan): SnapshotFacts[] => {
      const inProject = from.snapshots.filter((snapshot) => snapshot.project === project)
      return inProject.filter((snapshot, index) => inProject.findIndex((other) => other.name === snapshot.name) === index && shares.every((share) => inProject.some((other) => other.name === snapshot.name && other.share === share.share)))
    }
    const view = (snapshot: SnapshotFacts): object => ({ ...snapshotView(snapshot, style), share: undefined, canonical_name: `${style.pool}/local/${project}@${snapshot.name}`, href: `/api/storage/v${String(style.version)}/pools/${encodeURIComponent(style.pool)}/projects/${encodeURIComponent(project)}/snapshots/${encodeURIComponent(snapshot.name)}` })
    if (name === undefined) {
      if (request.method === 'GET') return list(request, 'snapshots', all(scan).map(view))
      if (request.method !== 'POST') return notAllowed()
      requireRight(request.user, 'takeSnap')
      const made = nameIn(request.body, 'name')
      for (const share of shares) await engine.createSnapshot(share, made)
      const found = all(await engine.scan()).find((each) => each.name === made)
      return { status: 201, body: { snapshot: found === undefined ? { name: made } : view(found) } }
    }
    const found = all(scan).find((each) => each.name === name)
    if (found === undefined || rest.length > 0) throw restErrors.notFound(`snapshot "${name}"`)
    if (request.method === 'GET') return ok({ snapshot: view(found) })
    if (request.method !== 'DELETE') return notAllowed()
    requireRight(request.user, 'destroySnap', 'destroy')
    if (scan.snapshots.some((snapshot) => snapshot.project === project && snapshot.name === name && snapshot.clones > 0) && !isConfirmed(request)) throw restErrors.confirm(`snapshot "${name}" has dependent clones`)
    for (const share of shares) await engine.destroySnapshot(share, name, { withClones: isConfirmed(request) })
    return { status: 204 }
  }

  #schemaAnswer({ method, body, user }: RestRequest, name: string | undefined, { version }: ViewStyle): RestAnswer {
    const view = (property: SchemaProperty): object => ({ ...property, href: `/api/storage/v${String(version)}/schema/custom:${encodeURIComponent(property.property)}` })
    if (name === undefined && method === 'GET') return ok({ properties: [...this.#schema.values()].map(view) })
    if (name === undefined && method === 'POST') {
      requireRight(user, 'configureSchema')
      const property: SchemaProperty = { property: nameIn(body, 'property'), description: textIn(body, 'description') ?? '', type: textIn(body, 'type') ?? 'String' }
      if (this.#schema.has(property.property)) throw restErrors.exists(`property "${property.property}"`)
      this.#schema.set(property.property, property)
      return { status: 201, body: { property: view(property) } }
    }
    const property = this.#schema.get((name ?? '').replace(/^custom:/, ''))
    if (property === undefined) throw restErrors.notFound(`property "${name ?? ''}"`)
    if (method === 'GET') return ok({ property: view(property) })
    if (method !== 'DELETE') return notAllowed()
    requireRight(user, 'configureSchema')
    this.#schema.delete(property.property)
    return { status: 204 }
  }

  #readValues({ body }: RestRequest, other: readonly string[]): PropertyValues {
    return readProperties(body, other, new Set(this.#schema.keys()))
  }

  #requireRightsFor({ user }: RestRequest, values: PropertyValues, renames: boolean): void {
    if (renames) requireRight(user, 'changeGeneralProps')
    for (const name of Object.keys(values)) requireRight(user, shareProperties[name]?.right ?? 'changeGeneralProps')
  }

  #refuseTakenMountpoint(scan: EngineScan, key: ShareKey, values: PropertyValues): void {
    const wanted = mountpointOf(key, values)
    if (scan.shares.some((share) => !same(share, key) && mountpointOf(share, this.#valuesOf(share)) === wanted)) throw restErrors.invalid(`mountpoint "${wanted}" is in use`)
  }

  async #apply(key: ShareKey, values: PropertyValues): Promise<void> {
    const limits = Object.fromEntries(['quota', 'reservation'].flatMap((name) => (values[name] === undefined ? [] : [[name, BigInt(values[name])]])))
    if (Object.keys(limits).length > 0) await this.#options.engine.setLimits(key, limits)
    this.#settings.set(settingsKey(key), { values: { ...this.#valuesOf(key), ...values } })
  }

  #valuesOf(key: ShareKey): PropertyValues {
    return this.#settings.get(settingsKey(key))?.values ?? {}
  }

  #view(share: ShareFacts, style: ViewStyle): object {
    return shareView(share, this.#valuesOf(share), style)
  }

  async #freshView(key: ShareKey, style: ViewStyle): Promise<object> {
    const facts = (await this.#options.engine.scan()).shares.find((share) => same(share, key))
    if (facts === undefined) throw restErrors.notFound(`filesystem "${key.share}"`)
    return this.#view(facts, style)
  }

  async #projectView(project: string, style: ViewStyle): Promise<object> {
    const scan = await this.#options.engine.scan()
    const facts = scan.projects.find((each) => each.project === project)
    if (facts === undefined) throw restErrors.notFound(`project "${project}"`)
    return projectView(facts, scan, style)
  }
}

function ok(body: object): RestAnswer {
  return { status: 200, body }
}

function notAllowed(): never {
  throw restErrors.notImplemented()
}

function same(a: ShareKey, b: ShareKey): boolean {
  return a.project === b.project && a.share === b.share
}

function settingsKey({ project, share }: ShareKey): string {
  return `${project}/${share}`
}

function snapshotsOf(scan: EngineScan, key: ShareKey): SnapshotFacts[] {
  return scan.snapshots.filter((snapshot) => same(snapshot, key))
}

function isConfirmed({ query }: RestRequest): boolean {
  return query.get('confirm') === 'true'
}

/** A list, or the page of it that `start` (index) and `limit` ask for. */
function list({ query }: RestRequest, key: string, all: readonly object[]): RestAnswer {
  const start = countIn(query, 'start') ?? 0
  const limit = countIn(query, 'limit')
  return ok({ [key]: all.slice(start, limit === undefined ? undefined : start + limit), ...(query.get('props') === 'true' ? { props: propertyMetadata() } : {}) })
}

function countIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d+$/.test(text)) throw restErrors.invalid(`bad value "${text}" for query parameter "${name}"`)
  return Number(text)
}

function textIn(body: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = body[key]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw restErrors.invalid(`bad property value for "${key}"`)
  return value
}

const nameRule = /^[A-Za-z0-9_.][A-Za-z0-9_.:-]*$/

function optionalName(body: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = textIn(body, key)
  if (value !== undefined && (!nameRule.test(value) || value.length > 64)) throw restErrors.invalid(`bad property value "${value}" (encountered while attempting to run command "${key} ${value}")`)
  return value
}

function nameIn(body: Readonly<Record<string, unknown>>, key: string): string {
  const value = optionalName(body, key)
  if (value === undefined) throw restErrors.missing(key)
  return value
}
