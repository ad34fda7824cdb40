import type { EngineScan, ShareFacts, ShareKey, SnapshotFacts, StorageEngine } from './engine.ts'
import { textIn, nameIn, notAllowed, ok } from './answers.ts'
import type { RestAnswer, RestRequest } from './request.ts'
import { restErrors } from './rest-error.ts'
import { projectProperties, readProperties, shareProperties } from './share-properties.ts'
import type { PropertyValues } from './share-properties.ts'
import { requireRight } from './users.ts'
import { mountpointOf, projectView, shareView } from './views.ts'
import type { ShareValues, ViewStyle } from './views.ts'

interface SchemaProperty {
  readonly property: string
  readonly description: string
  readonly type: string
}

export function sameShare(a: ShareKey, b: ShareKey): boolean {
  return a.project === b.project && a.share === b.share
}

export function snapshotsOf(scan: EngineScan, key: ShareKey): SnapshotFacts[] {
  return scan.snapshots.filter((snapshot) => sameShare(snapshot, key))
}

const keyOf = ({ project, share }: ShareKey): string => `${project}/${share}`

/** What the appliance knows that the file system below does not: properties of shares and projects, and the schema of custom ones. */
export class ShareSettings {
  readonly #engine: StorageEngine
  readonly #shares = new Map<string, PropertyValues>()
  readonly #projects = new Map<string, PropertyValues>()
  readonly #schema = new Map<string, SchemaProperty>()

  constructor(engine: StorageEngine) {
    this.#engine = engine
  }

  valuesOf(key: ShareKey): ShareValues {
    return { own: this.#shares.get(keyOf(key)) ?? {}, project: this.projectValues(key.project) }
  }

  projectValues(project: string): PropertyValues {
    return this.#projects.get(project) ?? {}
  }

  /** The properties in a body; the names in `other` are the caller's. */
  read({ body }: RestRequest, other: readonly string[], kind: 'share' | 'project' = 'share'): PropertyValues {
    return readProperties(body, other, new Set(this.#schema.keys()), kind === 'share' ? shareProperties : projectProperties)
  }

  requireRights({ user }: RestRequest, values: PropertyValues, renames: boolean): void {
    if (renames) requireRight(user, 'changeGeneralProps')
    for (const name of Object.keys(values)) requireRight(user, (shareProperties[name] ?? projectProperties[name])?.right ?? 'changeGeneralProps')
  }

  refuseTakenMountpoint(scan: EngineScan, key: ShareKey, values: PropertyValues, self: ShareKey = key): void {
    const known = this.valuesOf(self)
    const wanted = mountpointOf(key, { own: { ...known.own, ...values }, project: this.projectValues(key.project) })
    if (!/^\/export(?:\/[^/]+)*$/.test(wanted)) throw restErrors.invalid(`bad property value "${wanted}" (expecting a path below "/export")`)
    if (scan.shares.some((share) => !sameShare(share, self) && mountpointOf(share, this.valuesOf(share)) === wanted)) throw restErrors.invalid(`mountpoint "${wanted}" is in use`)
  }

  async apply(key: ShareKey, values: PropertyValues): Promise<void> {
    const limits = Object.fromEntries(['quota', 'reservation'].flatMap((name) => (values[name] === undefined ? [] : [[name, BigInt(values[name])]])))
    if (Object.keys(limits).length > 0) await this.#engine.setLimits(key, limits)
    this.#shares.set(keyOf(key), { ...this.valuesOf(key).own, ...values })
  }

  applyToProject(project: string, values: PropertyValues): void {
    this.#projects.set(project, { ...this.projectValues(project), ...values })
  }

  moved(from: ShareKey, to: ShareKey): void {
    const values = this.#shares.get(keyOf(from))
    if (values !== undefined) this.#shares.set(keyOf(to), values)
    this.#shares.delete(keyOf(from))
  }

  forget(key: ShareKey): void {
    this.#shares.delete(keyOf(key))
  }

  forgetProject(project: string): void {
    this.#projects.delete(project)
    for (const key of [...this.#shares.keys()]) if (key.startsWith(`${project}/`)) this.#shares.delete(key)
  }

  view(share: ShareFacts, style: ViewStyle): object {
    return shareView(share, this.valuesOf(share), style)
  }

  async freshView(key: ShareKey, style: ViewStyle): Promise<object> {
    const facts = (await this.#engine.scan()).shares.find((share) => sameShare(share, key))
    if (facts === undefined) throw restErrors.notFound(`filesystem "${key.share}"`)
    return this.view(facts, style)
  }

  async freshProjectView(project: string, style: ViewStyle): Promise<object> {
    const scan = await this.#engine.scan()
    const facts = scan.projects.find((each) => each.project === project)
    if (facts === undefined) throw restErrors.notFound(`project "${project}"`)
    return projectView(facts, this.projectValues(project), scan, style)
  }

  /** `/schema`: custom properties. */
  answerSchema({ method, body, user }: RestRequest, name: string | undefined, { version }: ViewStyle): RestAnswer {
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
}
