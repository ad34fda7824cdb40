import { randomUUID } from 'node:crypto'
import { element, isConfirmed, list, nameIn, notAllowed } from './answers.ts'
import type { EngineScan, StorageEngine } from './engine.ts'
import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import { snapshotProperties } from './share-properties.ts'
import { requireRight } from './users.ts'
import { projectsHref, shareHref, snapshotView } from './views.ts'
import type { ViewStyle } from './views.ts'

interface ProjectSnapshot {
  readonly name: string
  readonly id: string
  readonly createdAt: number
}

/** `…/projects/{project}/snapshots`: one snapshot of a project is a snapshot of the same name on each share that it had then. */
export class ProjectSnapshots {
  readonly #engine: StorageEngine
  readonly #known = new Map<string, readonly ProjectSnapshot[]>()

  constructor(engine: StorageEngine) {
    this.#engine = engine
  }

  forget(project: string): void {
    this.#known.delete(project)
  }

  views(scan: EngineScan, project: string, style: ViewStyle): readonly object[] {
    return this.#of(project).map((snapshot) => this.#view(scan, project, snapshot, style))
  }

  #of(project: string): readonly ProjectSnapshot[] {
    return this.#known.get(project) ?? []
  }

  #view(scan: EngineScan, project: string, { name, id, createdAt }: ProjectSnapshot, style: ViewStyle): object {
    const parts = scan.snapshots.filter((each) => each.project === project && each.name === name)
    const sum = (bytes: readonly bigint[]): bigint => bytes.reduce((total, each) => total + each, 0n)
    const whole = { project, share: '', name, id, createdAt, spaceData: sum(parts.map(({ spaceData }) => spaceData)), spaceUnique: sum(parts.map(({ spaceUnique }) => spaceUnique)), clones: parts.reduce((total, { clones }) => total + clones, 0) }
    return { ...snapshotView(whole, style), share: undefined, canonical_name: `${style.pool}/local/${project}@${name}`, href: `${projectsHref(style)}/${encodeURIComponent(project)}/snapshots/${encodeURIComponent(name)}` }
  }

  async answer(request: RestRequest, project: string, [name, action, ...rest]: readonly string[], style: ViewStyle): Promise<RestAnswer> {
    const engine = this.#engine
    const { method, body, user } = request
    const scan = await engine.scan()
    const refuseTaken = (wanted: string): void => {
      if (wanted.startsWith('.')) throw restErrors.invalid(`snapshot name "${wanted}" is reserved`)
      if (scan.snapshots.some((snapshot) => snapshot.project === project && snapshot.name === wanted) || this.#of(project).some((each) => each.name === wanted)) throw restErrors.exists(`snapshot "${wanted}"`)
    }
    const shown = async (snapshot: ProjectSnapshot): Promise<object> => ({ snapshot: this.#view(await engine.scan(), project, snapshot, style) })

    if (name === undefined) {
      if (method === 'GET') return list(request, 'snapshots', this.views(scan, project, style), snapshotProperties)
      if (method !== 'POST') return notAllowed()
      requireRight(user, 'takeSnap')
      const made: ProjectSnapshot = { name: nameIn(body, 'name'), id: randomUUID(), createdAt: engine.now() }
      refuseTaken(made.name)
      for (const share of scan.shares.filter((each) => each.project === project)) await engine.createSnapshot(share, made.name)
      this.#known.set(project, [...this.#of(project), made])
      return { status: 201, body: await shown(made) }
    }
    const found = this.#of(project).find((each) => each.name === name)
    if (found === undefined || rest.length > 0) throw restErrors.notFound(`snapshot "${name}"`)
    const parts = scan.snapshots.filter((each) => each.project === project && each.name === name)
    const clones = scan.shares.filter(({ origin }) => origin?.project === project && origin.snapshot === name)
    if (action === 'dependents' && method === 'GET') return list(request, 'dependents', clones.map((clone) => ({ project: clone.project, share: clone.share, href: shareHref(style, clone.project, clone.share) })))
    if (action === 'rollback' && method === 'PUT') {
      requireRight(user, 'rollback')
      const newer = parts.some(({ share }) => scan.snapshots.findLast((each) => each.project === project && each.share === share)?.name !== name)
      if (newer && !isConfirmed(request)) throw restErrors.confirm(`project "${project}" has more recent snapshots`)
      for (const part of parts) await engine.rollback(part, name, { withNewer: isConfirmed(request) })
      return { status: 202, body: await shown(found) }
    }
    // A project cannot be cloned.
    if (action !== undefined) throw restErrors.notFound(action)
    if (method === 'GET') return element(request, 'snapshot', this.#view(scan, project, found, style), snapshotProperties)
    if (method === 'PUT') {
      requireRight(user, 'renameSnap')
      const renamed = { ...found, name: nameIn(body, 'name') }
      refuseTaken(renamed.name)
      for (const part of parts) await engine.renameSnapshot(part, name, renamed.name)
      this.#known.set(project, this.#of(project).map((each) => (each === found ? renamed : each)))
      return { status: 202, body: await shown(renamed) }
    }
    if (method !== 'DELETE') return notAllowed()
    requireRight(user, 'destroySnap', 'destroy')
    if (clones.length > 0 && !isConfirmed(request)) throw restErrors.confirm(`snapshot "${name}" has dependent clones`)
    for (const part of parts) await engine.destroySnapshot(part, name, { withClones: isConfirmed(request) })
    this.#known.set(project, this.#of(project).filter((each) => each !== found))
    return { status: 204 }
  }
}
