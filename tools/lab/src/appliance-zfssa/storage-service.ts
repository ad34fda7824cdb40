import { element, isConfirmed, list, nameIn, notAllowed, ok, optionalName } from './answers.ts'
import type { EngineScan, ShareFacts, ShareKey, StorageEngine } from './engine.ts'
import { ProjectSnapshots } from './project-snapshots.ts'
import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import { projectProperties, shareProperties, snapshotProperties } from './share-properties.ts'
import { sameShare, ShareSettings, snapshotsOf } from './share-settings.ts'
import { requireRight } from './users.ts'
import { mountpointOf, poolView, projectView, shareHref, snapshotView } from './views.ts'
import type { NodeFacts, ViewStyle } from './views.ts'

export interface StorageServiceOptions {
  readonly engine: StorageEngine
  readonly pool: string
  /** Answers which node owns the pool now. */
  readonly owner: () => number
  readonly nodes: readonly NodeFacts[]
}

/** The service `storage`: pools, projects, file systems, snapshots, clones, custom properties. */
export class StorageService {
  readonly #options: StorageServiceOptions
  readonly #settings: ShareSettings
  readonly #projectSnapshots: ProjectSnapshots

  constructor(options: StorageServiceOptions) {
    this.#options = options
    this.#settings = new ShareSettings(options.engine)
    this.#projectSnapshots = new ProjectSnapshots(options.engine)
  }

