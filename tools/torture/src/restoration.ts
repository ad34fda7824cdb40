import type { IcbDocument } from '@icb/testing'
import type { DoorCall } from './door.ts'
import { leftOver, lost } from './findings.ts'
import type { Finding } from './findings.ts'
import { forbiddenInSandbox } from './forbidden.ts'
import type { Plan, RestoreAim } from './plan.ts'
import { listPoints } from './points.ts'
import { killNow, unlessKilled } from './processes.ts'
import { compareRestored } from './restored.ts'
import { must } from './stand.ts'
import type { Stand } from './stand.ts'

interface RestoreResult {
  readonly outcome?: string
  readonly plan?: { readonly kind: string; readonly chainKnown: boolean }
}

interface StandingRestore {
  readonly runId: string
  readonly interrupted: boolean
}

/** One restore that a person asks for, from the choice of its target until nothing of it is left. */
export class Restoration {
  readonly #stand: Stand
  readonly #aim: RestoreAim
  readonly #target: bigint
  #compared = 0
  readonly #findings: Finding[] = []

  private constructor(stand: Stand, aim: RestoreAim, target: bigint) {
    this.#stand = stand
    this.#aim = aim
    this.#target = target
  }

  /** Chooses a target among the points as they are, and brings the restore to where the attack begins. */
  static async prepare(stand: Stand, aim: RestoreAim): Promise<Restoration> {
    const target = (aim.target === 'gap' ? await targetInGap(stand, aim) : undefined) ?? (await targetInWindow(stand, aim))
    return new Restoration(stand, aim, target)
  }

  /** Everything that was found since it was prepared. */
  get findings(): readonly Finding[] {
    return this.#findings
  }

  /** The product's arguments that ask for it. */
  get arguments(): readonly string[] {
    return argumentsFor(this.#stand, this.#aim, this.#target)
  }

  /**
   * What was done before the attack: nothing, a restore killed at some step, or a whole one.
   * @returns the arguments of the command that is attacked
   */
  async before({ command }: Plan): Promise<readonly string[]> {
    if (command === 'restore') return this.arguments
    const { stage } = this.#stand
    const { killedAt } = this.#aim
    this.#watchSandbox()
    let pid = 0
    const result = await stage.icb('sandbox', [...this.arguments, '--json', '--events', '&3'], {
      onStdout: () => undefined,
      onStart: (started) => { pid = started },
      onEvent: (line) => {
        const event = JSON.parse(line) as { readonly type: string; readonly step?: string }
        if (event.type === 'step.started' && event.step === killedAt) killNow(pid)
      },
    })
    if (result.exitCode !== (killedAt === undefined ? 0 : null)) throw new Error(`the restore before the attack ended with ${String(result.exitCode)}: ${result.stdout} ${result.stderr}`)
    if (command === 'restore resume') return this.arguments
    const [made] = await this.#list()
    if (made === undefined) throw new Error('the restore before the attack is not listed')
    return ['restore', stage.database, '--cleanup', made.runId]
  }

  /** Before it is opened, a restored database is held against the truth. */
  async watch(call: DoorCall): Promise<void> {
    if (call.program !== 'sqlplus' || !/^\s*alter\s+database\s+open/im.test(call.script)) return
    const restored = await unlessKilled(this.#stand.stage.slot, () => compareRestored(this.#stand, this.#target))
    this.#compared += restored?.files ?? 0
    this.#findings.push(...(restored?.problems ?? []).map((problem) => lost(`restored: ${problem}`)))
  }

  #watchSandbox(): void {
    this.#stand.watchSandbox(async (call) => {
      this.#findings.push(...(await forbiddenInSandbox(this.#stand, call)))
      await this.watch(call)
    })
  }

  /** Somebody asks for the same again, unless it stands already or is not wanted any more. */
  async again({ command }: Plan, attacked: IcbDocument | undefined): Promise<void> {
    if (command === 'restore cleanup') return
    let document = attacked
    if (attacked?.ok !== true) {
      if (this.#aim.afterwards === 'remove') return
      // Killed behind the end of its journal it has only not said so; what stands is not made a second time.
      if ((await this.#list()).some((each) => !each.interrupted)) {
        if (this.#compared === 0) this.#findings.push(lost('a restore stands, and no file of it was there to compare'))
        return
      }
      this.#watchSandbox()
      document = await this.#stand.stage.icbJson('sandbox', this.arguments)
      this.#stand.serveCalls('sandbox')
    }
    const outcome = (document?.result as RestoreResult | undefined)?.outcome
    if (document?.ok !== true || outcome !== 'opened') this.#findings.push(lost(`the next restore to SCN ${String(this.#target)} ended ${outcome ?? ''}: ${document?.error?.code ?? ''} ${document?.error?.message ?? ''}`))
    else if (this.#compared === 0) this.#findings.push(lost('a restored database was opened, and no file of it was there to compare'))
  }

  /** Somebody removes every restore that the product knows of. */
  async remove(): Promise<void> {
    const { stage } = this.#stand
    for (const { runId } of await this.#list()) {
      const removed = await stage.icbJson('sandbox', ['restore', stage.database, '--cleanup', runId])
      if (!removed.ok) this.#findings.push(leftOver(`restore ${runId} cannot be removed: ${removed.error?.code ?? ''} ${removed.error?.message ?? ''}`))
    }
    for (const { runId } of await this.#list()) this.#findings.push(leftOver(`restore ${runId} is still listed`))
  }

  async #list(): Promise<readonly StandingRestore[]> {
    const { stage } = this.#stand
    return must(await stage.icbJson('sandbox', ['restore', stage.database, '--list']), 'restore --list').result as readonly StandingRestore[]
  }
}

function argumentsFor({ stage }: Stand, { open }: RestoreAim, target: bigint): readonly string[] {
  return ['restore', stage.database, '--to', String(target), '--sid', stage.slot, '--yes', ...(open === 'resetlogs' ? ['--resetlogs', '--name', `${stage.slot}X`] : [])]
}

/** An SCN of a range, by the seed. */
function within(first: bigint, last: bigint, choice: number): bigint {
  return first + (BigInt(choice) * (last - first)) / 999_999n
}

async function targetInWindow(stand: Stand, { choice }: RestoreAim): Promise<bigint> {
  const points = (await listPoints(stand)).filter((point) => point.restorable === true)
  const point = points[choice % points.length]
  if (point?.minScn === undefined || point.lastScn === undefined) throw new Error('there is no point to restore')
  return within(point.minScn, point.lastScn, choice)
}

/** Where the logs of the later of two neighbours are known to reach back to the earlier one. */
async function targetInGap(stand: Stand, aim: RestoreAim): Promise<bigint | undefined> {
  const points = (await listPoints(stand)).filter((point) => point.restorable === true && point.ours)
  const gaps = points.flatMap((point, index) => {
    const next = points[index + 1]
    return point.lastScn === undefined || next?.minScn === undefined || point.lastScn + 1n >= next.minScn ? [] : [[point.lastScn + 1n, next.minScn - 1n] as const]
  })
  const gap = gaps[aim.choice % Math.max(1, gaps.length)]
  if (gap === undefined) return undefined
  const target = within(gap[0], gap[1], aim.choice)
  const dry = await stand.stage.icbJson('sandbox', [...argumentsFor(stand, aim, target), '--dry-run'])
  const plan = (dry.result as RestoreResult | undefined)?.plan
  return dry.ok && plan?.kind === 'pair' && plan.chainKnown ? target : undefined
}
