import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ownedDirectory } from '@icb/testing'
import type { IcbDocument, StageHost } from '@icb/testing'
import type { DoorAnswer } from './door.ts'
import type { CallFault, Command, Fault, Plan, Trigger } from './plan.ts'
import { undoUnsynced } from './power-notes.ts'
import { descendants, instanceOf, killNow, signal } from './processes.ts'
import type { Stand } from './stand.ts'

/** What became of the command under attack. */
export interface AttackReport {
  /** False: the command was over before its fault could strike. */
  readonly struck: boolean
  /** `null`: killed. */
  readonly exitCode: number | null
  readonly document?: IcbDocument
  /** Steps that were begun, in order. */
  readonly steps: readonly string[]
  /** What a power cut took away. */
  readonly undone: readonly string[]
  readonly seconds: number
}

export const hostOf = (command: Command): StageHost => (command === 'restore-test' ? 'sandbox' : 'prod')

/** The product's arguments of a command. */
export function argumentsOf(command: Command, database: string): readonly string[] {
  return [...command.split(' '), database]
}

/** A hanging program ends by the product's own deadline; this is far behind all of them. */
const hopelessMs = 180_000

interface StepLine {
  readonly type: string
  readonly step?: string
}

/** Runs one command of the product and does to it what the plan says. */
export async function attack(stand: Stand, plan: Plan): Promise<AttackReport> {
  const { stage } = stand
  const { command, fault } = plan
  const host = hostOf(command)
  const strike = new Strike(stand, plan)
  const notes = join(stage.directory, 'power-notes')
  strike.arm(notes)
  const busy = plan.busy ? stand.work({ seconds: 4, perSecond: 25 }).catch(() => undefined) : undefined
  const begun = performance.now()
  const steps: string[] = []
  let output: Awaited<ReturnType<typeof stage.icb>>
  try {
    const args = [...argumentsOf(command, stage.database), '--json', '--events', '&3']
    const running = stage.icb(host, args, {
      timeoutMs: hopelessMs,
      onStdout: () => undefined,
      onStart: (pid) => { strike.started(pid) },
      onEvent: (line) => {
        const event = JSON.parse(line) as StepLine
        if (event.type === 'step.started' && event.step !== undefined) steps.push(event.step)
        strike.see(event)
      },
      ...(fault.kind === 'power-cut' ? { env: powerEnvironment(stand, host, notes) } : {}),
    })
    output = await running
  } finally {
    strike.over()
  }
  await strike.done()
  const { struck } = strike
  const undone = fault.kind === 'power-cut' && struck ? undoUnsynced(notes) : []
  strike.disarm()
  await busy
  const document = documentOf(output.stdout)
  return { struck, exitCode: output.exitCode, ...(document === undefined ? {} : { document }), steps, undone, seconds: (performance.now() - begun) / 1000 }
}

function documentOf(text: string): IcbDocument | undefined {
  try {
    return JSON.parse(text) as IcbDocument
  } catch {
    return undefined
  }
}

function powerEnvironment(stand: Stand, host: StageHost, notes: string): Readonly<Record<string, string>> {
  const { stage } = stand
  const roots = [stand.stateDirectory(host), stand.ledgerDirectory, ...(host === 'prod' ? [stage.areaPath] : [])]
  return { ...stage.env, NODE_OPTIONS: `--import=${stand.powerCut}`, ICB_TORTURE_ROOTS: roots.join(':'), ICB_TORTURE_NOTES: notes }
}

/** One fault, from the moment it is prepared until it has struck and is taken back. */
class Strike {
  readonly #stand: Stand
  readonly #plan: Plan
  readonly #fault: Fault
  #pid: number | undefined
  #struck = false
  #timer: NodeJS.Timeout | undefined
  #seen = false
  #acting: Promise<void> = Promise.resolve()
  #running = true

  constructor(stand: Stand, plan: Plan) {
    this.#stand = stand
    this.#plan = plan
    this.#fault = plan.fault
  }

  get struck(): boolean {
    return this.#struck || (this.#fault.kind === 'storage' && this.#stand.storageFaultStruck())
  }

