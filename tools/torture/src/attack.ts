import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ownedDirectory } from '@icb/testing'
import type { IcbDocument, StageHost } from '@icb/testing'
import type { DoorAnswer, DoorCall } from './door.ts'
import { damageSnapshot } from './damage.ts'
import { leftOver, lost, reached } from './findings.ts'
import type { Finding } from './findings.ts'
import { forbiddenInSandbox, forbiddenOnProd } from './forbidden.ts'
import { outcomeOf, snapshotOf } from './outcome.ts'
import type { CallFault, Command, Fault, Plan, Trigger } from './plan.ts'
import { undoUnsynced } from './power-notes.ts'
import type { Restoration } from './restoration.ts'
import { serve } from './serve.ts'
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
  /** What must not happen while a command is under attack. */
  readonly findings: readonly Finding[]
  /** The snapshot that was damaged for this command: its test has failed, and so it should. */
  readonly damaged?: string
  readonly seconds: number
}

/** RMAN's lie looks like a bad point: its test fails for it, as it should. */
function damagedOf(damaged: string | undefined, { fault }: Plan, document: IcbDocument | undefined): { readonly damaged?: string } {
  const snapshot = damaged ?? (fault.kind === 'half-switch' ? snapshotOf(document) : undefined)
  return snapshot === undefined ? {} : { damaged: snapshot }
}

/** A test of a damaged snapshot has to fail; anything else is a false word about it. */
function unnoticed(document: IcbDocument | undefined, what: string, snapshot: string): readonly Finding[] {
  const outcome = outcomeOf(document)
  return outcome === 'failed' ? [] : [lost(`the restore test of ${snapshot} ended ${outcome ?? 'without a verdict'}, although its ${what} was damaged`)]
}

export const hostOf = (command: Command): StageHost => (command.startsWith('restore') ? 'sandbox' : 'prod')

/** A hanging program ends by the product's own deadline; this is far behind all of them. */
const hopelessMs = 180_000

interface StepLine {
  readonly type: string
  readonly step?: string
}

/**
 * Runs one command of the product and does to it what the plan says.
 * @param restoration what a plan with a restore is about
 */
export async function attack(stand: Stand, plan: Plan, restoration?: Restoration): Promise<AttackReport> {
  const { stage } = stand
  const { command, fault } = plan
  const host = hostOf(command)
  const attacked = restoration === undefined ? [...command.split(' '), stage.database] : await restoration.before(plan)
  const strike = new Strike(stand, plan, attacked, restoration)
  const notes = join(stage.directory, 'power-notes')
  strike.arm(notes)
  await stand.setDatabase({ destination: plan.brokenDestination ? 'broken' : 'whole', backup: plan.slowBackup ? 'slow' : 'quick' })
  const damaged = fault.kind === 'damage' ? await damageSnapshot(stand, fault.what, fault.choice) : undefined
  const busy = plan.busy ? workUntil(stand, () => strike.isOver) : undefined
  const begun = performance.now()
  const steps: string[] = []
  let output: Awaited<ReturnType<typeof stage.icb>>
  try {
    const args = [...attacked, ...(damaged === undefined ? [] : ['--snapshot', damaged.snapshot, '--validate', 'always']), '--json', '--events', '&3']
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
    damaged?.repair()
  }
  await strike.done()
  const { struck } = strike
  const undone = fault.kind === 'power-cut' && struck ? undoUnsynced(notes) : []
  strike.disarm()
  await busy
  // It may be down; then somebody starts it, as it should be. RMAN's work that outlived its client stays slow, so that the next day meets it.
  await stand.setDatabase({ destination: plan.brokenDestination ? 'broken' : 'whole', backup: plan.slowBackup && (await stand.rmanWorks().catch(() => false)) ? 'slow' : 'quick' }).catch(() => undefined)
  const document = documentOf(output.stdout)
  const findings = [...strike.findings, ...(damaged === undefined ? [] : unnoticed(document, fault.kind === 'damage' ? fault.what : '', damaged.snapshot))]
  // Its own claim ends a second one; it never ends because of it.
  if (fault.kind === 'twice' && document?.error?.code === 'ICB_LEASE_LOST') findings.push(reached(`a ${plan.command} lost its lease to a second one beside it`))
  return { struck: struck || damaged !== undefined, findings, ...damagedOf(damaged?.snapshot, plan, document), exitCode: output.exitCode, ...(document === undefined ? {} : { document }), steps, undone, seconds: (performance.now() - begun) / 1000 }
}

