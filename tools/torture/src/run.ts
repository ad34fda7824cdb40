import { attack } from './attack.ts'
import type { AttackReport } from './attack.ts'
import { normalCycle } from './cycle.ts'
import type { Finding } from './findings.ts'
import { troubled } from './findings.ts'
import { instanceOf } from './processes.ts'
import { planOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { PointAudit } from './points.ts'
import { listPoints } from './points.ts'
import { randomOf } from './random.ts'
import { Restoration } from './restoration.ts'
import { createStand } from './stand.ts'
import type { Stand, StandOptions } from './stand.ts'

/** What one run showed. */
export interface RunReport {
  readonly plan: Plan
  readonly struck: boolean
  readonly exitCode: number | null
  /** Of the product's error, where it told one. */
  readonly code?: string
  readonly undone: readonly string[]
  readonly findings: readonly Finding[]
  readonly seconds: number
  readonly attackSeconds: number
}

export interface WorkerOptions extends StandOptions {
  readonly seed: number
  /** Leave the directory of a run with findings in place, its instance running. */
  readonly keep?: boolean
}

/** Each run makes several control file autobackups, and the form of their names allows 256 a day. */
const runsPerLab = 50

/** One lab and the runs on it, one after the other: what a cycle leaves is what the next run begins with. After a finding, and after some time, a new lab is made. */
export class Worker implements AsyncDisposable {
  readonly #options: WorkerOptions
  #stand: Stand | undefined
  #audit: PointAudit | undefined
  /** On this lab. */
  #runs = 0

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  async run(number: number): Promise<RunReport> {
    const begun = performance.now()
    const plan = planOf(this.#options.seed, number)
    let report: AttackReport | undefined
    const findings: Finding[] = []
    let restoration: Restoration | undefined
    try {
      const { stand, audit, findings: before } = await this.#prepared()
      findings.push(...before)
      if (before.length === 0) {
        restoration = plan.restore === undefined ? undefined : await Restoration.prepare(stand, plan.restore)
        report = await attack(stand, plan, restoration)
        findings.push(...report.findings, ...audit.unindexed())
        if (report.damaged !== undefined) audit.forget(report.damaged)
        await recoverDatabase(stand, plan)
        await restoration?.again(plan, report.document)
        findings.push(...(await normalCycle(stand, audit, randomOf(`${String(plan.seed)}/${String(number)}/cycle`), restoration)).findings)
        for (const trouble of Object.values(stand.doors).flatMap((door) => door.trouble)) throw new Error(trouble)
      }
    } catch (error) {
      findings.push(troubled(error))
    }
    findings.push(...(restoration?.findings ?? []))
    this.#runs += 1
    if (findings.length > 0) await this.#abandon()
    else if (this.#runs >= runsPerLab) await this.#dispose()
    const code = report?.document?.error?.code
    return {
      plan, struck: report?.struck ?? false, exitCode: report?.exitCode ?? null, ...(code === undefined ? {} : { code }), undone: report?.undone ?? [], findings,
      seconds: (performance.now() - begun) / 1000, attackSeconds: report?.seconds ?? 0,
    }
  }

  async #prepared(): Promise<{ readonly stand: Stand; readonly audit: PointAudit; /** What is wrong before anything was attacked. */ readonly findings: readonly Finding[] }> {
    if (this.#stand !== undefined && this.#audit !== undefined) return { stand: this.#stand, audit: this.#audit, findings: [] }
    const stand = await createStand(this.#options)
    const audit = new PointAudit(stand)
    this.#stand = stand
    this.#audit = audit
    this.#runs = 0
    return { stand, audit, findings: await audit.audit(await listPoints(stand)) }
  }

  async #abandon(): Promise<void> {
    const stand = this.#stand
    this.#stand = undefined
    this.#audit = undefined
    if (stand === undefined) return
    if (this.#options.keep === true) process.stderr.write(`kept: ${stand.stage.directory}\n`)
    else await stand[Symbol.asyncDispose]()
  }

  async #dispose(): Promise<void> {
    await this.#stand?.[Symbol.asyncDispose]()
    this.#stand = undefined
    this.#audit = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose()
  }
}

/** Somebody starts the database again when it is down; the product does not. */
async function recoverDatabase(stand: Stand, plan: Plan): Promise<void> {
  if (instanceOf(stand.stage.database) !== undefined) return
  await stand.startDatabase()
  await stand.setDatabase({ destination: plan.brokenDestination ? 'broken' : 'whole', backup: 'quick' })
}