  /** Before the command starts. */
  arm(notes: string): void {
    const { stage, ledgerDirectory, doors } = this.#stand
    const fault = this.#fault
    // What can be killed has to be a process.
    for (const door of Object.values(doors)) door.onCall = () => ({ kind: 'pass' })
    switch (fault.kind) {
      case 'power-cut':
        rmSync(notes, { recursive: true, force: true })
        mkdirSync(notes)
        ownedDirectory(notes, stage.programs.user)
        break
      case 'call': {
        const door = doors[hostOf(this.#plan.command)]
        let count = 0
        door.onCall = (call) => {
          if (call.program !== fault.program || (count += 1) !== fault.nth) return { kind: 'pass' }
          this.#struck = true
          return answerOf(fault.fault, fault.ms)
        }
        break
      }
      case 'storage':
        this.#stand.orderStorageFault({ call: fault.call, nth: fault.nth, fault: fault.fault, ms: fault.ms })
        break
      case 'ledger':
        if (fault.fault === 'absent') renameSync(ledgerDirectory, `${ledgerDirectory}.away`)
        else for (const directory of [ledgerDirectory, join(ledgerDirectory, stage.database)]) if (existsSync(directory)) chmodSync(directory, 0o555)
        this.#struck = true
        break
      default:
    }
  }

  started(pid: number): void {
    this.#pid = pid
    if ('trigger' in this.#fault && this.#fault.trigger.at === 'moment') this.#after(this.#fault.trigger)
  }

  see(event: StepLine): void {
    if (!('trigger' in this.#fault) || this.#seen) return
    const { trigger } = this.#fault
    if (trigger.at !== 'step' || event.step !== trigger.step || event.type !== `step.${trigger.edge}`) return
    this.#seen = true
    this.#after(trigger)
  }

  #after(trigger: Trigger): void {
    const act = (): void => { this.#acting = this.#act() }
    if (trigger.offsetMs === 0) act()
    else this.#timer = setTimeout(act, trigger.offsetMs)
  }

  async #act(): Promise<void> {
    const fault = this.#fault
    const pid = this.#pid
    if (pid === undefined || !this.#running) return
    const { stage } = this.#stand
    switch (fault.kind) {
      case 'kill':
        this.#killProduct(pid, fault.scope === 'group')
        break
      case 'signal':
        this.#struck = true
        signal(pid, fault.signal)
        break
      case 'kill-child':
        await this.#killChild(pid)
        break
      case 'kill-instance': {
        const instance = instanceOf(hostOf(this.#plan.command) === 'prod' ? stage.database : stage.slot)
        if (instance === undefined) return
        this.#struck = true
        killNow(instance)
        break
      }
      case 'power-cut': {
        this.#killProduct(pid, true)
        const sids = hostOf(this.#plan.command) === 'prod' ? [stage.database] : [stage.slot]
        for (const instance of sids.map(instanceOf)) if (instance !== undefined) killNow(instance)
        break
      }
      default:
    }
  }

  #killProduct(pid: number, all: boolean): void {
    this.#struck = true
    // Looked up first: who has lost his parent is nobody's child.
    const children = all ? descendants(pid) : []
    killNow(pid)
    for (const child of children) killNow(child)
  }

  /** Waits for a child where none runs at this moment. */
  async #killChild(pid: number): Promise<void> {
    while (this.#running) {
      const children = descendants(pid)
      if (children.length > 0) {
        this.#struck = true
        for (const child of children) killNow(child)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  }

  /** The command has ended. */
  over(): void {
    this.#running = false
    clearTimeout(this.#timer)
  }

  async done(): Promise<void> {
    await this.#acting
  }

  /** The world works again. */
  disarm(): void {
    const { stage, ledgerDirectory } = this.#stand
    for (const host of ['prod', 'sandbox'] as const) this.#stand.serveCalls(host)
    this.#stand.orderStorageFault(undefined)
    if (this.#fault.kind !== 'ledger') return
    if (this.#fault.fault === 'absent') renameSync(`${ledgerDirectory}.away`, ledgerDirectory)
    else for (const directory of [ledgerDirectory, join(ledgerDirectory, stage.database)]) if (existsSync(directory)) chmodSync(directory, 0o755)
  }
}

function answerOf(fault: CallFault, ms: number): DoorAnswer {
  return fault === 'late' || fault === 'cut' ? { kind: fault, ms } : { kind: fault }
}