/** Keeps the database busy; it may be killed meanwhile. */
async function workUntil(stand: Stand, over: () => boolean): Promise<void> {
  try {
    while (!over()) await stand.work({ seconds: 0.3, perSecond: 25 })
  } catch {
    // It is down.
  }
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
  readonly #attacked: readonly string[]
  readonly #restoration: Restoration | undefined
  readonly #fault: Fault
  #pid: number | undefined
  #struck = false
  #timer: NodeJS.Timeout | undefined
  #seen = false
  #acting: Promise<void> = Promise.resolve()
  #running = true
  readonly #findings: Finding[] = []
  /** Steps that a run has begun since its lease was broken. */
  #goneOn: Set<string> | undefined

  constructor(stand: Stand, plan: Plan, attacked: readonly string[], restoration: Restoration | undefined) {
    this.#stand = stand
    this.#plan = plan
    this.#attacked = attacked
    this.#restoration = restoration
    this.#fault = plan.fault
  }

  get struck(): boolean {
    return this.#struck || (this.#fault.kind === 'storage' && this.#stand.storageFaultStruck())
  }

  get isOver(): boolean {
    return !this.#running
  }

  get findings(): readonly Finding[] {
    return this.#findings
  }

  /** Before the command starts. */
  arm(notes: string): void {
    const { stage, ledgerDirectory, doors } = this.#stand
    const fault = this.#fault
    doors.prod.onCall = async (call) => this.#watched('prod', call, await forbiddenOnProd(this.#stand, call))
    doors.sandbox.onCall = async (call) => this.#watched('sandbox', call, await this.#lookInSandbox(call))
    switch (fault.kind) {
      case 'half-switch': {
        const watch = doors.sandbox.onCall
        doors.sandbox.onCall = async (call) => {
          if (call.program !== 'rman' || !/^\s*SWITCH DATABASE TO COPY;/m.test(call.script)) return watch(call)
          this.#struck = true
          return { kind: 'script', script: call.script.replace('SWITCH DATABASE TO COPY;', 'SWITCH DATAFILE 1,2,3 TO COPY;') }
        }
        break
      }
      case 'power-cut':
        rmSync(notes, { recursive: true, force: true })
        mkdirSync(notes)
        ownedDirectory(notes, stage.programs.user)
        break
      case 'call': {
        const door = doors[hostOf(this.#plan.command)]
        const watch = door.onCall
        let count = 0
        door.onCall = (call) => {
          if (call.program !== fault.program || (count += 1) !== fault.nth) return watch(call)
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

  async #lookInSandbox(call: DoorCall): Promise<readonly Finding[]> {
    await this.#restoration?.watch(call)
    return forbiddenInSandbox(this.#stand, call)
  }

  /** What is to be killed has to be a process; other calls need none. */
  async #watched(host: StageHost, call: DoorCall, findings: readonly Finding[]): Promise<DoorAnswer> {
    this.#findings.push(...findings)
    const { kind } = this.#fault
    const processes = kind === 'kill-child' || kind === 'power-cut' || kind === 'call' || kind === 'kill-instance' || (kind === 'kill' && this.#fault.scope === 'group')
    return processes ? { kind: 'pass' } : serve(this.#stand.stage.labDirectory, host, call)
  }

  started(pid: number): void {
    this.#pid = pid
    if ('trigger' in this.#fault && this.#fault.trigger.at === 'moment') this.#after(this.#fault.trigger)
  }

  see(event: StepLine): void {
    // Begun is said before the lease is asked, finished only when the step was let.
    if (event.step !== undefined && event.type === 'step.started') this.#goneOn?.add(event.step)
    if (event.step !== undefined && event.type === 'step.finished' && event.step !== 'preflight' && this.#goneOn?.has(event.step) === true) this.#findings.push(reached(`a run that had lost its lease went on with ${event.step}`))
    if (!('trigger' in this.#fault) || this.#seen) return
    const { trigger } = this.#fault
    if (trigger.at !== 'step' || event.step !== trigger.step || event.type !== `step.${trigger.edge}`) return
    this.#seen = true
    if (this.#plan.slowBackup && trigger.step === 'refresh' && trigger.edge === 'started') this.#acting = this.#whenRmanWorks(trigger)
    else this.#after(trigger)
  }

  /** RMAN is slow so that its work outlives what is killed: it must have begun, however long its start takes. */
  async #whenRmanWorks(trigger: Trigger): Promise<void> {
    while (this.#running && !(await this.#stand.rmanWorks().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20))
    if (trigger.offsetMs > 0) await new Promise((resolve) => setTimeout(resolve, trigger.offsetMs))
    await this.#act()
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
      case 'suspend':
        await this.#suspend(pid)
        break
      case 'twice':
        await this.#twice()
        break
      case 'power-cut': {
        this.#killProduct(pid, true)
        const sids = hostOf(this.#plan.command) === 'prod' ? [stage.database] : [stage.slot]
        for (const instance of sids.map(instanceOf)) if (instance !== undefined) killNow(instance)
        break
      }
      default:
    }
  }

  /** A run that stood still and lost its lease must begin nothing any more. */
  async #suspend(pid: number): Promise<void> {
    const { stage } = this.#stand
    this.#struck = true
    signal(pid, 'SIGSTOP')
    try {
      await stage.icbJson('prod', ['lease', 'break', stage.database, '--yes'])
      this.#stand.serveCalls('prod')
      const other = await stage.icbJson('prod', ['backup', stage.database])
      if (!other.ok) this.#findings.push(leftOver(`a backup beside a stopped one failed: ${other.error?.code ?? ''} ${other.error?.message ?? ''}`))
      this.#goneOn = new Set()
    } finally {
      signal(pid, 'SIGCONT')
    }
  }

  /** Two runs of one database at once: the second has to be refused. */
  async #twice(): Promise<void> {
    const { stage } = this.#stand
    const { command } = this.#plan
    this.#struck = true
    const second = await stage.icbJson(hostOf(command), this.#attacked)
    if (this.#running && second.exitCode !== 4) this.#findings.push(reached(`a second ${command} ended with ${String(second.exitCode)} while the first one ran`))
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
