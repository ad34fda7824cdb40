import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkCopies } from '../../lab/src/cli/copies-check.ts'
import { leftOver, lost } from './findings.ts'
import type { Finding } from './findings.ts'
import { floor, must } from './stand.ts'
import type { Stand } from './stand.ts'

/** A recovery point as `icb snapshot list` shows it. */
export interface ListedPoint {
  readonly name: string
  readonly createdAt: string
  readonly ours: boolean
  readonly state: string
  readonly restorable: boolean | undefined
  readonly proof: string | undefined
  readonly minScn: bigint | undefined
  readonly lastScn: bigint | undefined
}

interface PointRow {
  readonly snapshot: { readonly name: string; readonly createdAt: string; readonly ours: boolean }
  readonly state: string
  readonly restorable?: boolean
  readonly entry?: { readonly minScn?: string; readonly lastScn?: string }
  readonly proof?: { readonly outcome: string }
}

/** All snapshots, oldest first, as the product lists them. */
export async function listPoints(stand: Stand): Promise<readonly ListedPoint[]> {
  const { stage } = stand
  const document = must(await stage.icbJson('prod', ['snapshot', 'list', stage.database]), 'snapshot list')
  return (document.result as readonly PointRow[]).map(({ snapshot, state, restorable, entry, proof }) => ({
    name: snapshot.name, createdAt: snapshot.createdAt, ours: snapshot.ours, state, restorable, proof: proof?.outcome,
    minScn: entry?.minScn === undefined ? undefined : BigInt(entry.minScn),
    lastScn: entry?.lastScn === undefined ? undefined : BigInt(entry.lastScn),
  }))
}

/** What the manifest inside a snapshot says that the comparison needs; read without the product. */
interface ManifestFacts {
  readonly copies: readonly { readonly path: string }[]
}

/**
 * The product's word about recovery points, held against the truth: what was restorable stays so until retention may drop it, and
 * everything that is called restorable is, block by block.
 */
export class PointAudit {
  readonly #stand: Stand
  #before: readonly ListedPoint[] = []
  /** Snapshots that were there before a backup over an unfinished refresh. */
  #beforeUnfinished: ReadonlySet<string> | undefined
  /** A snapshot never changes, so what was compared is known. */
  readonly #compared = new Map<string, readonly string[]>()

  constructor(stand: Stand) {
    this.#stand = stand
  }

  /** Snapshots that no line of the index names: at no moment, not even between two calls, may there be one. */
  unindexed(): readonly Finding[] {
    const { stage, snapshotDirectory, foreign } = this.#stand
    const index = readFileSync(join(stage.areaPath, '.icb', 'points.jsonl'), 'utf8')
    const names = readdirSync(join(snapshotDirectory, 'snapshots')).filter((name) => !name.startsWith('.') && name !== foreign.snapshot)
    return names.filter((name) => !index.includes(`"${name}"`)).map((name) => leftOver(`snapshot ${name} was made before its entry in the index`))
  }

  /** Before a backup: whether the refresh before it has begun and not ended, so that the snapshot which it makes is no recovery point. */
  noteArea(): void {
    const { stage, snapshotDirectory } = this.#stand
    const { state } = JSON.parse(readFileSync(join(stage.areaPath, 'icb-manifest.json'), 'utf8')) as { readonly state: string }
    this.#beforeUnfinished = state === 'refreshing' ? new Set(readdirSync(join(snapshotDirectory, 'snapshots'))) : undefined
  }

  #ofUnfinished(points: readonly ListedPoint[]): Finding[] {
    const known = this.#beforeUnfinished
    this.#beforeUnfinished = undefined
    return known === undefined ? [] : points.filter((point) => point.restorable === true && !known.has(point.name)).map((point) => lost(`${point.name} is called restorable, and the refresh before it had not ended`))
  }

  /** Compares a listing with the one before. */
  async audit(points: readonly ListedPoint[]): Promise<readonly Finding[]> {
    const findings = [...this.#lostSince(points), ...this.#ofUnfinished(points), ...this.#unknown(points), ...(await this.#untrue(points))]
    this.#before = points
    return findings
  }

  /** Points whose test has failed because the harness damaged them are no loss. */
  forget(name: string): void {
    this.#before = this.#before.filter((point) => point.name !== name)
  }

  #lostSince(points: readonly ListedPoint[]): Finding[] {
    const findings: Finding[] = []
    const now = new Map(points.map((point) => [point.name, point]))
    const restorable = points.filter((point) => point.ours && point.restorable === true)
    const newestProven = this.#before.findLast((point) => point.ours && point.proof === 'passed' && point.restorable !== false)
    for (const point of this.#before) {
      const seen = now.get(point.name)
      const { name } = point
      if (seen !== undefined) {
        if (point.restorable === true && seen.restorable !== true) findings.push(lost(`${name} was restorable and is ${String(seen.restorable)} now (${seen.state}, test: ${seen.proof ?? 'none'})`))
        continue
      }
      if (!point.ours) {
        findings.push({ kind: 'reached', text: `the foreign snapshot ${name} is gone` })
        continue
      }
      if (name === this.#stand.foreign.cloned) findings.push(lost(`${name} is gone, although a clone depends on it`))
      if (point.restorable === false) continue
      const newer = restorable.filter((other) => other.createdAt > point.createdAt).length
      if (newer < floor) findings.push(lost(`${name} is gone and ${String(newer)} newer ones are left; ${String(floor)} must be`))
      // A newer proof may have come before retention looked; then the older one is free to go.
      if (name === newestProven?.name && !points.some((other) => other.proof === 'passed' && other.createdAt > point.createdAt)) findings.push(lost(`${name} is gone, the newest that had passed a restore test`))
    }
    return findings
  }

  #unknown(points: readonly ListedPoint[]): Finding[] {
    return points.filter((point) => point.ours && point.state === 'unknown').map((point) => leftOver(`snapshot ${point.name} is in no index: nobody will ever know whether it can be restored`))
  }

  /** Copies and logs in the snapshot, recovered in memory, against the block history. */
  async #untrue(points: readonly ListedPoint[]): Promise<Finding[]> {
    const findings: Finding[] = []
    await this.#stand.history.refresh()
    for (const point of points) {
      if (point.restorable !== true) continue
      const { name, minScn, lastScn } = point
      if (minScn === undefined || lastScn === undefined) {
        findings.push(lost(`${name} is called restorable and has no window`))
        continue
      }
      let problems = this.#compared.get(name)
      if (problems === undefined) {
        problems = await this.compare(name, [minScn, lastScn])
        this.#compared.set(name, problems)
        for (const problem of problems) findings.push(lost(`${name}: ${problem}`))
      }
    }
    return findings
  }

  /** What is wrong with a snapshot at some SCNs, by the truth alone. */
  async compare(name: string, scns: readonly bigint[]): Promise<readonly string[]> {
    const tree = join(this.#stand.snapshotDirectory, 'snapshots', name, 'tree')
    try {
      const manifest = JSON.parse(readFileSync(join(tree, 'icb-manifest.json'), 'utf8')) as ManifestFacts
      const check = await checkCopies({ copies: manifest.copies.map((copy) => join(tree, copy.path)), logDirectory: join(tree, 'archivelog'), scns, history: this.#stand.history })
      return [...check.problems, ...(check.files < 4 ? [`it has ${String(check.files)} copies, the database 4 files`] : [])]
    } catch (error) {
      return [`it cannot be compared: ${error instanceof Error ? error.message : String(error)}; in it: ${readdirSync(tree).join(' ')}`]
    }
  }
}