  /** Where each share's files really lie, by the mount point that clients see. */
  async mounts(): Promise<Readonly<Record<string, string>>> {
    const { shares } = await this.#options.engine.scan()
    return Object.fromEntries(await Promise.all(shares.map(async (share) => [mountpointOf(share, this.#settings.valuesOf(share)), await this.#options.engine.pathOf(share)] as const)))
  }

  async answer(request: RestRequest): Promise<RestAnswer> {
    const { engine, pool, owner, nodes } = this.#options
    const style: ViewStyle = { version: request.version, pool }
    const [top, name, ...rest] = request.path
    const get = request.method === 'GET'
    const owned = request.node === owner()
    if (top === 'schema') return this.#settings.answerSchema(request, name, style)
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
    if (top === 'projects') return this.#listProjects(request, scan as EngineScan, style)
    if (top === 'filesystems') return this.#listShares(request, scan.shares, scan as EngineScan, style)
    if (top === 'snapshots') return list(request, 'snapshots', scan.snapshots.map((snapshot) => snapshotView(snapshot, style)), snapshotProperties)
    throw restErrors.notFound(request.path.join('/'))
  }

  #listProjects(request: RestRequest, scan: EngineScan, style: ViewStyle): RestAnswer {
    const withSnapshots = request.query.get('snaps') === 'true'
    const views = scan.projects.map((each) => ({
      ...projectView(each, this.#settings.projectValues(each.project), scan, style),
      ...(withSnapshots ? { snapshots: this.#projectSnapshots.views(scan, each.project, style) } : {}),
    }))
    return list(request, 'projects', views, projectProperties)
  }

  #listShares(request: RestRequest, shares: readonly ShareFacts[], scan: EngineScan, style: ViewStyle): RestAnswer {
    const withSnapshots = request.query.get('snaps') === 'true'
    const views = shares.map((each) => ({ ...this.#settings.view(each, style), ...(withSnapshots ? { snapshots: snapshotsOf(scan, each).map((snapshot) => snapshotView(snapshot, style)) } : {}) }))
    return list(request, 'filesystems', views, shareProperties)
  }

  async #projects(request: RestRequest, [project, kind, ...rest]: readonly string[], style: ViewStyle): Promise<RestAnswer> {
    const { engine } = this.#options
    const { method, body, user } = request
    if (project === undefined) {
      if (method === 'GET') return this.#listProjects(request, await engine.scan(), style)
      if (method !== 'POST') return notAllowed()
      requireRight(user, 'createProject')
      const name = nameIn(body, 'name')
      const values = this.#settings.read(request, ['name'], 'project')
      await engine.createProject(name)
      this.#settings.applyToProject(name, values)
      return { status: 201, body: { project: await this.#settings.freshProjectView(name, style) } }
    }
    if (kind === undefined) {
      if (method === 'GET') return element(request, 'project', await this.#settings.freshProjectView(project, style), projectProperties)
      const scan = await engine.scan()
      if (!scan.projects.some((each) => each.project === project)) throw restErrors.notFound(`project "${project}"`)
      if (method === 'PUT') {
        const values = this.#settings.read(request, [], 'project')
        this.#settings.requireRights(request, values, false)
        this.#settings.applyToProject(project, values)
        return { status: 202, body: { project: await this.#settings.freshProjectView(project, style) } }
      }
      if (method !== 'DELETE') return notAllowed()
      requireRight(user, 'destroy')
      if (scan.shares.some((share) => share.project === project) && !isConfirmed(request)) throw restErrors.confirm(`project "${project}" has shares`)
      await engine.destroyProject(project)
      this.#settings.forgetProject(project)
      this.#projectSnapshots.forget(project)
      return { status: 204 }
    }
    const scan = await engine.scan()
    if (!scan.projects.some((each) => each.project === project)) throw restErrors.notFound(`project "${project}"`)
    if (kind === 'luns' && method === 'GET' && rest.length === 0) return ok({ luns: [] })
    if (kind === 'snapshots') return this.#projectSnapshots.answer(request, project, rest, style)
    if (kind === 'filesystems') return this.#filesystems(request, project, rest, scan, style)
    throw restErrors.notFound(kind)
  }

  async #filesystems(request: RestRequest, project: string, [share, kind, ...rest]: readonly string[], scan: EngineScan, style: ViewStyle): Promise<RestAnswer> {
    const { engine } = this.#options
    const { method, body, user } = request
    if (share === undefined) {
      if (method === 'GET') return this.#listShares(request, scan.shares.filter((each) => each.project === project), scan, style)
      if (method !== 'POST') return notAllowed()
      requireRight(user, 'createShare')
      const key = { project, share: nameIn(body, 'name') }
      const values = this.#settings.read(request, ['name'])
      if (scan.shares.some((each) => sameShare(each, key))) throw restErrors.exists(`filesystem "${key.share}"`)
      this.#settings.refuseTakenMountpoint(scan, key, values)
      await engine.createShare(key)
      await this.#settings.apply(key, values)
      return { status: 201, body: { filesystem: await this.#settings.freshView(key, style) } }
    }
    const key = { project, share }
    const facts = scan.shares.find((each) => sameShare(each, key))
    if (facts === undefined) throw restErrors.notFound(`filesystem "${share}"`)
    if (kind === 'snapshots') return this.#snapshots(request, key, rest, scan, style)
    if (kind !== undefined) throw restErrors.notFound(kind)
    if (method === 'GET') return element(request, 'filesystem', this.#settings.view(facts, style), shareProperties)
    if (method === 'PUT') {
      const values = this.#settings.read(request, ['name', 'project'])
      const target = { project: optionalName(body, 'project') ?? project, share: optionalName(body, 'name') ?? share }
      this.#settings.requireRights(request, values, !sameShare(key, target))
      this.#settings.refuseTakenMountpoint(scan, target, values, key)
      if (!sameShare(key, target)) {
        await engine.renameShare(key, target)
        this.#settings.moved(key, target)
      }
      await this.#settings.apply(target, values)
      return { status: 202, body: { filesystem: await this.#settings.freshView(target, style) } }
    }
    if (method !== 'DELETE') return notAllowed()
    requireRight(user, 'destroy')
    if (this.#settings.valuesOf(key).own['nodestroy'] === true) throw restErrors.denied(`filesystem "${share}" has the property nodestroy`)
    const dependents = scan.shares.filter(({ origin }) => origin !== undefined && sameShare(origin, key))
    if (dependents.length > 0 && !isConfirmed(request)) throw restErrors.confirm(`filesystem "${share}" has dependent clones`)
    for (const clone of dependents) {
      await engine.destroyShare(clone)
      this.#settings.forget(clone)
    }
    await engine.destroyShare(key)
    this.#settings.forget(key)
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
      if (method === 'GET') return list(request, 'snapshots', snapshotsOf(scan, key).map((each) => snapshotView(each, style)), snapshotProperties)
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
    const clones = scan.shares.filter(({ origin }) => origin !== undefined && sameShare(origin, key) && origin.snapshot === name)
    if (action === undefined) {
      if (method === 'GET') return element(request, 'snapshot', snapshotView(facts, style), snapshotProperties)
      if (method === 'PUT') {
        requireRight(user, 'renameSnap')
        const newName = nameIn(body, 'name')
        if (newName.startsWith('.')) throw restErrors.invalid(`snapshot name "${newName}" is reserved`)
        await engine.renameSnapshot(key, name, newName)
        return { status: 202, body: { snapshot: await view(newName) } }
      }
      if (method !== 'DELETE') return notAllowed()
      requireRight(user, 'destroySnap', 'destroy')
      if (clones.length > 0 && !isConfirmed(request)) throw restErrors.confirm(`snapshot "${name}" has dependent clones`)
      await engine.destroySnapshot(key, name, { withClones: isConfirmed(request) })
      for (const clone of clones) this.#settings.forget(clone)
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
      const values = this.#settings.read(request, ['project', 'share', 'pool'])
      if (!scan.projects.some((each) => each.project === target.project)) throw restErrors.notFound(`project "${target.project}"`)
      if (scan.shares.some((each) => sameShare(each, target))) throw restErrors.exists(`filesystem "${target.share}"`)
      this.#settings.refuseTakenMountpoint(scan, target, values)
      await engine.clone(key, name, target)
      // A new share of its project: what was set on the origin alone stays there.
      await this.#settings.apply(target, values)
      return { status: 201, body: { filesystem: await this.#settings.freshView(target, style) } }
    }
    if (action === 'rollback' && method === 'PUT') {
      requireRight(user, 'rollback')
      await engine.rollback(key, name, { withNewer: isConfirmed(request) })
      return { status: 202, body: { filesystem: await this.#settings.freshView(key, style) } }
    }
    throw restErrors.notFound(action)
  }
}
